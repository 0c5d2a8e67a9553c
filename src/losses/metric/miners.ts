import { categorical } from '../../runtime/random/index.js';
import { full, type Tensor } from '../../tensor/index.js';
import { requireNumber } from '../checks.js';
import type { Pairs } from './pair-masks.js';

/** Which pairs count, given distances [n, m] and the pairs there are. An argument of metric losses; nothing flows back through a choice. */
export type PairMiner = (distances: Tensor, pairs: Pairs) => Pairs;

/** Which triplets of an anchor, a positive and a negative count, bool [n, m, m], given distances [n, m] and the pairs there are. */
export type TripletMiner = (distances: Tensor, pairs: Pairs) => Tensor;

/** The largest distance of each anchor's pairs of a kind, [n, 1]; -infinity where it has none. */
const farthest = (distances: Tensor, mask: Tensor): Tensor => {
  const [n, m] = distances.shape;
  if (m === 0) return full([n, 1], -Infinity, distances.dtype);
  return mask.where(distances, -Infinity).max(-1, { keepDims: true });
};
/** The smallest one; infinity where it has none. */
const nearest = (distances: Tensor, mask: Tensor): Tensor => farthest(distances.neg(), mask).neg();

/** All pairs that there are, as they come. */
export const allPairs: PairMiner = (_, pairs) => pairs;

/** Of each anchor the farthest positive and the nearest negative ("batch hard"); all that tie. Hermans et al. 2017, equation 5. */
export const hardestPairs: PairMiner = (distances, { positive, negative }) => ({
  positive: positive.and(distances.equal(farthest(distances, positive))),
  negative: negative.and(distances.equal(nearest(distances, negative))),
});

/**
 * Positives that are farther than one distance and negatives that are nearer than another.
 *
 * @param options `positive` and `negative`, distances of the kind that the loss uses.
 */
export function pairsBeyond(options: { readonly positive: number; readonly negative: number }): PairMiner {
  return (distances, { positive, negative }) => ({
    positive: positive.and(distances.greater(options.positive)),
    negative: negative.and(distances.less(options.negative)),
  });
}

/**
 * Positives farther than the anchor's nearest negative less `epsilon`, negatives nearer than its farthest positive and `epsilon`. An anchor
 * without one kind has no pairs. Wang et al. 2019 (multi-similarity).
 *
 * @param options `epsilon`, not negative. Default 0.1.
 * @throws RangeError where arguments or options do not fit.
 */
export function informativePairs({ epsilon = 0.1 }: { readonly epsilon?: number } = {}): PairMiner {
  requireNumber('informativePairs', 'epsilon', epsilon, { low: 0 });
  return (distances, { positive, negative }) => ({
    positive: positive.and(distances.greater(nearest(distances, negative).sub(epsilon))),
    negative: negative.and(distances.less(farthest(distances, positive).add(epsilon))),
  });
}

export interface DistanceWeightedOptions {
  /** Of the embeddings (d), at least 3. */
  readonly dimension: number;
  /** Nearer negatives are drawn as if they were so far, in (0, 2). Default 0.5. */
  readonly cutoff?: number;
  /** Negatives from here on, which cost nothing, are not drawn, in (0, 2]. Default 1.4. */
  readonly limit?: number;
}

/**
 * All positives, and of each anchor one negative, drawn so that all distances are about equally likely: with a probability in proportion to
 * 1 / q(D), q(D) = D^(d - 2) (1 - D^2 / 4)^((d - 3) / 2) the density of the distances of points spread evenly on the sphere. An anchor without
 * negatives within the limit has none. Wu et al. 2017; cutoff and limit are the published code's.
 *
 * @param key of the draw, symbolic: a new one for each step. For Euclidean distances of embeddings of length 1.
 * @throws RangeError where arguments or options do not fit.
 */
export function distanceWeightedPairs(key: Tensor, options: DistanceWeightedOptions): PairMiner {
  const { dimension, cutoff = 0.5, limit = 1.4 } = options;
  requireNumber('distanceWeightedPairs', 'dimension', dimension, { low: 3 });
  requireNumber('distanceWeightedPairs', 'cutoff', cutoff, { low: 0, high: 2, open: true });
  requireNumber('distanceWeightedPairs', 'limit', limit, { low: 0, high: 2, open: true });
  return (distances, { positive, negative }) => {
    if (distances.size === 0) return { positive, negative };
    const d = distances.clip(cutoff, 2 - 1e-3);
    const spread = d
      .square()
      .mul(-0.25)
      .add(1)
      .log()
      .mul((dimension - 3) / 2);
    const logDensity = d
      .log()
      .mul(dimension - 2)
      .add(spread);
    const near = negative.and(distances.less(limit));
    const drawn = categorical(key, near.where(logDensity.neg(), -Infinity).stopGradient());
    return { positive, negative: near.and(drawn.oneHot(distances.shape[1], 'bool')) };
  };
}

/** All triplets: each positive of an anchor with each of its negatives. */
export const allTriplets: TripletMiner = (_, { positive, negative }) =>
  positive.expandDims(2).and(negative.expandDims(1));

/** Each positive that a miner of pairs leaves with each negative that it leaves: `tripletsOf(hardestPairs)`. */
export const tripletsOf =
  (miner: PairMiner): TripletMiner =>
  (distances, pairs) =>
    allTriplets(distances, miner(distances, pairs));

/** Triplets whose negative is nearer than the positive. */
export const hardTriplets: TripletMiner = (distances, pairs) =>
  allTriplets(distances, pairs).and(distances.expandDims(1).less(distances.expandDims(2)));

/**
 * Triplets whose negative is farther than the positive, but by less than a margin. Schroff et al. 2015, equation 4.
 *
 * @param options `margin`, above 0. Default 0.2.
 * @throws RangeError where arguments or options do not fit.
 */
export function semiHardTriplets({ margin = 0.2 }: { readonly margin?: number } = {}): TripletMiner {
  requireNumber('semiHardTriplets', 'margin', margin, { low: 0, open: true });
  return (distances, pairs) => {
    const [toPositive, toNegative] = [distances.expandDims(2), distances.expandDims(1)];
    return allTriplets(distances, pairs)
      .and(toNegative.greater(toPositive))
      .and(toNegative.less(toPositive.add(margin)));
  };
}
