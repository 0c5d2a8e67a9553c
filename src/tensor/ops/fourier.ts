import { castArray } from '../array.js';
import type { DType } from '../dtype.js';
import type { Tensor } from '../tensor.js';
import { constant } from './constant.js';
import { concat, stack } from './slicing.js';

/**
 * Fourier transforms as products with the transform's matrix: ONNX Runtime multiplies matrices at full speed in either precision, while its
 * own transform is a plain loop that is single precision inside for lengths that are no power of two.
 */

/** Up to this length a transform is one product; its matrix has (2 n)^2 numbers. */
const direct = 256;

/** Products of complex numbers [..., 2], broadcast. */
export function complexMul(x: Tensor, y: Tensor): Tensor {
  const [a, b, c, d] = [x.at(0, -1), x.at(1, -1), y.at(0, -1), y.at(1, -1)];
  return stack([a.mul(c).sub(b.mul(d)), a.mul(d).add(b.mul(c))], -1);
}

/**
 * Sums over j of x_j e^(sign 2 pi i j k / n) for x [..., n, 1] (real) or [..., n, 2]: [..., n, 2]. Lengths with divisors are taken apart
 * (Cooley and Tukey 1965), long primes turned into a convolution (Bluestein 1970).
 */
export function fourierSums(x: Tensor, sign: 1 | -1): Tensor {
  const n = x.shape[x.rank - 2];
  if (n <= direct) return product(x, matrix(n, x.shape[x.rank - 1], n, sign, x.dtype));
  const divisor = largestDivisor(n);
  return divisor > 1 ? split(x, n / divisor, divisor, sign) : convolved(x, sign);
}

/** The first k of the sums with sign -1, of real numbers x [..., n]: [..., k, 2]; undefined where n is too long for one product. */
export function realSums(x: Tensor, k: number): Tensor | undefined {
  const n = x.shape[x.rank - 1];
  return n * k <= 2 * direct * direct ? product(x.expandDims(-1), matrix(n, 1, k, -1, x.dtype)) : undefined;
}

/** The n real numbers of which x [..., k, 2] are the first k transforms; undefined where n is too long for one product. */
export function realInverse(x: Tensor, n: number): Tensor | undefined {
  const k = x.shape[x.rank - 2];
  if (n * k > 2 * direct * direct) return undefined;
  const values = new Float64Array(2 * k * n);
  for (let i = 0; i < k; i++) {
    // The coefficients that are not there are conjugates of those that are, but for the first and, of an even length, the last.
    const weight = (i === 0 || 2 * i === n ? 1 : 2) / n;
    for (let j = 0; j < n; j++) {
      const angle = (2 * Math.PI * ((i * j) % n)) / n;
      values[2 * i * n + j] = weight * Math.cos(angle);
      values[(2 * i + 1) * n + j] = -weight * Math.sin(angle);
    }
  }
  return x.reshape([...x.shape.slice(0, -2), 2 * k]).matmul(array(values, [2 * k, n], x.dtype));
}

function array(values: Float64Array, shape: readonly number[], dtype: DType): Tensor {
  return constant(castArray({ data: values, shape, dtype: 'float64' }, dtype));
}

/** x [..., n, parts] times a matrix [n parts, 2 k]: [..., k, 2]. */
function product(x: Tensor, by: Tensor): Tensor {
  const lead = x.shape.slice(0, -2);
  return x
    .reshape([...lead, by.shape[0]])
    .matmul(by)
    .reshape([...lead, by.shape[1] / 2, 2]);
}

/** Rows: real and, with two parts, imaginary part of each of n numbers; columns: those of each of the first k sums. */
function matrix(n: number, parts: number, k: number, sign: 1 | -1, dtype: DType): Tensor {
  const values = new Float64Array(n * parts * 2 * k);
  for (let j = 0; j < n; j++) {
    for (let i = 0; i < k; i++) {
      const angle = (2 * Math.PI * ((i * j) % n)) / n;
      const [cos, sin] = [Math.cos(angle), sign * Math.sin(angle)];
      const row = j * parts * 2 * k;
      values.set([cos, sin], row + 2 * i);
      if (parts === 2) values.set([-sin, cos], row + 2 * k + 2 * i);
    }
  }
  return array(values, [n * parts, 2 * k], dtype);
}

function largestDivisor(n: number): number {
  for (let d = Math.floor(Math.sqrt(n)); d > 1; d--) if (n % d === 0) return d;
  return 1;
}

/** With j = b j1 + j2 and k = k1 + a k2: transforms of length a over j1, a turn by j2 k1 / n, transforms of length b over j2. */
function split(x: Tensor, a: number, b: number, sign: 1 | -1): Tensor {
  const n = a * b;
  const lead = x.shape.slice(0, -2);
  const columns = x.reshape([...lead, a, b, -1]).swapAxes(-3, -2);
  const turns = unit(n, sign, [b, a], (at) => (Math.floor(at / a) * (at % a)) % n, x.dtype);
  const turned = complexMul(fourierSums(columns, sign), turns).swapAxes(-3, -2);
  return fourierSums(turned, sign)
    .swapAxes(-3, -2)
    .reshape([...lead, n, 2]);
}

/** As 2 j k = j^2 + k^2 - (k - j)^2 the sums are a convolution with e^(-sign pi i j^2 / n), which a power of two that holds it transforms. */
function convolved(x: Tensor, sign: 1 | -1): Tensor {
  const n = x.shape[x.rank - 2];
  let length = 1;
  while (length < 2 * n - 1) length *= 2;
  const square = (j: number) => (j * j) % (2 * n);
  const chirp = unit(2 * n, sign, [n], square, x.dtype);
  const kernel = unit(2 * n, sign === 1 ? -1 : 1, [2 * n - 1], (at) => square(Math.abs(at - n + 1)), x.dtype);
  const padded = (y: Tensor) =>
    y.pad(y.shape.map((m, i): [number, number] => (i === y.rank - 2 ? [0, length - m] : [0, 0])));
  const complexX = x.shape[x.rank - 1] === 2 ? x : concat([x, x.zerosLike()], -1);
  const transformed = complexMul(fourierSums(padded(complexMul(complexX, chirp)), -1), fourierSums(padded(kernel), -1));
  const sums = fourierSums(transformed, 1).mul(1 / length);
  return complexMul(sums.slice([...x.shape.slice(0, -2).map(() => null), [n - 1, 2 * n - 1]]), chirp);
}

/** Complex numbers e^(sign 2 pi i turn / n), [...shape, 2]. */
function unit(n: number, sign: 1 | -1, shape: number[], turn: (at: number) => number, dtype: DType): Tensor {
  const size = shape.reduce((a, b) => a * b, 1);
  const values = new Float64Array(2 * size);
  for (let at = 0; at < size; at++) {
    const angle = (2 * Math.PI * turn(at)) / n;
    values.set([Math.cos(angle), sign * Math.sin(angle)], 2 * at);
  }
  return array(values, [...shape, 2], dtype);
}
