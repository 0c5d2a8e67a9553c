import { EigenvalueDecomposition, Matrix } from 'ml-matrix';
import { showShape } from '../../tensor/index.js';
import { mean, numbersOf, pairOf, rowsOf, sum, type Values } from '../values.js';

/**
 * Peak signal-to-noise ratio in decibels: 10 log10(L^2 / mean squared error); Infinity for equal images.
 *
 * @param predictions images of any shape; `targets` of the same.
 * @param options `dataRange` L, largest possible value less smallest. Default 1.
 * @throws RangeError for images of two shapes or without pixels.
 */
export function psnr(
  predictions: Values,
  targets: Values,
  { dataRange = 1 }: { readonly dataRange?: number } = {},
): number {
  const [p, t] = pairOf('psnr', predictions, targets);
  if (p.data.length === 0)
    throw new RangeError(
      `psnr: predictions ${showShape(p.shape)} and targets ${showShape(t.shape)} must have elements`,
    );
  return 10 * Math.log10(dataRange ** 2 / mean(p.data.map((x, i) => (x - t.data[i]) ** 2)));
}

/**
 * Inception score: exp of the mean KL divergence of each sample's class probabilities from their average, 1 to the number of classes. Salimans et
 * al. 2016. It compares only under one classifier.
 *
 * @param probabilities [n, classes].
 * @throws RangeError where arguments or options do not fit.
 */
export function inceptionScore(probabilities: Values): number {
  const rows = rowsOf('inceptionScore', 'probabilities', probabilities);
  if (rows.length === 0) throw new RangeError('inceptionScore: there must be samples');
  const marginal = rows[0].map((_, k) => mean(rows.map((row) => row[k])));
  const divergence = (row: Float64Array) => sum(row.map((p, k) => (p > 0 ? p * Math.log(p / marginal[k]) : 0)));
  return Math.exp(mean(rows.map(divergence)));
}

export interface Moments {
  /** [d]. */
  readonly mean: Values;
  /** [d, d]. */
  readonly covariance: Values;
}

/**
 * Mean and covariance (with n - 1) of features [n, d], n at least 2, for {@link frechetDistance}.
 *
 * @throws RangeError where arguments or options do not fit.
 */
export function featureMoments(features: Values): { mean: number[]; covariance: number[][] } {
  const rows = rowsOf('featureMoments', 'features', features);
  if (rows.length < 2)
    throw new RangeError(`featureMoments: features ${showShape(numbersOf(features).shape)} need two rows`);
  const centre = Array.from(rows[0], (_, j) => mean(rows.map((row) => row[j])));
  const deviations = new Matrix(rows.map((row) => Array.from(row, (x, j) => x - centre[j])));
  const covariance = deviations
    .transpose()
    .mmul(deviations)
    .div(rows.length - 1);
  return { mean: centre, covariance: covariance.to2DArray() };
}

/**
 * Squared Frechet distance of two Gaussians: |m1 - m2|^2 + tr(S1 + S2 - 2 (S1 S2)^(1/2)); of Inception features it is the FID. Heusel et al. 2017,
 * equation 6. The root's trace is the sum of the roots of the eigenvalues of S1^(1/2) S2 S1^(1/2), which is symmetric.
 * @throws RangeError where arguments or options do not fit.
 */
export function frechetDistance(first: Moments, second: Moments): number {
  const [a, b] = pairOf('frechetDistance', first.mean, second.mean);
  if (a.data.length === 0) throw new RangeError(`frechetDistance: mean ${showShape(a.shape)} must have features`);
  const [s1, s2] = [first, second].map(({ covariance }) => {
    const rows = rowsOf('frechetDistance', 'covariance', covariance);
    if (rows.length !== a.data.length || rows.some((row) => row.length !== a.data.length))
      throw new RangeError(`frechetDistance: covariance must be [${a.data.length}, ${a.data.length}]`);
    return new Matrix(rows.map((row) => Array.from(row)));
  });
  const root = symmetric(s1, (values, vectors) =>
    vectors.mmul(Matrix.diag(values.map((x) => Math.sqrt(Math.max(0, x))))).mmul(vectors.transpose()),
  );
  const rootTrace = symmetric(root.mmul(s2).mmul(root), (values) => sum(values.map((x) => Math.sqrt(Math.max(0, x)))));
  return sum(a.data.map((x, i) => (x - b.data[i]) ** 2)) + s1.trace() + s2.trace() - 2 * rootTrace;
}

function symmetric<T>(matrix: Matrix, of: (values: number[], vectors: Matrix) => T): T {
  const { realEigenvalues, eigenvectorMatrix } = new EigenvalueDecomposition(matrix, { assumeSymmetric: true });
  return of(realEigenvalues, eigenvectorMatrix);
}
