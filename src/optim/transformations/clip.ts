import { mapTree, type Tensor } from '../../tensor/index.js';
import { type GradientTransformation, map1, statelessTransformation } from '../transformation.js';

/** The 2-norm of all elements of a tree together. Its derivative at a tree of zeros is taken as 0. @throws RangeError for a tree without leaves. */
export function globalNorm(tree: unknown): Tensor {
  const squares: Tensor[] = [];
  mapTree(tree, (x: Tensor) => {
    squares.push(x.square().sum());
  });
  if (squares.length === 0) throw new RangeError('globalNorm: the tree has no leaves');
  const square = squares.reduce((a, b) => a.add(b));
  const zero = square.equal(0);
  // The inner `where` keeps the root's infinite slope at 0 out of the gradient.
  return zero.where(0, zero.where(1, square).sqrt());
}

/**
 * All gradients times min(1, limit / (norm + 1e-6)), with the norm of all of them together: what PyTorch's clip_grad_norm_ does.
 *
 * @throws RangeError where arguments or options do not fit.
 */
export function clipByGlobalNorm(limit: number): GradientTransformation {
  if (!(limit > 0)) throw new RangeError(`clipByGlobalNorm: limit ${limit} must be positive`);
  return statelessTransformation((gradients) => {
    const factor = globalNorm(gradients).add(1e-6).reciprocal().mul(limit).minimum(1);
    return map1(gradients, (g) => g.mul(factor));
  });
}

/** Every element limited to [-limit, limit]. @throws RangeError where arguments or options do not fit. */
export function clipByValue(limit: number): GradientTransformation {
  if (!(limit > 0)) throw new RangeError(`clipByValue: limit ${limit} must be positive`);
  return statelessTransformation((gradients) => map1(gradients, (g) => g.clip(-limit, limit)));
}
