import type { Tensor } from '../tensor/index.js';
import { requireBroadcast } from './checks.js';
import { type ReductionOptions, reduce } from './reduction.js';

/** How much the elements of a loss that has no labels, but a target for each element, count. */
export interface ElementOptions extends ReductionOptions {
  /**
   * Factor of every loss, 0 for elements that do not count; broadcasts over what is predicted. The mean still divides by the number of elements,
   * as in PyTorch. Default 1.
   */
  readonly weight?: Tensor;
}

/** Losses of the elements of predictions, each times its weight, reduced as asked. @throws RangeError unless the weight broadcasts. */
export function reduceElements(who: string, losses: Tensor, { weight, reduction }: ElementOptions): Tensor {
  if (weight) requireBroadcast(who, 'weight', weight, losses);
  return reduce(weight ? losses.mul(weight) : losses, reduction);
}
