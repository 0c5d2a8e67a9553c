import { showShape } from '../../tensor/index.js';
import { mean, numbersOf, rowsOf, sum, type Values } from '../values.js';

export interface ClassSeparation {
  /** Mean cosine distance within classes. */
  readonly within: number;
  /** Mean cosine distance over all pairs of classes, a class with itself among them. */
  readonly total: number;
  /** 1 - within / total: 1 where classes are points, 0 where they are alike; 0 where all features are one. */
  readonly r2: number;
}

/**
 * How far classes lie apart in features: mean cosine distances d(x, y) = 1 - cos(x, y), self pairs included, classes weighing alike. Computed from
 * the class means m_k of the normalised features: within = 1 - mean |m_k|^2, total = 1 - |mean m_k|^2. Kornblith et al. 2021.
 *
 * @param features [n, d]; `labels` integers [n]. Zero vectors stay zero.
 * @throws RangeError where arguments or options do not fit.
 */
export function classSeparation(features: Values, labels: Values): ClassSeparation {
  const rows = rowsOf('classSeparation', 'features', features);
  const y = numbersOf(labels);
  if (y.shape.join() !== `${rows.length}` || rows.length === 0)
    throw new RangeError(`classSeparation: labels ${showShape(y.shape)} must be [${rows.length}], and some`);
  const d = rows[0].length;
  const sums = new Map<number, { total: Float64Array; count: number }>();
  rows.forEach((row, i) => {
    const group = sums.get(y.data[i]) ?? { total: new Float64Array(d), count: 0 };
    const norm = Math.sqrt(sum(row.map((x) => x * x))) || 1;
    row.forEach((x, j) => {
      group.total[j] += x / norm;
    });
    group.count++;
    sums.set(y.data[i], group);
  });
  const means = [...sums.values()].map(({ total, count }) => total.map((x) => x / count));
  const squared = (x: Float64Array) => sum(x.map((v) => v * v));
  const centre = Float64Array.from({ length: d }, (_, j) => mean(means.map((m) => m[j])));
  const [within, total] = [1 - mean(means.map(squared)), 1 - squared(centre)];
  return { within, total, r2: total > 0 ? 1 - within / total : 0 };
}
