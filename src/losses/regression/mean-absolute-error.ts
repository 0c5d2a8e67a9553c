import type { Tensor } from '../../tensor/index.js';
import { requireSameShape } from '../checks.js';
import { type ReductionOptions, reduce } from '../reduction.js';

/**
 * Absolute error |prediction - target|, elementwise, also called L1 loss; its derivative where they are equal is taken as 0. The mean is
 * over all elements (0 over none).
 *
 * @param predictions of any shape; `targets` of the same.
 * @returns a scalar, or that shape with reduction `none`.
 * @throws TypeError or RangeError where arguments or options do not fit.
 */
export function meanAbsoluteError(predictions: Tensor, targets: Tensor, options: ReductionOptions = {}): Tensor {
  requireSameShape('meanAbsoluteError', predictions, targets);
  return reduce(predictions.sub(targets).abs(), options.reduction);
}
