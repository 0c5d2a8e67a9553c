import { pseudoInverse, showShape, stack, type Tensor } from '../../tensor/index.js';

/** What a linear regression on confounders leaves of a quantity. */
export interface Deconfounded {
  /** y - b_0 - sum over k of b_k x_k, of the shape of y. */
  readonly residual: Tensor;
  /** b_1, b_2, ..., [confounders]. */
  readonly slopes: Tensor;
  /** The share of the variance of y that is gone, from 0 to 1; 0 where y does not vary. */
  readonly explained: Tensor;
}

/**
 * Regresses y on confounders of its shape and an intercept, over all its elements, by least squares. Of confounders that depend on each other
 * the shortest solution is taken. A residual that is rounding alone is 0: y is a combination of the confounders.
 *
 * Cui et al. 2022: y is a similarity of representations, the confounder that of the inputs.
 *
 * @throws RangeError where there is no confounder or one has another shape.
 */
export function deconfound(y: Tensor, confounders: readonly Tensor[]): Deconfounded {
  if (confounders.length === 0 || confounders.some((x) => x.shape.join() !== y.shape.join()))
    throw new RangeError(
      `deconfound: confounders ${confounders.map((x) => showShape(x.shape)).join(', ') || 'none'} must have the shape of y ${showShape(y.shape)}`,
    );
  const centred = (x: Tensor) => x.reshape([x.size]).sub(x.mean());
  const [target, design] = [centred(y), stack(confounders.map(centred))];
  const slopes = pseudoInverse(design.matmul(design.transpose())).matmul(design.matmul(target));
  const rest = target.sub(slopes.matmul(design));
  const [left, whole] = [rest.square().sum(), target.square().sum()];
  const none = left.lessEqual(whole.mul(rounding(y) ** 2));
  const still = whole.equal(0);
  return {
    residual: none.where(0, rest).reshape(y.shape),
    slopes,
    explained: still.where(0, left.div(still.where(1, whole)).neg().add(1)),
  };
}

/** A length that is rounding alone, relative to that of what it is left of. */
export function rounding(x: Tensor): number {
  return x.dtype === 'float64' ? 1e-12 : 1e-5;
}
