import type { Tensor } from '../../tensor/index.js';
import { requireBroadcast, requireNumber, requireSameShape } from '../checks.js';
import { type ReductionOptions, reduce } from '../reduction.js';

export interface QuantileLossOptions extends ReductionOptions {
  /** The quantile q that is predicted, in [0, 1], or a tensor of them that broadcasts to the predictions. Default 0.5, the median. */
  readonly level?: number | Tensor;
}

/**
 * Quantile or pinball loss of e = target - prediction, elementwise: max(q e, (q - 1) e). Its expectation is least at the q-quantile of the
 * target. Where e = 0 the derivative is taken halfway, 1/2 - q. Koenker and Bassett 1978.
 *
 * @param predictions of any shape; `targets` of the same.
 * @returns a scalar, or that shape with reduction `none`. The mean over no elements is 0.
 * @throws TypeError or RangeError where arguments or options do not fit.
 */
export function quantileLoss(predictions: Tensor, targets: Tensor, options: QuantileLossOptions = {}): Tensor {
  const { level = 0.5, reduction } = options;
  requireSameShape('quantileLoss', predictions, targets);
  if (typeof level === 'number') requireNumber('quantileLoss', 'level', level, { low: 0, high: 1 });
  else requireBroadcast('quantileLoss', 'level', level, predictions);
  const error = targets.sub(predictions);
  const [under, over] =
    typeof level === 'number' ? [error.mul(level), error.mul(level - 1)] : [error.mul(level), error.mul(level.sub(1))];
  return reduce(under.maximum(over), reduction);
}
