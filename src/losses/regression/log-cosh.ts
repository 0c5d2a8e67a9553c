import type { Tensor } from '../../tensor/index.js';
import { requireSameShape } from '../checks.js';
import { type ReductionOptions, reduce } from '../reduction.js';

/**
 * log(cosh(e)) of e = prediction - target, elementwise: e^2 / 2 near 0, |e| - log 2 far from it, smooth everywhere.
 *
 * Computed as log1p((exp(e) - 1)^2 / (2 exp(e))) where |e| < 1, which keeps the digits of small errors, and as
 * |e| + softplus(-2 |e|) - log 2 elsewhere, which does not overflow.
 *
 * @param predictions of any shape; `targets` of the same.
 * @returns a scalar, or that shape with reduction `none`. The mean over no elements is 0.
 * @throws TypeError or RangeError where arguments or options do not fit.
 */
export function logCosh(predictions: Tensor, targets: Tensor, options: ReductionOptions = {}): Tensor {
  requireSameShape('logCosh', predictions, targets);
  const error = predictions.sub(targets);
  const size = error.abs();
  const near = error.clip(-1, 1);
  const small = near.expm1().square().div(near.exp().mul(2)).log1p();
  const large = size.add(size.mul(-2).softplus()).sub(Math.LN2);
  return reduce(size.less(1).where(small, large), options.reduction);
}
