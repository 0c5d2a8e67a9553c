import type { Tensor } from '../../tensor/index.js';
import { type ReductionOptions, reduce, requireSameShape } from '../reduction.js';

/** Squared error (prediction - target)^2, elementwise; the mean is over all elements. */
export function meanSquaredError(predictions: Tensor, targets: Tensor, options: ReductionOptions = {}): Tensor {
  requireSameShape('meanSquaredError', predictions, targets);
  return reduce(predictions.sub(targets).square(), options.reduction);
}
