import type { Tensor } from '../../tensor/index.js';
import { type ReductionOptions, reduce, requireSameShape } from '../reduction.js';

/** Absolute error |prediction - target|, elementwise, also called L1 loss; derivative 0 where they are equal. */
export function meanAbsoluteError(predictions: Tensor, targets: Tensor, options: ReductionOptions = {}): Tensor {
  requireSameShape('meanAbsoluteError', predictions, targets);
  return reduce(predictions.sub(targets).abs(), options.reduction);
}
