import { showShape, type Tensor } from '../../tensor/index.js';
import { requireFloats, requireNumber } from '../checks.js';
import { reduce } from '../reduction.js';
import { overPairs, type PairwiseOptions, requirePairs, unitRows, withoutSelf } from './pairwise.js';

/**
 * Alignment of positive pairs: the mean of |x_i - y_i|^alpha. Wang and Isola 2020, section 4.1.1. Rows are taken as they are: give them length 1.
 *
 * @param x [n, d]; `y` of the same shape.
 * @param options exponent alpha, positive, default 2. For another than 2 the gradient of a pair of equal rows is 0.
 * @throws TypeError or RangeError where arguments or options do not fit.
 */
export function alignment(x: Tensor, y: Tensor, { exponent = 2 }: { readonly exponent?: number } = {}): Tensor {
  requirePairs('alignment', x, y);
  if (!(exponent > 0)) throw new RangeError(`alignment: exponent ${exponent} must be positive`);
  const square = x.sub(y).square().sum(1);
  if (exponent === 2) return reduce(square);
  const same = square.equal(0);
  return reduce(same.where(0, same.where(1, square).pow(exponent / 2)));
}

/**
 * Uniformity of embeddings on the sphere: the logarithm of the mean over pairs of different rows of exp(-t |x_i - x_j|^2); 0 where all rows are
 * equal, the lower the more even. Wang and Isola 2020, section 4.1.2. Rows are taken as they are: give them length 1.
 *
 * @param x [n, d], n at least 2.
 * @param options t, positive, default 2; `chunk` compares so many rows at a time.
 * @throws TypeError or RangeError where arguments or options do not fit.
 */
export function uniformity(x: Tensor, { t = 2, chunk }: { readonly t?: number } & PairwiseOptions = {}): Tensor {
  requireUniformity('uniformity', x, t);
  // -t |x_i - x_j|^2 = 2 t x_i . x_j - t |x_i|^2 - t |x_j|^2
  const squares = x.square().sum(1).mul(t);
  const perRow = overPairs(
    'uniformity',
    x.mul(2 * t),
    x,
    (products, rows) => withoutSelf(products.sub(squares), rows).logSumExp(1).sub(squares.gather(rows)),
    { chunk },
  );
  return perRow.logSumExp(0).sub(logPairs(x));
}

/** Up to this t the sums over all rows of exp(2 t cos) are far from what float32 holds. */
const mostPlainT = 20;

/**
 * {@link uniformity} of rows that were given length 1: exponents within 4 t need no largest one taken off, and the derivative of a plain sum is
 * known up to a factor before the sum is, so that chunks multiply no more often than all at once.
 */
function uniformityOfUnitRows(x: Tensor, t: number, chunk: number | undefined): Tensor {
  requireUniformity('alignUniform', x, t);
  // exp(-t |x_i|^2): the same for all but zero rows, and unmoved as lengths are.
  const weights = x.square().sum(1).mul(-t).exp().stopGradient();
  const perRow = overPairs(
    'alignUniform',
    x.mul(2 * t),
    x,
    (products, rows) => withoutSelf(products, rows).exp().matmul(weights).mul(weights.gather(rows)),
    { chunk },
  );
  return perRow.sum().log().sub(logPairs(x));
}

const logPairs = ({ shape: [n] }: Tensor): number => Math.log(n * (n - 1));

function requireUniformity(who: string, x: Tensor, t: number): void {
  requireFloats(who, { x });
  if (x.rank !== 2 || x.shape[0] < 2)
    throw new RangeError(`${who}: x ${showShape(x.shape)} must be [n, d] with two rows or more`);
  if (!(t > 0)) throw new RangeError(`${who}: t ${t} must be positive`);
}

export interface AlignUniformOptions extends PairwiseOptions {
  /** Default 1. */
  readonly alignWeight?: number;
  /** Default 1. */
  readonly uniformWeight?: number;
  /** Exponent alpha of the distances of positive pairs. Default 2. */
  readonly exponent?: number;
  /** Default 2. */
  readonly t?: number;
  /** Give rows length 1 first. Default true. */
  readonly normalize?: boolean;
}

/**
 * What contrastive learning does in the limit of many negatives, as two terms: alignment of the pairs plus the uniformity of either side,
 * averaged. Wang and Isola 2020, figure 6.
 *
 * @param x [n, d]; `y` of the same shape.
 * @throws TypeError or RangeError where arguments or options do not fit.
 */
export function alignUniform(x: Tensor, y: Tensor, options: AlignUniformOptions = {}): Tensor {
  const { alignWeight = 1, uniformWeight = 1, exponent, t = 2, normalize = true, chunk } = options;
  requirePairs('alignUniform', x, y);
  const [a, b] = [x, y].map((rows) => unitRows(rows, normalize));
  const uniform = (rows: Tensor) =>
    normalize && t <= mostPlainT ? uniformityOfUnitRows(rows, t, chunk) : uniformity(rows, { t, chunk });
  const even = uniform(a).add(uniform(b)).mul(0.5);
  return alignment(a, b, { exponent }).mul(alignWeight).add(even.mul(uniformWeight));
}

/**
 * The least uniformity that a distribution on the sphere in d dimensions has, that of the even one: log of e^(-2 t) 0F1(; d / 2; t^2). A batch can
 * fall below it, as no row meets itself. Towards -2 t in many dimensions.
 *
 * @param dimension d, at least 2; `t` above 0 and at most 1e6.
 * @throws RangeError where arguments or options do not fit.
 */
export function uniformityOptimum(dimension: number, t = 2): number {
  if (!Number.isInteger(dimension) || dimension < 2)
    throw new RangeError(`uniformityOptimum: dimension ${dimension} must be an integer of at least 2`);
  requireNumber('uniformityOptimum', 't', t, { low: 0, high: 1e6, open: true });
  // Logarithms of a term and of the sum so far: terms grow up to k near t, for large t beyond all numbers.
  let [term, sum] = [0, 0];
  for (let k = 1; k <= t || term > sum - 42; k++) {
    term += Math.log((t * t) / (k * (dimension / 2 + k - 1)));
    sum = Math.max(sum, term) + Math.log1p(Math.exp(-Math.abs(sum - term)));
  }
  return sum - 2 * t;
}
