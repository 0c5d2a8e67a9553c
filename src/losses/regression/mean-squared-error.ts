import type { Tensor } from '../../tensor/index.js';
import { requireSameShape } from '../checks.js';
import { type ReductionOptions, reduce } from '../reduction.js';

/**
 * Squared error (prediction - target)^2, elementwise; the mean is over all elements (0 over none).
 *
 * @param predictions of any shape; `targets` of the same.
 * @returns a scalar, or that shape with reduction `none`.
 * @throws TypeError or RangeError where arguments or options do not fit.
 */
export function meanSquaredError(predictions: Tensor, targets: Tensor, options: ReductionOptions = {}): Tensor {
  requireSameShape('meanSquaredError', predictions, targets);
  return reduce(predictions.sub(targets).square(), options.reduction);
}
