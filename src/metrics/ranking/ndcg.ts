import { showShape } from '../../tensor/index.js';
import { numbersOf, pairOf, sum, type Values } from '../values.js';

export interface NdcgOptions {
  /** Ranks that count (k). Default: all. */
  readonly truncation?: number;
  /** Gain of relevance y: 2^y - 1, or y itself. Default `exponential`. */
  readonly gain?: 'exponential' | 'linear';
  /** The value of lists without any gain. Default 1. */
  readonly empty?: number;
}

/**
 * Normalised discounted cumulative gain of each list: the sum of gain / log2(rank + 1) in the order of the scores over the same sum in the best
 * order, in [0, 1]. Items of equal score keep their order. Items of negative relevance are padding. Jarvelin and Kekalainen 2002.
 *
 * @param scores [n] or [lists, n]; `relevance` grades at least 0, of the same shape.
 * @returns a number for each list; take their mean.
 * @throws RangeError where arguments or options do not fit.
 */
export function ndcg(scores: Values, relevance: Values, options: NdcgOptions = {}): number[] {
  const { truncation = Infinity, gain = 'exponential', empty = 1 } = options;
  const [s, y] = pairOf('ndcg', scores, relevance);
  if (s.shape.length < 1 || s.shape.length > 2)
    throw new RangeError(`ndcg: scores ${showShape(numbersOf(scores).shape)} must be [n] or [lists, n]`);
  if (!(truncation >= 1)) throw new RangeError(`ndcg: truncation ${truncation} must be at least 1`);
  const n = s.shape[s.shape.length - 1];
  const gainOf = (grade: number) => (gain === 'exponential' ? 2 ** grade - 1 : grade);
  const discounted = (gains: readonly number[]) =>
    sum(gains.slice(0, Math.min(truncation, gains.length)).map((g, i) => g / Math.log2(i + 2)));
  return Array.from({ length: s.shape.length === 1 ? 1 : s.shape[0] }, (_, list) => {
    const items = Array.from({ length: n }, (_, i) => list * n + i).filter((i) => y.data[i] >= 0);
    const ranked = [...items].sort((a, b) => s.data[b] - s.data[a]).map((i) => gainOf(y.data[i]));
    const ideal = discounted([...ranked].sort((a, b) => b - a));
    return ideal === 0 ? empty : discounted(ranked) / ideal;
  });
}
