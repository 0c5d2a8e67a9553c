import { mean, type Values } from '../values.js';
import { type NeighbourOptions, nearest, type Query, queriesOf } from './neighbours.js';

export interface RecallOptions extends NeighbourOptions {
  /** How many neighbours may answer, a positive integer. Default 1. */
  readonly k?: number;
}

/**
 * Recall at k as metric learning has it: the share of queries with one of their class among the k nearest. Queries whose class is nowhere
 * else in what is searched do not count; of no queries it is 0. Jegou et al. 2011; Oh Song et al. 2016.
 *
 * @param embeddings [n, d]; `labels` [n].
 * @throws RangeError where arguments or options do not fit.
 */
export function recallAtK(embeddings: Values, labels: Values, options: RecallOptions = {}): number {
  const { k = 1 } = options;
  if (!Number.isInteger(k) || k < 1) throw new RangeError(`recallAtK: k ${k} must be a positive integer`);
  const found: number[] = [];
  for (const query of queriesOf('recallAtK', embeddings, labels, options))
    if (relevant(query) > 0) found.push(nearest(query, k).some((j) => query.labels[j] === query.label) ? 1 : 0);
  return mean(found);
}

/**
 * R-precision: of the R nearest to a query, R being how many of its class there are to find, the share that is of its class; the mean over
 * queries. Queries with R = 0 do not count; of no queries it is 0. Musgrave et al. 2020.
 *
 * @param embeddings [n, d]; `labels` [n].
 */
export function rPrecision(embeddings: Values, labels: Values, options: NeighbourOptions = {}): number {
  return overRelevant('rPrecision', embeddings, labels, options, (hits) => mean(hits));
}

/**
 * Mean average precision at R: (1 / R) sum over i = 1..R of P(i), P(i) the precision among the i nearest if the i-th is of the query's
 * class and 0 otherwise; R as for {@link rPrecision}, which it never exceeds: early hits count more. Musgrave et al. 2020.
 *
 * @param embeddings [n, d]; `labels` [n].
 */
export function meanAveragePrecisionAtR(embeddings: Values, labels: Values, options: NeighbourOptions = {}): number {
  return overRelevant('meanAveragePrecisionAtR', embeddings, labels, options, (hits) => {
    let found = 0;
    return mean(
      hits.map((hit, i) => {
        found += hit;
        return (hit * found) / (i + 1);
      }),
    );
  });
}

/** How many of a query's class there are to find (R). */
const relevant = ({ label, labels, nearness }: Query): number =>
  labels.reduce((total, other, j) => total + (other === label && nearness[j] > -Infinity ? 1 : 0), 0);

/** The mean over queries of a score of which of their R nearest are of their class, 1 or 0 each. */
function overRelevant(
  who: string,
  embeddings: Values,
  labels: Values,
  options: NeighbourOptions,
  score: (hits: Float64Array) => number,
): number {
  const scores: number[] = [];
  for (const query of queriesOf(who, embeddings, labels, options)) {
    const r = relevant(query);
    if (r > 0)
      scores.push(score(Float64Array.from(nearest(query, r), (j) => (query.labels[j] === query.label ? 1 : 0))));
  }
  return mean(scores);
}
