import { bisection } from '../../numerics/index.js';
import { arange, constant, isInteger, isTensor, showShape, stack, type Tensor } from '../../tensor/index.js';
import { requireFloats, requireNumber } from '../checks.js';
import { labelPairs } from '../metric/pair-masks.js';

/**
 * A conditional distribution p(j | i) over the columns j of each row i: its logarithm, [n, m], -Infinity where the probability is 0. A row
 * of -Infinity alone says nothing about its i.
 */
export type Kernel = Tensor;

type FloatDType = 'float32' | 'float64';

export interface KernelOptions {
  /** Whether p(i | i) = 0, for kernels of one set of points with itself. Default true. */
  readonly excludeSelf?: boolean;
}

/** log x, -Infinity and without a gradient at 0. */
function logOf(x: Tensor): Tensor {
  const zero = x.equal(0);
  return zero.where(-Infinity, zero.where(1, x).log());
}

/** Logits as a distribution over the columns that may be chosen; of the others they may say anything, but not NaN. */
function distribution(logits: Tensor, chosen: Tensor): Kernel {
  return chosen.where(logits.sub(logits.logSumExp(1, { where: chosen, keepDims: true })), -Infinity);
}

/** Which columns each row may choose, bool [n, m]. @throws RangeError unless the matrix is one of kernels. */
function columnsOf(who: string, name: string, matrix: Tensor, { excludeSelf = true }: KernelOptions): Tensor {
  requireFloats(who, { [name]: matrix });
  const [n, m] = matrix.shape;
  if (matrix.rank !== 2 || m === 0 || (excludeSelf && n !== m))
    throw new RangeError(
      `${who}: ${name} ${showShape(matrix.shape)} must be ${excludeSelf ? '[n, n]' : '[n, m], with columns'}`,
    );
  const self = arange(n).expandDims(1).equal(arange(m));
  return excludeSelf ? self.not() : self.or(self.not());
}

export interface GaussianKernelOptions extends KernelOptions {
  /** sigma: a positive number, or positive numbers, one a row, [n], as of {@link perplexityWidths}. Default 1. */
  readonly width?: number | Tensor;
}

/**
 * Gaussian kernel: p(j | i) in proportion to exp(-D_ij / (2 sigma^2)). Of squared Euclidean distances that of SNE (Hinton and Roweis
 * 2002); of cosine distances the softmax of cosines at the temperature 2 sigma^2; of minus inner products at sigma^2 = 1/2 the softmax
 * of logits.
 *
 * @param distances D, [n, m].
 */
export function gaussianKernel(distances: Tensor, options: GaussianKernelOptions = {}): Kernel {
  const { width = 1 } = options;
  const chosen = columnsOf('gaussianKernel', 'distances', distances, options);
  return distribution(distances.div(twiceSquare(width, distances)).neg(), chosen);
}

/** 2 sigma^2, to divide the rows of the distances by. */
function twiceSquare(width: number | Tensor, distances: Tensor): number | Tensor {
  if (!isTensor(width)) {
    requireNumber('gaussianKernel', 'width', width, { low: 0, open: true });
    return 2 * width * width;
  }
  if (width.shape.join() !== `${distances.shape[0]}`)
    throw new RangeError(`gaussianKernel: width ${showShape(width.shape)} must be [${distances.shape[0]}]`);
  return width.square().mul(2).expandDims(1);
}

/**
 * The width of each row's Gaussian kernel at which its entropy is log(perplexity), [n], by bisection; differentiable. Of a row with more
 * points than that at its least distance it is close to 0, without a derivative. Hinton and Roweis 2002.
 *
 * @param distances D, [n, n]; self is left out.
 * @param perplexity effective number of neighbours, above 1 and below n - 1.
 * @throws RangeError where arguments or options do not fit.
 */
