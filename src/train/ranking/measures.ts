import { ndcg } from '../../metrics/index.js';
import { type NDArray, ndarray } from '../../tensor/index.js';
import type { Measures } from '../measures.js';

/** Scores of lists of items with their grades, each [lists, items]. */
export interface Ranking {
  readonly scores: NDArray;
  readonly relevance: NDArray<'float32'>;
  readonly mask: NDArray<'bool'>;
}

/** A list's grades in the order of its scores, padding left out. */
export function ordered({ scores, relevance, mask }: Ranking): number[][] {
  const [lists, items] = mask.shape;
  return Array.from({ length: lists }, (_, q) =>
    Array.from({ length: items }, (_, i) => q * items + i)
      .filter((at) => mask.data[at])
      .sort((a, b) => Number(scores.data[b]) - Number(scores.data[a]))
      .map((at) => relevance.data[at]),
  );
}

/** NDCG at k of each list, with gains 2^grade - 1; NaN for lists without a grade above 0, in which nothing can be found. */
export function ndcgOfLists({ scores, relevance, mask }: Ranking, truncation = Infinity): number[] {
  const graded = ndarray(
    relevance.data.map((grade, at) => (mask.data[at] ? grade : -1)),
    { shape: relevance.shape },
  );
  return ndcg(scores, graded, { truncation, empty: Number.NaN });
}

/** The mean over lists in which something can be found; 0 where there are none. */
export function meanNdcg(ranking: Ranking, truncation?: number): number {
  const found = ndcgOfLists(ranking, truncation).filter((value) => !Number.isNaN(value));
  return found.length === 0 ? 0 : found.reduce((a, b) => a + b) / found.length;
}

/** What a ranking is measured by: mean NDCG at 5, 1, 10 and of whole lists. */
export const rankingMeasures = (ranking: Ranking): Measures => ({
  ndcgAt5: meanNdcg(ranking, 5),
  ndcgAt1: meanNdcg(ranking, 1),
  ndcgAt10: meanNdcg(ranking, 10),
  ndcg: meanNdcg(ranking),
});
