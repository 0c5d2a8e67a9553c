import { squaredDistances } from '../../numerics/index.js';
import { showShape, type Tensor } from '../../tensor/index.js';
import { requireFloats, requireNumber } from '../checks.js';

/**
 * How far the embeddings x [n, d] are from the embeddings y [m, d]: [n, m], smaller where they are more alike. An argument of metric
 * losses.
 */
export type Distance = (x: Tensor, y: Tensor) => Tensor;

function requireOneLength(who: string, x: Tensor, y: Tensor): void {
  requireFloats(who, { x, y });
  if (x.rank !== 2 || y.rank !== 2 || x.shape[1] !== y.shape[1])
    throw new RangeError(`${who}: x ${showShape(x.shape)} and y ${showShape(y.shape)} must be [n, d] and [m, d]`);
}

/**
 * Euclidean distances |x_i - y_j|, [n, m]. The gradient where two embeddings are the same is 0.
 *
 * @throws RangeError where arguments or options do not fit.
 */
export const euclideanDistances: Distance = (x, y) => {
  requireOneLength('euclideanDistances', x, y);
  const squares = squaredDistances(x, y);
  const zero = squares.equal(0);
  // The inner `where` keeps the root's infinite slope at 0 out of the gradient.
  return zero.where(0, zero.where(1, squares).sqrt());
};

/**
 * Cosine distances 1 - cos(x_i, y_j), [n, m], in [0, 2]; 1 where either is the zero vector.
 *
 * @throws RangeError where arguments or options do not fit.
 */
export const cosineDistances: Distance = (x, y) => {
  requireOneLength('cosineDistances', x, y);
  return x.normalize(-1).matmul(y.normalize(-1).swapAxes(0, 1)).neg().add(1);
};

/**
 * Minus the inner products of x_i and y_j, [n, m]: not bounded, and negative where they point the same way.
 *
 * @throws RangeError where arguments or options do not fit.
 */
export const dotProductDistances: Distance = (x, y) => {
  requireOneLength('dotProductDistances', x, y);
  return x.matmul(y.swapAxes(0, 1)).neg();
};

/**
 * Distances in the p-norm, (sum |x_i - y_j|^p)^(1/p), [n, m]; all n x m x d differences exist at once. The gradient at distance 0 is 0.
 *
 * @param p above 0.
 * @throws RangeError where arguments or options do not fit.
 */
export function lpDistances(p: number): Distance {
  requireNumber('lpDistances', 'p', p, { low: 0, open: true });
  return (x, y) => {
    requireOneLength('lpDistances', x, y);
    const gaps = x.expandDims(1).sub(y.expandDims(0)).abs();
    if (p === 1) return gaps.sum(-1);
    const same = gaps.equal(0);
    const powers = same.where(0, same.where(1, gaps).pow(p)).sum(-1);
    const zero = powers.equal(0);
    return zero.where(0, zero.where(1, powers).pow(1 / p));
  };
}

/**
 * Signal-to-noise distances var(x_i - y_j) / var(x_i), [n, m], variances over the d features: not symmetric. 0 / 0 is 0, and where x_i
 * alone is constant its variance counts as 1e-12. Yuan et al. 2019.
 * @throws RangeError where arguments or options do not fit.
 */
export const signalToNoiseDistances: Distance = (x, y) => {
  requireOneLength('signalToNoiseDistances', x, y);
  const [a, b] = [x, y].map((t) => t.sub(t.mean(-1, { keepDims: true })));
  const noise = squaredDistances(a, b);
  return noise.div(
    a
      .square()
      .sum(-1, { keepDims: true })
      .maximum(1e-12 * x.shape[1]),
  );
};
