import type { Tensor } from '../../tensor/index.js';
import { requireNumber } from '../checks.js';
import { type PairwiseOptions, treeOverPairs } from '../contrastive/pairwise.js';
import { comparedWith, type Reference } from './pair-masks.js';

export interface ThresholdConsistentMarginOptions extends PairwiseOptions {
  /** Cosine up to which positives are hard (m+), in [-1, 1]. Default 0.9. */
  readonly positiveMargin?: number;
  /** Cosine from which on negatives are hard (m-), in [-1, 1]. Default 0.5. */
  readonly negativeMargin?: number;
  /** What hard positives weigh (lambda+), not negative. Default 1. */
  readonly positiveWeight?: number;
  /** What hard negatives weigh (lambda-), not negative. Default 1. */
  readonly negativeWeight?: number;
  /** What the embeddings are compared with. Default: each other. */
  readonly reference?: Reference;
}

/**
 * Threshold-consistent margin, a regulariser beside any loss of embeddings: lambda+ times the mean of m+ - s over the positive pairs with a cosine
 * s of at most m+, and lambda- times the mean of s - m- over the negative pairs with one of at least m-. Only hard pairs count, by the same two
 * cosines in all classes, so that one threshold can serve them all. A mean of no pairs is 0. Zhang et al. 2024.
 *
 * @param embeddings [n, d]; `labels` integers [n].
 * @returns a scalar.
 * @throws TypeError or RangeError where arguments or options do not fit.
 */
export function thresholdConsistentMargin(
  embeddings: Tensor,
  labels: Tensor,
  options: ThresholdConsistentMarginOptions = {},
): Tensor {
  const who = 'thresholdConsistentMargin';
  const { positiveMargin = 0.9, negativeMargin = 0.5, positiveWeight = 1, negativeWeight = 1 } = options;
  const { reference, chunk } = options;
  for (const [name, value] of Object.entries({ positiveMargin, negativeMargin }))
    requireNumber(who, name, value, { low: -1, high: 1 });
  for (const [name, value] of Object.entries({ positiveWeight, negativeWeight }))
    requireNumber(who, name, value, { low: 0 });
  const { others, pairsOf } = comparedWith(who, embeddings, labels, reference);
  const [a, b] = [embeddings, others].map((x) => x.normalize(-1));
  if (a.size === 0 || b.size === 0) return embeddings.sum().mul(0);
  const hardOf = (miss: Tensor, pairs: Tensor) => {
    const hard = pairs.and(miss.greaterEqual(0));
    return { sum: hard.where(miss, 0).sum(1), number: hard.cast(miss.dtype).sum(1) };
  };
  const ofRows = (cosine: Tensor, rows: Tensor) => {
    const { positive, negative } = pairsOf(rows);
    return {
      positives: hardOf(cosine.neg().add(positiveMargin), positive),
      negatives: hardOf(cosine.sub(negativeMargin), negative),
    };
  };
  const { positives, negatives } = treeOverPairs(who, a, b, ofRows, { chunk });
  const mean = ({ sum, number }: typeof positives) => sum.sum().div(number.sum().maximum(1));
  return mean(positives).mul(positiveWeight).add(mean(negatives).mul(negativeWeight));
}
