import { rowsOf, sum, type Values } from '../../metrics/values.js';
import { type NDArray, ndarray } from '../../tensor/index.js';

/** Class vectors as rows, in float64. */
type Rows = readonly Float64Array[];

export function dot(a: Float64Array, b: Float64Array): number {
  let total = 0;
  for (let i = 0; i < a.length; i++) total += a[i] * b[i];
  return total;
}

/** The inner products of all pairs of rows. */
export const gram = (rows: Rows): Float64Array[] => rows.map((a) => Float64Array.from(rows, (b) => dot(a, b)));

/** The Frobenius distance of two matrices, each brought to Frobenius norm 1; zeros stay zeros. */
export function directionDistance(a: Rows, b: Rows): number {
  const norm = (m: Rows) => Math.sqrt(sum(m.map((row) => dot(row, row)))) || 1;
  const [left, right] = [norm(a), norm(b)];
  return Math.sqrt(sum(a.map((row, k) => sum(row.map((v, j) => (v / left - b[k][j] / right) ** 2)))));
}

/**
 * The simplex equiangular tight frame: K unit vectors as rows, each pair at the cosine -1 / (K - 1), the widest angle that K vectors can all
 * have. Row k is sqrt(K / (K - 1)) (e_k - 1/K), of sum 0.
 *
 * @param classes K, at least 2. Zeros follow where `dimension` (default K) is above K.
 * @returns float64 [K, dimension].
 * @throws RangeError for fewer classes than 2 or a dimension below K.
 */
export function simplexEtf(classes: number, dimension = classes): NDArray<'float64'> {
  if (!(classes >= 2 && dimension >= classes))
    throw new RangeError(`simplexEtf: ${classes} classes in dimension ${dimension} must be at least 2, and no more`);
  const scale = Math.sqrt(classes / (classes - 1));
  const data = Float64Array.from({ length: classes * dimension }, (_, i) => {
    const [row, column] = [Math.floor(i / dimension), i % dimension];
    return column < classes ? scale * ((row === column ? 1 : 0) - 1 / classes) : 0;
  });
  return ndarray(data, { shape: [classes, dimension] });
}

/**
 * How far class vectors v_k are from a simplex equiangular tight frame up to rotation and scale (NC2 of balanced classes with cross-entropy, or
 * the squared loss with a bias): || G / ||G||_F - (I - 1 1^T / K) / sqrt(K - 1) ||_F with G_kj = v_k . v_j. Zhu et al. 2021; Dang et al. 2023.
 *
 * @param vectors [K, d], K at least 2: rows of the classifier, the product of all linear layers, or centred class means.
 * @returns from 0 to 2; 1 for vectors of zeros.
 */
export function simplexEtfDistance(vectors: Values): number {
  const rows = classRows('simplexEtfDistance', vectors);
  const K = rows.length;
  return directionDistance(
    gram(rows),
    rows.map((_, k) => Float64Array.from(rows, (_, j) => (k === j ? 1 : 0) - 1 / K)),
  );
}

/**
 * How far class vectors v_k are from orthogonal ones of the given lengths l_k up to rotation and a common scale (NC2 of the squared loss without
 * bias): || G / ||G||_F - L / ||L||_F ||_F with G_kj = v_k . v_j and L = diag(l_k^2). Equal lengths are the orthogonal frame of balanced classes,
 * those of {@link generalOrthogonalFrame} the geometry of imbalanced ones. Dang et al. 2023.
 *
 * @param vectors [K, d], K at least 2: rows of the classifier, the product of all linear layers, or class means that are not centred.
 * @param lengths [K], not negative. Default: equal.
 * @returns from 0 to 2; 1 for vectors of zeros, or lengths of zero.
 */
export function orthogonalFrameDistance(vectors: Values, lengths?: readonly number[]): number {
  const rows = classRows('orthogonalFrameDistance', vectors);
  if (lengths && (lengths.length !== rows.length || lengths.some((l) => !(l >= 0))))
    throw new RangeError(
      `orthogonalFrameDistance: lengths [${lengths.join(', ')}] must be ${rows.length} numbers, none of them negative`,
    );
  return directionDistance(
    gram(rows),
    rows.map((_, k) => Float64Array.from(rows, (_, j) => (k === j ? (lengths?.[k] ?? 1) ** 2 : 0))),
  );
}

/**
 * How far the rows of a classifier are from the class means up to one common scale (NC3, self-duality):
 * || W / ||W||_F - S M / ||S M||_F ||_F with the means as rows of M and S = diag(scales).
 *
 * @param weights W [K, d], the classifier or the product of all linear layers.
 * @param means [K, d]: centred for classifiers with a bias or trained with cross-entropy, else as they are.
 * @param scales [K], how much longer a row of W is than its mean up to a common factor, as {@link generalOrthogonalFrame} predicts for
 * imbalanced classes. Default: all 1.
 * @returns from 0 to 2; 1 where one of them is zeros, 0 where both are.
 */
export function selfDualityDistance(weights: Values, means: Values, scales?: readonly number[]): number {
  const [w, m] = [rowsOf('selfDualityDistance', 'weights', weights), rowsOf('selfDualityDistance', 'means', means)];
  if (w.length !== m.length || w[0]?.length !== m[0]?.length || (scales && scales.length !== w.length))
    throw new RangeError(
      `selfDualityDistance: weights [${w.length}, ${w[0]?.length}] and means [${m.length}, ${m[0]?.length}]${scales ? ` and scales [${scales.length}]` : ''} must be of the same classes and features`,
    );
  return directionDistance(
    w,
    m.map((row, k) => row.map((v) => v * (scales?.[k] ?? 1))),
  );
}

function classRows(who: string, vectors: Values): Float64Array[] {
  const rows = rowsOf(who, 'vectors', vectors);
  if (rows.length < 2) throw new RangeError(`${who}: vectors of ${rows.length} class(es) must be of at least 2`);
  return rows;
}