export function perplexityWidths(distances: Tensor, perplexity: number): Tensor {
  const others = columnsOf('perplexityWidths', 'distances', distances, {});
  const [n] = distances.shape;
  if (!(perplexity > 1 && perplexity < n - 1))
    throw new RangeError(`perplexityWidths: perplexity ${perplexity} must lie above 1 and below ${n - 1}`);
  // Sought as a power of e, times the root of the row's own mean distance.
  const typical = distances.mean(1).maximum(1e-12).sqrt().stopGradient();
  const excess = (exponent: Tensor, d: Tensor) =>
    kernelEntropy(gaussianKernel(d, { width: exponent.exp().mul(typical) })).sub(Math.log(perplexity));
  const most = typical.onesLike().mul(10);
  const nearest = others.where(distances, Infinity).min(1, { keepDims: true });
  const none = others.and(distances.equal(nearest)).cast(distances.dtype).sum(1).greaterEqual(perplexity);
  // Any numbers that have a width, in rows that have none: what is not taken must not be NaN either.
  const some = none.expandDims(1).where(arange(n).cast(distances.dtype), distances);
  const exponent = bisection(excess, some, most.neg(), most);
  return none.where(most.neg(), exponent).exp().mul(typical);
}

/**
 * The entropy of each row, -sum_j p(j | i) log p(j | i), in nats, [n].
 *
 * @throws TypeError or RangeError where arguments or options do not fit.
 */
export function kernelEntropy(kernel: Kernel): Tensor {
  requireFloats('kernelEntropy', { kernel });
  const possible = kernel.greater(-Infinity);
  const log = possible.where(kernel, 0);
  return possible.where(log.exp().mul(log), 0).sum(1).neg();
}

export interface StudentKernelOptions extends KernelOptions {
  /** gamma, above 0. Default 1. */
  readonly width?: number;
  /** Degrees of freedom, above 0. Default 1, as in t-SNE. */
  readonly degrees?: number;
}

/**
 * Student's kernel: p(j | i) in proportion to (1 + D_ij / gamma^2)^(-(degrees + 1) / 2), with the defaults the 1 / (1 + D) of t-SNE,
 * normalised row by row. Van der Maaten and Hinton 2008.
 *
 * @param distances squared Euclidean distances D, [n, m].
 * @throws RangeError where arguments or options do not fit.
 */
export function studentKernel(distances: Tensor, options: StudentKernelOptions = {}): Kernel {
  const { width = 1, degrees = 1 } = options;
  requireNumber('studentKernel', 'width', width, { low: 0, open: true });
  requireNumber('studentKernel', 'degrees', degrees, { low: 0, open: true });
  const chosen = columnsOf('studentKernel', 'distances', distances, options);
  const logits = distances
    .div(width * width)
    .log1p()
    .mul(-(degrees + 1) / 2);
  return distribution(logits, chosen);
}

/**
 * Evenly over the columns at which the mask is true: any graph.
 *
 * @param mask bool [n, m]. @param dtype of the kernel, default float32, as of all kernels that are made of labels.
 * @throws RangeError where arguments or options do not fit.
 */
export function graphKernel(mask: Tensor, dtype: FloatDType = 'float32'): Kernel {
  if (mask.dtype !== 'bool' || mask.rank !== 2)
    throw new RangeError(`graphKernel: mask ${mask.dtype}${showShape(mask.shape)} must be bool [n, m]`);
  return mask.where(mask.cast(dtype).sum(1, { keepDims: true }).maximum(1).log().neg(), -Infinity);
}

function requireLabelVector(who: string, labels: Tensor): void {
  if (!isInteger(labels.dtype) || labels.rank !== 1)
    throw new RangeError(`${who}: labels ${labels.dtype}${showShape(labels.shape)} must be integers [n]`);
}

/**
 * Evenly over the other rows of one's label, [n, n]. Where labels are numbers of samples, of which several rows are views: over the other
 * views.
 *
 * @param labels integers [n].
 * @throws RangeError where arguments or options do not fit.
 */
export function labelKernel(labels: Tensor, dtype?: FloatDType): Kernel {
  requireLabelVector('labelKernel', labels);
  return graphKernel(labelPairs(labels).positive, dtype);
}

