import { eigh, eye, isFloat, showShape, type Tensor } from '../../tensor/index.js';
import { requireFloats, requireNumber } from '../checks.js';

export interface WhiteningOptions {
  /**
   * What is made uncorrelated. `batch`: the d features over the n samples, for n > d. `channel`: the n samples over the d features, for d >
   * n. Default `channel`, the published code's.
   */
  readonly axis?: 'batch' | 'channel';
}

export interface IterativeWhiteningOptions extends WhiteningOptions {
  /**
   * Steps of Newton's iteration (T), an integer from 0 to 8. Default 4. Rounding makes many more diverge; {@link spectralTransform} is
   * exact.
   */
  readonly iterations?: number;
  /** Added to the trace, above 0. Default 1e-12: embeddings that are all one become 0. */
  readonly epsilon?: number;
}

/** What is to be made uncorrelated as rows, [rows, columns], centred, with its covariance. */
function centredRows(who: string, x: Tensor, axis: 'batch' | 'channel'): { rows: Tensor; covariance: Tensor } {
  if (!isFloat(x.dtype) || x.rank !== 2 || x.shape[0] < 2 || x.shape[1] < 2)
    throw new RangeError(`${who}: x ${x.dtype}${showShape(x.shape)} must be floats [n, d], both at least 2`);
  const across = axis === 'channel' ? x : x.swapAxes(0, 1);
  const rows = across.sub(across.mean(-1, { keepDims: true }));
  return { rows, covariance: rows.matmul(rows.swapAxes(0, 1)).div(rows.shape[1] - 1) };
}

/**
 * Approximately whitened embeddings Phi Z, by T steps of Newton's iteration for the inverse square root of the covariance Sigma of the
 * centred Z: P_0 = I, P_{k+1} = (3 P_k - P_k^3 Sigma / tr Sigma) / 2, Phi = P_T / sqrt(tr Sigma). Eigenvalues become
 * {@link whitenedEigenvalue}. No decomposition is taken. Neither scale nor shift matter. Huang et al. 2019; Weng et al. 2024.
 *
 * @param x [n, d], both at least 2.
 * @returns [n, d].
 * @throws RangeError where arguments or options do not fit.
 */
export function iterativeWhitening(x: Tensor, options: IterativeWhiteningOptions = {}): Tensor {
  const { axis = 'channel', iterations = 4, epsilon = 1e-12 } = options;
  if (!Number.isInteger(iterations) || iterations < 0 || iterations > 8)
    throw new RangeError(`iterativeWhitening: iterations ${iterations} must be an integer from 0 to 8`);
  requireNumber('iterativeWhitening', 'epsilon', epsilon, { low: 0, open: true });
  const { rows, covariance } = centredRows('iterativeWhitening', x, axis);
  const trace = covariance.trace().add(epsilon);
  const scaled = covariance.div(trace);
  let root = eye(rows.shape[0], rows.shape[0], x.dtype);
  for (let k = 0; k < iterations; k++) root = root.mul(1.5).sub(root.matmul(root).matmul(root).matmul(scaled).mul(0.5));
  const white = root.div(trace.sqrt()).matmul(rows);
  return axis === 'channel' ? white : white.swapAxes(0, 1);
}

/**
 * What T steps of {@link iterativeWhitening} make of an eigenvalue that is the share x of the trace: s_T^2 of s_0 = sqrt(x), s_{k+1} = s_k
 * (3 - s_k^2) / 2. It rises with x, below 1, and to 1 with T. Weng et al. 2024.
 *
 * @param share x in [0, 1]; `iterations` T.
 * @throws RangeError where arguments or options do not fit.
 */
export function whitenedEigenvalue(share: number, iterations = 4): number {
  requireNumber('whitenedEigenvalue', 'share', share, { low: 0, high: 1 });
  let s = Math.sqrt(share);
  for (let k = 0; k < iterations; k++) s = (s * (3 - s * s)) / 2;
  return s * s;
}

/**
 * Embeddings with the spectrum of their covariance changed: U g(Lambda) U^T Z with Sigma = U Lambda U^T the covariance of the centred Z, so
 * that eigenvalues become lambda g(lambda)^2. g = lambda^(-1/2) whitens; so do, nearly, powers near -1/2, and embeddings do not collapse;
 * with others they do. Weng et al. 2024. Decomposed on the host.
 *
 * @param x [n, d], both at least 2.
 * @param g of the eigenvalues, ascending, at least 0 but for rounding; elementwise.
 * @returns [n, d].
 * @throws RangeError where x does not fit.
 */
