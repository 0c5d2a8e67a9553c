import { showShape, type Tensor } from '../tensor/index.js';

/** What becomes of the losses of single samples: their mean, their sum, or nothing. */
export type Reduction = 'mean' | 'sum' | 'none';

export interface ReductionOptions {
  /** Default `mean`. */
  readonly reduction?: Reduction;
}

/** Losses reduced as asked. The mean of no losses is 0. */
export function reduce(losses: Tensor, reduction: Reduction = 'mean'): Tensor {
  if (reduction === 'none') return losses;
  const total = losses.sum();
  if (reduction === 'sum') return total;
  if (reduction !== 'mean') throw new TypeError(`reduction: ${reduction} must be 'mean', 'sum' or 'none'`);
  return total.div(Math.max(1, losses.size));
}

/** @throws RangeError naming both arguments unless they have one shape. */
export function requireSameShape(who: string, predictions: Tensor, targets: Tensor): void {
  if (predictions.shape.join() !== targets.shape.join()) {
    throw new RangeError(
      `${who}: predictions ${showShape(predictions.shape)} and targets ${showShape(targets.shape)} must have one shape`,
    );
  }
}
