import type { Tensor } from '../../tensor/index.js';
import { requireNumber } from '../checks.js';
import { type Distance, euclideanDistances } from './distances.js';
import { allPairs, type PairMiner } from './miners.js';
import { comparedWith, type Reference } from './pair-masks.js';
import { type ReducerOptions, reduceCounted } from './reducers.js';

export interface ContrastiveLossOptions extends ReducerOptions {
  /** From what distance on negatives cost nothing (m), not negative. Default 1. */
  readonly margin?: number;
  /** Up to what distance positives cost nothing, not negative. Default 0. */
  readonly positiveMargin?: number;
  /** Default {@link euclideanDistances}. */
  readonly distance?: Distance;
  /** Which pairs count. Default {@link allPairs}. */
  readonly miner?: PairMiner;
  /** What the embeddings are compared with. Default: each other. */
  readonly reference?: Reference;
}

/**
 * Contrastive loss of all pairs: max(0, D - positiveMargin)^2 / 2 for two of one class, max(0, m - D)^2 / 2 for others, D their distance.
 * Hadsell et al. 2006, equation 4.
 *
 * @param embeddings [n, d]; `labels` integers [n].
 * @returns a scalar, or [n, m] with reduction `none`; 0 where no pair counts.
 * @throws RangeError where arguments or options do not fit.
 */
export function contrastiveLoss(embeddings: Tensor, labels: Tensor, options: ContrastiveLossOptions = {}): Tensor {
  const { margin = 1, positiveMargin = 0, distance = euclideanDistances, miner = allPairs, reference } = options;
  requireNumber('contrastiveLoss', 'margin', margin, { low: 0 });
  requireNumber('contrastiveLoss', 'positiveMargin', positiveMargin, { low: 0 });
  const { others, pairsOf } = comparedWith('contrastiveLoss', embeddings, labels, reference);
  const distances = distance(embeddings, others);
  const { positive, negative } = miner(distances, pairsOf());
  const miss = positive.where(distances.sub(positiveMargin), distances.neg().add(margin));
  const counted = positive.or(negative);
  return reduceCounted(counted.where(miss.relu().square().mul(0.5), 0), counted, options.reduction);
}
