import { assignRows } from '../../tensor/index.js';
import { labelsOf, numbersOf, type Values } from '../values.js';

/**
 * Normalised mutual information of clusters and labels, 2 I(A; B) / (H(A) + H(B)), in [0, 1]: 1 where one determines the other, 0 where
 * they are independent. Where both have one group only there is nothing to tell apart, and it is 1. Manning et al. 2008, section 16.3; the
 * arithmetic mean is scikit-learn's default.
 *
 * @param clusters [n], any numbers; `labels` [n].
 * @throws RangeError where arguments or options do not fit.
 */
export function normalizedMutualInformation(clusters: Values, labels: Values): number {
  const a = numbersOf(clusters).data;
  const b = labelsOf('normalizedMutualInformation', labels, a.length);
  const n = a.length;
  const [ofA, ofB] = [counted(a), counted(b)];
  const joint = counted(Array.from(a, (x, i) => `${x},${b[i]}`));
  const total = entropy(ofA, n) + entropy(ofB, n);
  const shared = total - entropy(joint, n);
  return total === 0 ? 1 : Math.max(0, (2 * shared) / total);
}

/**
 * The share of points whose cluster's label is theirs, under the best pairing of clusters with labels, one to one (the Hungarian method):
 * in (0, 1], and 0 of no points. Where there are more clusters than labels some stay without. Xie et al. 2016.
 *
 * @param clusters [n], any numbers; `labels` [n].
 * @throws RangeError where arguments or options do not fit.
 */
export function clusteringAccuracy(clusters: Values, labels: Values): number {
  const a = numbersOf(clusters).data;
  const b = labelsOf('clusteringAccuracy', labels, a.length);
  const [ofA, ofB] = [numbered(a), numbered(b)];
  const [rows, columns] = [Math.min(ofA.size, ofB.size), Math.max(ofA.size, ofB.size)];
  const cost = new Float64Array(rows * columns);
  Array.from(a, (x, i) => {
    const [p, q] = [ofA.get(x) ?? 0, ofB.get(b[i]) ?? 0];
    cost[ofA.size <= ofB.size ? p * columns + q : q * columns + p] -= 1;
  });
  const columnOf = assignRows(cost, rows, columns);
  const hits = columnOf.reduce((total, column, row) => total - cost[row * columns + column], 0);
  return a.length === 0 ? 0 : hits / a.length;
}

/** Different values with a number each, in the order of their appearance. */
function numbered(values: ArrayLike<number>): Map<number, number> {
  return new Map([...new Set(Array.from(values))].map((value, i) => [value, i]));
}

function counted<T>(values: Iterable<T>): Map<T, number> {
  const counts = new Map<T, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return counts;
}

function entropy(counts: Map<unknown, number>, n: number): number {
  let total = 0;
  for (const count of counts.values()) total -= (count / n) * Math.log(count / n);
  return total;
}
