import { EigenvalueDecomposition, Matrix } from 'ml-matrix';
import { labelsOf, mean, numbersOf, rowsOf, sum, type Values } from '../../metrics/values.js';
import { type NDArray, ndarray, showShape } from '../../tensor/index.js';
import { dot, gram, orthogonalFrameDistance, selfDualityDistance, simplexEtfDistance } from './frames.js';

/** How alike class vectors are in length and in the angles between them: all 0 for an equiangular frame of the widest angle. */
export interface Equiangularity {
  /** Standard deviation of the lengths over their mean. */
  readonly lengthVariation: number;
  /** Standard deviation of the cosines of all pairs. */
  readonly cosineVariation: number;
  /** Mean of |cosine + 1 / (K - 1)| over all pairs. */
  readonly widestAngleGap: number;
}

/** The geometry of one set of class vectors (NC2). */
export interface ClassFrame extends Equiangularity {
  /** {@link simplexEtfDistance}. */
  readonly simplexEtf: number;
  /** {@link orthogonalFrameDistance} of equal lengths. */
  readonly orthogonal: number;
}

export interface NeuralCollapse {
  /** NC1: tr(Sigma_W pinv(Sigma_B)) / K, 0 where classes are points; infinite where class means coincide and classes are not points. */
  readonly withinClassVariability: number;
  /** NC2 of the class means, less the global mean unless `centred` is false. */
  readonly means: ClassFrame;
  /** NC2 of the rows of the classifier. */
  readonly classifier: ClassFrame;
  /** NC3: {@link selfDualityDistance} of classifier and class means, these less the global mean unless `centred` is false. */
  readonly selfDuality: number;
  /** NC4: share of the features whose nearest class mean is not the class that the classifier names, from 0 to 1. */
  readonly nearestMeanDisagreement: number;
}

export interface NeuralCollapseOptions {
  /** The classifier's weights [K, d]: the last layer, or the product of several linear ones. */
  readonly weights: Values;
  /** Its bias [K]. Default: none. */
  readonly bias?: Values | undefined;
  /**
   * Measure class means from the global mean of the features. Default true: right for cross-entropy and for the squared loss with a bias. Without
   * bias the squared loss makes the means themselves orthogonal, which centring would hide.
   */
  readonly centred?: boolean;
}

/**
 * Neural collapse: how near the last features of a classifier and its weights are to the geometry that long training ends in. With class means
 * mu_k, the global mean mu_G over all features, Sigma_W = 1/n sum (h_i - mu_y)(h_i - mu_y)^T and Sigma_B = 1/K sum (mu_k - mu_G)(mu_k - mu_G)^T:
 * within-class variability (NC1), the frame of means and classifier (NC2), their alignment (NC3) and whether the nearest class mean decides
 * (NC4). All 0 at collapse, of `simplexEtf` and `orthogonal` the one that fits the loss.
 *
 * Costs O(n d K): no matrix [d, d] is made. Directions whose variance between classes is below 1e-12 of the largest count as none in pinv.
 * Papyan, Han and Donoho 2020; Zhu et al. 2021; Dang et al. 2023 (arXiv 2301.00437).
 *
 * @param features [n, d], what the classifier is given.
 * @param labels integers [n], from 0 to K - 1; every class has at least one.
 * @throws RangeError where shapes do not fit, a label is none, a class has no features or there are fewer than two.
 */
export function neuralCollapse(
  features: Values,
  labels: Values,
  { weights, bias, centred = true }: NeuralCollapseOptions,
): NeuralCollapse {
  const h = rowsOf('neuralCollapse', 'features', features);
  const w = rowsOf('neuralCollapse', 'weights', weights);
  const [K, d] = [w.length, w[0]?.length ?? 0];
  if (K < 2 || h[0]?.length !== d)
    throw new RangeError(
      `neuralCollapse: weights ${showShape([K, d])} must be [classes, d], at least 2, for features ${showShape([h.length, h[0]?.length ?? 0])} of [n, d]`,
    );
  const b = bias === undefined ? new Float64Array(K) : numbersOf(bias).data;
  if (b.length !== K) throw new RangeError(`neuralCollapse: bias [${b.length}] must be [${K}]`);
  const { means, global, y } = classMeans('neuralCollapse', h, labels, K);
  const offsets = means.map((mu) => mu.map((v, j) => v - global[j]));
  const chosen = centred ? offsets : means;
  // |h - mu|^2 less |h|^2, halved; from the global mean, so that no digits are lost where features are far from 0.
  const halfSquares = offsets.map((v) => dot(v, v) / 2);
  const nearest = (row: Float64Array) => {
    const own = row.map((v, j) => v - global[j]);
    return leastIndex(offsets.map((v, k) => halfSquares[k] - dot(v, own)));
  };
  const named = (row: Float64Array) => leastIndex(w.map((v, k) => -dot(v, row) - b[k]));
  return {
    withinClassVariability: withinClassVariability(h, y, means, offsets),
    means: frameOf(chosen),
    classifier: frameOf(w),
    selfDuality: selfDualityDistance(weights, matrix(chosen)),
    nearestMeanDisagreement: mean(h.map((row) => (nearest(row) === named(row) ? 0 : 1))),
  };
}

