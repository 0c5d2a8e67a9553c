import type { Tensor } from '../../tensor/index.js';
import { requireNumber, requireSameShape } from '../checks.js';
import { type ReductionOptions, reduce } from '../reduction.js';

export interface BerHuOptions extends ReductionOptions {
  /** Where the loss turns from linear to quadratic (c), positive. Default: a fifth of the largest error of the batch, taken as a constant. */
  readonly threshold?: number;
}

/**
 * The reverse of Huber's loss of e = prediction - target, elementwise: |e| where |e| <= c, else (e^2 + c^2) / (2 c). Laina et al. 2016. Where all errors are 0 it is 0.
 *
 * @param predictions of any shape; `targets` of the same.
 * @returns a scalar, or that shape with reduction `none`. The mean over no elements is 0.
 * @throws TypeError or RangeError where arguments or options do not fit.
 */
export function berHu(predictions: Tensor, targets: Tensor, options: BerHuOptions = {}): Tensor {
  const { threshold, reduction } = options;
  requireSameShape('berHu', predictions, targets);
  if (threshold !== undefined) requireNumber('berHu', 'threshold', threshold, { low: 0, open: true });
  const size = predictions.sub(targets).abs();
  if (size.size === 0) return reduce(size, reduction);
  const c = threshold === undefined ? size.max().mul(0.2).stopGradient() : size.max().zerosLike().add(threshold);
  const safe = c.equal(0).where(1, c);
  return reduce(size.lessEqual(c).where(size, size.square().add(c.square()).div(safe.mul(2))), reduction);
}
