import { mean, type Values } from '../values.js';
import { type NeighbourOptions, rankings } from './neighbours.js';

export interface RecallOptions extends NeighbourOptions {
  /** How many neighbours may answer, a positive integer. Default 1. */
  readonly k?: number;
}

/**
 * Recall at k as metric learning has it: the share of queries with one of their class among the k nearest. Queries whose class is nowhere
 * else in what is searched do not count; of no queries it is 0. Jegou et al. 2011; Oh Song et al. 2016.
 *
 * @param embeddings [n, d]; `labels` [n].
 */
export function recallAtK(embeddings: Values, labels: Values, options: RecallOptions = {}): number {
  const { k = 1 } = options;
  if (!Number.isInteger(k) || k < 1) throw new RangeError(`recallAtK: k ${k} must be a positive integer`);
  const found: number[] = [];
  for (const { label, labels: ranked } of rankings('recallAtK', embeddings, labels, options))
    if (ranked.includes(label)) found.push(ranked.subarray(0, k).includes(label) ? 1 : 0);
  return mean(found);
}

/**
 * R-precision: of the R nearest to a query, R being how many of its class there are to find, the share that is of its class; the mean over
 * queries. Queries with R = 0 do not count; of no queries it is 0. Musgrave et al. 2020.
 *
 * @param embeddings [n, d]; `labels` [n].
 */
export function rPrecision(embeddings: Values, labels: Values, options: NeighbourOptions = {}): number {
  return overRelevant('rPrecision', embeddings, labels, options, (relevant) => mean(relevant));
}

/**
 * Mean average precision at R: (1 / R) sum over i = 1..R of P(i), P(i) the precision among the i nearest if the i-th is of the query's
 * class and 0 otherwise; R as for {@link rPrecision}, which it never exceeds: early hits count more. Musgrave et al. 2020.
 *
 * @param embeddings [n, d]; `labels` [n].
 */
export function meanAveragePrecisionAtR(embeddings: Values, labels: Values, options: NeighbourOptions = {}): number {
  return overRelevant('meanAveragePrecisionAtR', embeddings, labels, options, (relevant) => {
    let hits = 0;
    return mean(
      relevant.map((hit, i) => {
        hits += hit;
        return (hit * hits) / (i + 1);
      }),
    );
  });
}

/** The mean over queries of a score of which of their R nearest are of their class. */
function overRelevant(
  who: string,
  embeddings: Values,
  labels: Values,
  options: NeighbourOptions,
  score: (relevant: Float64Array) => number,
): number {
  const scores: number[] = [];
  for (const { label, labels: ranked } of rankings(who, embeddings, labels, options)) {
    const relevant = ranked.map((other) => (other === label ? 1 : 0));
    const r = relevant.reduce((a, b) => a + b, 0);
    if (r > 0) scores.push(score(relevant.subarray(0, r)));
  }
  return mean(scores);
}