/**
 * The mean of the features of each class [K, d], and of all of them [d], as {@link neuralCollapse} takes them.
 *
 * @param features [n, d]; `labels` integers [n].
 * @param classes K. Default: one more than the greatest label.
 * @throws RangeError where shapes do not fit, a label is none or a class has no features.
 */
export function classFeatureMeans(
  features: Values,
  labels: Values,
  classes?: number,
): { readonly means: NDArray<'float64'>; readonly global: NDArray<'float64'> } {
  const rows = rowsOf('classFeatureMeans', 'features', features);
  const K = classes ?? numbersOf(labels).data.reduce((most, y) => Math.max(most, y), -1) + 1;
  const { means, global } = classMeans('classFeatureMeans', rows, labels, K);
  return { means: matrix(means), global: ndarray(global, { shape: [global.length] }) };
}

function classMeans(who: string, rows: readonly Float64Array[], labels: Values, K: number) {
  const y = labelsOf(who, labels, rows.length);
  const d = rows[0]?.length ?? 0;
  const wrong = y.find((c) => !(Number.isInteger(c) && c >= 0 && c < K));
  if (wrong !== undefined) throw new RangeError(`${who}: label ${wrong} must be an integer from 0 to ${K - 1}`);
  const counts = new Float64Array(K);
  const means = Array.from({ length: K }, () => new Float64Array(d));
  const global = new Float64Array(d);
  rows.forEach((row, i) => {
    counts[y[i]]++;
    row.forEach((v, j) => {
      means[y[i]][j] += v;
      global[j] += v / rows.length;
    });
  });
  const empty = counts.indexOf(0);
  if (empty >= 0) throw new RangeError(`${who}: class ${empty} has no features`);
  return { means: means.map((total, k) => total.map((v) => v / counts[k])), global, y };
}

/**
 * tr(Sigma_W pinv(Sigma_B)) / K by the Gram matrix of the offsets A [K, d]: Sigma_B = A^T A / K, whose pseudo-inverse is K A^T pinv(A A^T)^2 A,
 * so that it is the mean of |pinv(A A^T) A (h_i - mu_y)|^2.
 */
function withinClassVariability(
  rows: readonly Float64Array[],
  y: Float64Array,
  means: readonly Float64Array[],
  offsets: readonly Float64Array[],
): number {
  const { realEigenvalues: values, eigenvectorMatrix: vectors } = new EigenvalueDecomposition(
    new Matrix(gram(offsets).map((row) => Array.from(row))),
    { assumeSymmetric: true },
  );
  const largest = Math.max(...values);
  const deviations = rows.map((row, i) => row.map((v, j) => v - means[y[i]][j]));
  if (!(largest > 0)) return deviations.every((row) => row.every((v) => v === 0)) ? 0 : Infinity;
  const kept = values.map((v, i) => ({ v, i })).filter(({ v }) => v > 1e-12 * largest);
  return mean(
    deviations.map((row) => {
      const projected = offsets.map((a) => dot(a, row));
      return sum(kept.map(({ v, i }) => (sum(projected.map((p, k) => p * vectors.get(k, i))) / v) ** 2));
    }),
  );
}

function frameOf(vectors: readonly Float64Array[]): ClassFrame {
  const K = vectors.length;
  const lengths = vectors.map((v) => Math.sqrt(dot(v, v)));
  const cosines = vectors.flatMap((a, k) =>
    vectors.slice(0, k).map((b, j) => (lengths[k] * lengths[j] > 0 ? dot(a, b) / (lengths[k] * lengths[j]) : 0)),
  );
  const rows = matrix(vectors);
  return {
    lengthVariation: mean(lengths) > 0 ? deviation(lengths) / mean(lengths) : 0,
    cosineVariation: deviation(cosines),
    widestAngleGap: mean(cosines.map((c) => Math.abs(c + 1 / (K - 1)))),
    simplexEtf: simplexEtfDistance(rows),
    orthogonal: orthogonalFrameDistance(rows),
  };
}

const deviation = (values: readonly number[]) => Math.sqrt(mean(values.map((v) => (v - mean(values)) ** 2)));

const leastIndex = (values: readonly number[]) => values.indexOf(Math.min(...values));

function matrix(rows: readonly Float64Array[]): NDArray<'float64'> {
  const d = rows[0].length;
  const data = new Float64Array(rows.length * d);
  rows.forEach((row, k) => {
    data.set(row, k * d);
  });
  return ndarray(data, { shape: [rows.length, d] });
}