export function spectralTransform(
  x: Tensor,
  g: (eigenvalues: Tensor) => Tensor,
  { axis = 'channel' }: WhiteningOptions = {},
): Tensor {
  const { rows, covariance } = centredRows('spectralTransform', x, axis);
  const [eigenvalues, vectors] = eigh(covariance);
  const changed = vectors.mul(g(eigenvalues)).matmul(vectors.swapAxes(0, 1)).matmul(rows);
  return axis === 'channel' ? changed : changed.swapAxes(0, 1);
}

/**
 * How far the variances along the whitened axis are from 1: sum over j of (var_j - 1)^2, with n - 1 in the variances' denominator. Weng et
 * al. 2024.
 *
 * @param x [n, d], both at least 2: the variances of the d features (`batch`) or of the n samples (`channel`).
 * @returns a scalar.
 * @throws RangeError where x does not fit.
 */
export function whiteningTraceLoss(x: Tensor, { axis = 'channel' }: WhiteningOptions = {}): Tensor {
  const { rows } = centredRows('whiteningTraceLoss', x, axis);
  return rows
    .square()
    .sum(-1)
    .div(rows.shape[1] - 1)
    .sub(1)
    .square()
    .sum();
}

export interface IntlOptions extends IterativeWhiteningOptions {
  /**
   * Weight of the trace loss (beta), not negative. Default 0.01 (log2(n) - 3), of n samples (`channel`) or d features (`batch`), at least
   * 0.
   */
  readonly traceWeight?: number;
}

/** 2 - 2 cos of rows, their mean. */
const misalignment = (x: Tensor, y: Tensor): Tensor =>
  x.normalize(-1).mul(y.normalize(-1)).sum(-1).mean().mul(-2).add(2);

function parts(who: string, views: readonly Tensor[], options: IntlOptions) {
  const { axis = 'channel' } = options;
  const [first] = views;
  for (const view of views) requireFloats(who, { views: view });
  if (views.some((view) => view.shape.join() !== first.shape.join()))
    throw new RangeError(`${who}: views ${views.map((v) => showShape(v.shape)).join(', ')} must have one shape`);
  const size = first.shape[axis === 'channel' ? 0 : 1];
  const { traceWeight = Math.max(0, 0.01 * (Math.log2(size) - 3)) } = options;
  requireNumber(who, 'traceWeight', traceWeight, { low: 0 });
  const white = views.map((view) => iterativeWhitening(view, options));
  return { white, penalty: (x: Tensor) => whiteningTraceLoss(x, { axis }).mul(traceWeight) };
}

/**
 * INTL: the mean over views v after the first of 2 - 2 cos(X_v, X_0) + beta (TL(X_v) + TL(X_0)), X the views whitened each by itself
 * ({@link iterativeWhitening}), the cosine's mean over samples, TL the {@link whiteningTraceLoss}, which evens out the spectrum of the
 * embeddings. All views have gradients. Weng et al. 2024.
 *
 * @param views embeddings of two or more views of the same samples, [n, d] each.
 * @returns a scalar.
 * @throws RangeError where arguments or options do not fit.
 */
export function intl(views: readonly Tensor[], options: IntlOptions = {}): Tensor {
  if (views.length < 2) throw new RangeError(`intl: ${views.length} views; there must be two or more`);
  const { white, penalty } = parts('intl', views, options);
  const [reference, ...others] = white;
  const losses = others.map((x) => misalignment(x, reference).add(penalty(x)));
  return losses
    .reduce((a, b) => a.add(b))
    .div(losses.length)
    .add(penalty(reference));
}

/**
 * INTL with a momentum encoder: the mean over views of 2 - 2 cos(X_v, X_0) + beta TL(X_v), X_0 the whitened embeddings by the momentum
 * encoder, a constant. Weng et al. 2024, for several crops.
 *
 * @param views embeddings of one or more views, [n, d] each; `reference` by the momentum encoder, [n, d].
 * @returns a scalar.
 * @throws RangeError where arguments or options do not fit.
 */
export function intlMomentum(views: readonly Tensor[], reference: Tensor, options: IntlOptions = {}): Tensor {
  if (views.length < 1) throw new RangeError('intlMomentum: no views');
  const { white, penalty } = parts('intlMomentum', [reference.stopGradient(), ...views], options);
  const [target, ...others] = white;
  const losses = others.map((x) => misalignment(x, target).add(penalty(x)));
  return losses.reduce((a, b) => a.add(b)).div(losses.length);
}
