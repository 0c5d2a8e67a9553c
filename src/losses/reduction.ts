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

/**
 * Losses reduced as asked, where samples do not count alike: the mean is the sum of the losses divided by the sum of the `shares` (0 where
 * that is 0). Losses of samples with share 0 must be 0 already.
 */
export function reduceShares(losses: Tensor, shares: Tensor, reduction: Reduction = 'mean'): Tensor {
  if (reduction !== 'mean') return reduce(losses, reduction);
  const total = shares.sum();
  // The inner `where` keeps 0 / 0 out of the derivative.
  return total.equal(0).where(0, losses.sum().div(total.equal(0).where(1, total)));
}
