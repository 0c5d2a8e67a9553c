import type { Tensor } from '../tensor/index.js';

/** What becomes of the losses of single samples: their mean, their sum, or nothing. */
export type Reduction = 'mean' | 'sum' | 'none';

export interface ReductionOptions {
  /** Default `mean`. */
  readonly reduction?: Reduction;
}

/** Losses reduced as asked. The mean of no losses is 0. @throws TypeError for an unknown reduction. */
export function reduce(losses: Tensor, reduction: Reduction = 'mean'): Tensor {
  switch (reduction) {
    case 'none':
      return losses;
    case 'sum':
      return losses.sum();
    case 'mean':
      return losses.sum().div(Math.max(1, losses.size));
    default:
      throw new TypeError(`reduction: ${reduction} must be 'mean', 'sum' or 'none'`);
  }
}
