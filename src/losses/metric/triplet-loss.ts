import type { Tensor } from '../../tensor/index.js';
import { requireNumber } from '../checks.js';
import { type Distance, euclideanDistances } from './distances.js';
import { allTriplets, type TripletMiner } from './miners.js';
import { comparedWith, type Reference } from './pair-masks.js';
import { type ReducerOptions, reduceCounted } from './reducers.js';

export interface TripletLossOptions extends ReducerOptions {
  /** By how much negatives should be farther than positives, not negative. Default 0.2. */
  readonly margin?: number;
  /** Default {@link euclideanDistances}; FaceNet's is squared. */
  readonly distance?: Distance;
  /** Which triplets count. Default {@link allTriplets}. */
  readonly miner?: TripletMiner;
  /** Where positives and negatives come from. Default: the embeddings themselves. */
  readonly reference?: Reference;
}

/**
 * Triplet loss max(0, D(a, p) - D(a, n) + margin) of anchors a, positives p of their class and negatives n of others. Schroff et al. 2015,
 * equation 3. Semi-hard triplets are FaceNet's, `tripletsOf(hardestPairs)` is "batch hard", `meanOfPositive` the mean over those that cost
 * something.
 *
 * @param embeddings [n, d]; `labels` integers [n].
 * @returns a scalar, or [n, m, m] (anchor, positive, negative) with reduction `none`; 0 where no triplet counts.
 * @throws RangeError where arguments or options do not fit.
 */
export function tripletLoss(embeddings: Tensor, labels: Tensor, options: TripletLossOptions = {}): Tensor {
  const { margin = 0.2, distance = euclideanDistances, miner = allTriplets, reference } = options;
  requireNumber('tripletLoss', 'margin', margin, { low: 0 });
  const { others, pairsOf } = comparedWith('tripletLoss', embeddings, labels, reference);
  const distances = distance(embeddings, others);
  const losses = distances.expandDims(2).sub(distances.expandDims(1)).add(margin).relu();
  const counted = miner(distances, pairsOf());
  return reduceCounted(counted.where(losses, 0), counted, options.reduction);
}
