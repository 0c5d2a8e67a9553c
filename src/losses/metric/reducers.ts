import { showShape, type Tensor } from '../../tensor/index.js';
import { type Reduction, reduceShares } from '../reduction.js';

/**
 * What becomes of the losses of pairs, triplets or anchors [anchors, ...], given which of them count, bool of the same shape; those that do
 * not count are 0 already. An argument of metric losses, in the place of a name.
 */
export type Reducer = (losses: Tensor, counted: Tensor) => Tensor;

export interface ReducerOptions {
  /** `mean` is that of those which count. Default `mean`. */
  readonly reduction?: Reduction | Reducer;
}

/** Losses, 0 where they do not count, reduced by name or by a function. The mean of none is 0. */
export function reduceCounted(losses: Tensor, counted: Tensor, reduction: Reduction | Reducer = 'mean'): Tensor {
  return typeof reduction === 'function'
    ? reduction(losses, counted)
    : reduceShares(losses, counted.cast(losses.dtype), reduction);
}

/** The mean of the losses above 0: what costs nothing already does not dilute what still does. Hermans et al. 2017. */
export const meanOfPositive: Reducer = (losses) => reduceShares(losses, losses.greater(0).cast(losses.dtype));

/** The mean of the losses above `low` and below `high`. */
export function meanWithin({
  low = -Infinity,
  high = Infinity,
}: {
  readonly low?: number;
  readonly high?: number;
}): Reducer {
  return (losses, counted) => {
    const inside = counted.and(losses.greater(low)).and(losses.less(high));
    return reduceShares(inside.where(losses, 0), inside.cast(losses.dtype));
  };
}

/** The mean over anchors of the mean of each one's losses: anchors with many pairs weigh no more. Anchors without any do not count. */
export const meanPerAnchor: Reducer = (losses, counted) => {
  const rows = [losses.shape[0], -1];
  const number = counted.cast(losses.dtype).reshape(rows).sum(-1);
  const means = losses.reshape(rows).sum(-1).div(number.maximum(1));
  return reduceShares(means, number.greater(0).cast(losses.dtype));
};

/**
 * The mean in which the losses of an anchor weigh as its class does: sum w l / sum w.
 *
 * @param labels of the anchors, integers [anchors]; `weights` of the classes, not negative, [classes].
 * @throws RangeError where arguments or options do not fit.
 */
export function meanByClass(labels: Tensor, weights: Tensor): Reducer {
  return (losses, counted) => {
    if (labels.shape.join() !== `${losses.shape[0]}` || weights.rank !== 1)
      throw new RangeError(
        `meanByClass: labels ${showShape(labels.shape)} and weights ${showShape(weights.shape)} must be [${losses.shape[0]}] and [classes]`,
      );
    const own = weights.gather(labels).reshape([losses.shape[0], ...losses.shape.slice(1).map(() => 1)]);
    const shares = counted.where(own, 0);
    return reduceShares(losses.mul(shares), shares);
  };
}
