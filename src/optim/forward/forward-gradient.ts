import { jvp } from '../../autodiff/index.js';
import { foldIn, normal } from '../../runtime/random/index.js';
import { showShape, type Tensor } from '../../tensor/index.js';
import { leavesOf, mapTree, unflatten } from '../../tensor/tree.js';
import { type Minimizer, scalarOf, withGradients } from '../minimizer.js';
import { type GradientTransformation, map1, map2 } from '../transformation.js';

export interface ForwardGradientOptions {
  /**
   * Divide by |v|^2: the projection of the gradient on the guess, for guesses that resemble it (Fournier et al. 2023). Without it, for standard
   * normal or sign guesses, the estimate is unbiased (Baydin et al. 2022). Default true.
   */
  readonly normalize?: boolean;
  /** Added to |v|^2. Default 1e-16, the official code's. */
  readonly epsilon?: number;
}

/** Inner product of two trees of one structure. */
function inner<P>(a: P, b: P): Tensor {
  return leavesOf<Tensor>(map2(a, b, (x, y) => x.mul(y).sum()))
    .map(({ value }) => value)
    .reduce((x, y) => x.add(y));
}

/** guess * <gradient, guess> / |guess|^2, from the inner product. */
function along<P>(guess: P, product: Tensor, options: ForwardGradientOptions): P {
  const square = inner(guess, guess);
  return map1(guess, (v) => alongOne(v, product, square, options));
}

/** v * product / square. */
function alongOne(
  v: Tensor,
  product: Tensor,
  square: Tensor,
  { normalize = true, epsilon = 1e-16 }: ForwardGradientOptions,
): Tensor {
  return v.mul(normalize ? product.div(square.add(epsilon)) : product);
}

/**
 * An estimate of the gradient from one directional derivative: (g . v) v / |v|^2 for a guess v, where g . v is the derivative of the loss along v.
 * It is a direction of ascent whenever g . v is not 0, as near to g as v is; a guess that is a multiple of g gives g, one of zeros gives zeros.
 * Fournier, Rivaud, Belilovsky, Eickenberg and Oyallon 2023 (arXiv 2306.06968).
 *
 * @param loss of the parameters, a scalar. @param guess a tree like `params`.
 * @returns the loss and the estimate, a tree like `params`.
 * @throws RangeError where the guess does not fit the parameters.
 */
export function forwardGradient<P>(
  loss: (params: P) => Tensor,
  params: P,
  guess: P,
  options: ForwardGradientOptions = {},
): readonly [value: Tensor, gradients: P] {
  const [value, product] = jvp(loss, params, guess);
  return [value, along(guess, product, options)];
}

export interface ProjectGradientOptions extends ForwardGradientOptions {
  /**
   * What has a coefficient of its own: all tensors together (`global`, what one directional derivative gives), each tensor (`tensor`), or each
   * entry of the first axis of each tensor (`example`): gradients with respect to activations [n, ...], or those of parameters kept apart by example,
   * whose estimates are then to be added. The published code estimates by `example`. Default `global`.
   */
  readonly granularity?: 'global' | 'tensor' | 'example';
}

/**
 * The estimate of {@link forwardGradient} from a gradient g that is known: (g . v) v / (|v|^2 + epsilon), the inner product and the length those of
 * all tensors, of each, or of each example of each. Fournier et al. 2023 (arXiv 2306.06968).
 *
 * @param target g, a tree. @param guess v, a tree like it.
 * @returns a tree like both.
 * @throws RangeError where the two do not fit, or there are no examples to tell apart in a scalar.
 */
export function projectGradient<P>(
  target: P,
  guess: P,
  { granularity = 'global', ...options }: ProjectGradientOptions = {},
): P {
  if (granularity === 'global') return along(guess, inner(target, guess), options);
  return map2(target, guess, (g, v, path) => {
    if (g.shape.join() !== v.shape.join() || (granularity === 'example' && v.rank === 0))
      throw new RangeError(
        `projectGradient: target ${showShape(g.shape)} and guess ${showShape(v.shape)}${path && ` of ${path}`} must have one shape${granularity === 'example' ? ' [n, ...]' : ''}`,
      );
    const axes = v.shape.map((_, axis) => axis).slice(granularity === 'example' ? 1 : 0);
    return alongOne(v, summed(g.mul(v), axes), summed(v.square(), axes), options);
  });
}

/** Sums over these axes, which stay with one entry each. */
const summed = (x: Tensor, axes: readonly number[]): Tensor =>
  axes.length === 0 ? x : x.sum(axes, { keepDims: true });

/**
 * A guess without any knowledge: independent standard normal numbers, or signs with equal chances.
 *
 * @param params a tree of tensors. @param key of the draws. @param kind default `normal`.
 * @returns a tree like `params`.
 */
export function randomGuess<P>(params: P, key: Tensor, kind: 'normal' | 'signs' = 'normal'): P {
  let count = 0;
  const leaves: Tensor[] = [];
  mapTree(params, (x: Tensor) => {
    const draw = normal(foldIn(key, count++), x.shape, { dtype: x.dtype as 'float32' });
    leaves.push(kind === 'signs' ? draw.greater(0).where(1, draw.onesLike().neg()) : draw);
  });
  return unflatten(params, leaves) as P;
}

export interface ForwardDescentOptions extends ForwardGradientOptions {
  /** How directions are drawn. Default `normal`. */
  readonly guess?: 'normal' | 'signs';
}

/**
 * An optimizer that is fed {@link forwardGradient} along a {@link randomGuess} of each step: no backward pass. For guesses without any knowledge
 * the estimate is unbiased unless it is normalised, so here `normalize` is false by default; its variance grows with the number of parameters,
 * and the learning rate has to shrink with it. Baydin, Pearlmutter, Syme, Wood and Torr 2022.
 *
 * @throws TypeError for a step without a key.
 */
export function forwardDescent(base: GradientTransformation, options: ForwardDescentOptions = {}): Minimizer {
  const { guess: kind, normalize = false, ...rest } = options;
  return withGradients(base, (objective, params, { key } = {}) => {
    if (!key) throw new TypeError('forwardDescent: a step needs a key to draw its direction with');
    const guess = randomGuess(params, key, kind);
    let value = undefined as ReturnType<typeof objective> | undefined;
    const [, product] = jvp(
      (at: typeof params) => {
        value = objective(at);
        return scalarOf(value);
      },
      params,
      guess,
    );
    return [value as ReturnType<typeof objective>, along(guess, product, { normalize, ...rest })] as const;
  });
}
