import { type NDArray, ndarray, showShape } from '../../tensor/index.js';
import { labelsOf, mean, numbersOf, sum, type Values } from '../values.js';
import { type Labelled, nearest, queriesOf } from './neighbours.js';

export interface KnnOptions {
  /** Neighbours that vote; all there are when they are fewer. Default 200, the CIFAR and ImageNet protocol's. */
  readonly k?: number;
  /** Votes weigh exp(cosine / temperature) (tau), above 0. Default 0.07. */
  readonly temperature?: number;
}

/**
 * Weighted k-nearest-neighbour classifier: class scores are the sums of exp(s_i / tau) over the k neighbours of largest cosine s_i, divided
 * by their total. Wu et al. 2018, section 3.4.
 *
 * @param reference embeddings [n, d] with labels [n], integers from 0; `queries` [m, d].
 * @returns scores [m, largest label + 1], and the class of the largest, [m].
 * @throws RangeError where there is nothing to vote, or shapes do not fit.
 */
export function weightedKnn(
  reference: Labelled,
  queries: Values,
  { k = 200, temperature = 0.07 }: KnnOptions = {},
): { readonly scores: NDArray<'float64'>; readonly predictions: NDArray<'int32'> } {
  if (!Number.isInteger(k) || k < 1) throw new RangeError(`weightedKnn: k ${k} must be a positive integer`);
  if (!(temperature > 0)) throw new RangeError(`weightedKnn: temperature ${temperature} must be above 0`);
  const known = numbersOf(reference.labels).data;
  if (known.length === 0) throw new RangeError('weightedKnn: the reference has no examples');
  const [m, classes] = [numbersOf(queries).shape[0], Math.max(...known) + 1];
  const scores = new Float64Array(m * classes);
  let row = 0;
  // The queries' own labels play no part.
  for (const query of queriesOf('weightedKnn', queries, ndarray(new Float64Array(m)), { reference })) {
    const voters = nearest(query, k);
    const votes = Float64Array.from(voters, (j) =>
      Math.exp((query.nearness[j] - query.nearness[voters[0]]) / temperature),
    );
    const total = sum(votes);
    voters.forEach((j, i) => {
      scores[row * classes + query.labels[j]] += votes[i] / total;
    });
    row++;
  }
  const predictions = Int32Array.from({ length: m }, (_, i) => {
    const own = scores.subarray(i * classes, (i + 1) * classes);
    return own.indexOf(Math.max(...own));
  });
  return {
    scores: ndarray(scores, { shape: [m, classes] }),
    predictions: ndarray(predictions, { shape: [m] }),
  };
}

/**
 * The share of queries that {@link weightedKnn} puts in their class.
 *
 * @param reference embeddings [n, d] with labels [n]; `queries` embeddings [m, d] with labels [m].
 * @throws RangeError where arguments or options do not fit.
 */
export function knnAccuracy(reference: Labelled, queries: Labelled, options: KnnOptions = {}): number {
  const { data, shape } = weightedKnn(reference, queries.embeddings, options).predictions;
  if (shape[0] === 0) throw new RangeError(`knnAccuracy: queries ${showShape(shape)} must be some`);
  const labels = labelsOf('knnAccuracy', queries.labels, shape[0]);
  return mean(Float64Array.from(data, (predicted, i) => (predicted === labels[i] ? 1 : 0)));
}