/** All on one's own class, [n, classes]. @param labels integers [n], from 0. @throws RangeError where arguments or options do not fit. */
export function classKernel(labels: Tensor, classes: number, dtype?: FloatDType): Kernel {
  requireLabelVector('classKernel', labels);
  return graphKernel(labels.oneHot(classes, 'bool'), dtype);
}

/**
 * Evenly over the k nearest others. @param distances [n, n]. @param k from 1 to n - 1.
 *
 * @throws RangeError where arguments or options do not fit.
 */
export function neighbourKernel(distances: Tensor, k: number): Kernel {
  const others = columnsOf('neighbourKernel', 'distances', distances, {});
  const [n] = distances.shape;
  if (!Number.isInteger(k) || k < 1 || k >= n)
    throw new RangeError(`neighbourKernel: k ${k} must be an integer from 1 to ${n - 1}`);
  const [, nearest] = others.where(distances, Infinity).topK(k, 1, { largest: false });
  return graphKernel(nearest.oneHot(n, 'bool').any(1), distances.dtype as FloatDType);
}

/**
 * Two points by the clusters that they share: p(j | i) = sum_c r_ic r_jc / sum_k r_kc, i itself among the j; rows sum to 1. Where
 * assignments are hard, evenly over one's cluster. A cluster without points adds nothing.
 *
 * @param assignments r, probabilities of clusters, [n, clusters], rows summing to 1.
 * @throws TypeError or RangeError where arguments or options do not fit.
 */
export function clusterKernel(assignments: Tensor): Kernel {
  requireFloats('clusterKernel', { assignments });
  if (assignments.rank !== 2)
    throw new RangeError(`clusterKernel: assignments ${showShape(assignments.shape)} must be [n, clusters]`);
  const sizes = assignments.sum(0, { keepDims: true });
  const empty = sizes.equal(0);
  return logOf(assignments.div(empty.where(1, sizes)).matmul(assignments.swapAxes(0, 1)));
}

/**
 * A kernel mixed with the even one, log((1 - alpha) p + alpha / m): the paper's debiasing, of the supervision or of what is learned (those
 * are two objectives). Rows that say nothing stay so.
 *
 * @param share alpha, in [0, 1].
 * @param options `excludeSelf`: whether the even kernel leaves self out, and m is n - 1. Default false.
 * @throws RangeError where arguments or options do not fit.
 */
export function mixUniform(kernel: Kernel, share: number, { excludeSelf = false }: KernelOptions = {}): Kernel {
  requireNumber('mixUniform', 'share', share, { low: 0, high: 1 });
  const chosen = columnsOf('mixUniform', 'kernel', kernel, { excludeSelf });
  if (share === 0) return kernel;
  const m = kernel.shape[1] - (excludeSelf ? 1 : 0);
  const even = chosen.where(constant(Math.log(share / m), kernel.dtype), -Infinity);
  const speaks = kernel.greater(-Infinity).any(1, { keepDims: true });
  if (share === 1) return speaks.where(even, -Infinity);
  const mixed = stack([kernel.add(Math.log(1 - share)), even]).logSumExp(0);
  return speaks.where(mixed, -Infinity);
}

/**
 * In proportion to p + p^2 + ... + p^steps: where random walks of up to so many steps end, those left out that come to a row that says nothing.
 *
 * @param kernel [n, n]. @param steps at least 1.
 * @throws RangeError where arguments or options do not fit.
 */
export function propagate(kernel: Kernel, steps: number): Kernel {
  columnsOf('propagate', 'kernel', kernel, {});
  if (!Number.isInteger(steps) || steps < 1)
    throw new RangeError(`propagate: steps ${steps} must be a positive integer`);
  const step = kernel.exp();
  const powers = [step];
  for (let k = 1; k < steps; k++) powers.push(powers[k - 1].matmul(step));
  const walks = powers.reduce((a, b) => a.add(b));
  const total = walks.sum(1, { keepDims: true });
  return logOf(walks.div(total.equal(0).where(1, total)));
}
