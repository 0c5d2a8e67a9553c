import { normalizeAxis, showShape } from '../shape.js';
import type { Tensor } from '../tensor.js';
import { constant, requireFloat } from './constant.js';
import { fourierSums, realInverse, realSums } from './fourier.js';
import { concat, stack } from './slicing.js';

export { complexMul } from './fourier.js';

/** The sums along an axis in front of the pairs. */
function transform(x: Tensor, axis: number, sign: 1 | -1): Tensor {
  return fourierSums(x.moveAxis(axis, -2), sign).moveAxis(-2, axis);
}

/** The axis among those in front of the pairs. */
function checked(who: string, x: Tensor, axis: number): number {
  requireFloat(who, 'x', x);
  if (x.rank < 2 || x.shape[x.rank - 1] !== 2)
    throw new RangeError(
      `${who}: x ${showShape(x.shape)} must be complex, [..., 2] with real and imaginary parts last`,
    );
  return normalizeAxis(who, axis, x.rank - 1);
}

/**
 * Discrete Fourier transform of complex numbers x [..., n, 2], real and imaginary parts last: X_k = sum over j of x_j e^(-2 pi i j k / n).
 *
 * @param axis among those in front of the pairs, default the last of them.
 */
export function fft(x: Tensor, axis = -1): Tensor {
  return transform(x, checked('fft', x, axis), -1);
}

/** The inverse of {@link fft}: 1/n times the sum with the other sign. */
export function ifft(x: Tensor, axis = -1): Tensor {
  const along = checked('ifft', x, axis);
  return transform(x, along, 1).mul(1 / Math.max(1, x.shape[along]));
}

/** Transform over the last two axes in front of the pairs, [..., h, w, 2]. */
export const fft2 = (x: Tensor): Tensor => fft(fft(x, -1), -2);
/** The inverse of {@link fft2}. */
export const ifft2 = (x: Tensor): Tensor => ifft(ifft(x, -1), -2);

/** Transform of real numbers x [..., n] along the last axis: its first n/2 + 1 coefficients, [..., floor(n/2) + 1, 2]; the others are their conjugates. */
export function rfft(x: Tensor): Tensor {
  requireFloat('rfft', 'x', x);
  if (x.rank < 1) throw new RangeError('rfft: x has no axis');
  const n = x.shape[x.rank - 1];
  const k = Math.floor(n / 2) + 1;
  return (
    realSums(x, k) ?? fourierSums(x.expandDims(-1), -1).slice([...x.shape.slice(0, -1).map(() => null), [0, k], null])
  );
}

/** The real numbers [..., n] whose {@link rfft} is x [..., floor(n/2) + 1, 2]; n is even, 2 (k - 1), unless given. */
export function irfft(x: Tensor, n?: number): Tensor {
  const axis = checked('irfft', x, -1);
  const k = x.shape[axis];
  const length = n ?? 2 * (k - 1);
  if (Math.floor(length / 2) + 1 !== k)
    throw new RangeError(
      `irfft: x ${showShape(x.shape)} has ${k} coefficients, ${length} numbers have ${Math.floor(length / 2) + 1}`,
    );
  const short = realInverse(x, length);
  if (short) return short;
  const lead = x.shape.slice(0, axis).map(() => null);
  const mirrored = conjugate(x.slice([...lead, [1, length - k + 1], null])).flip(axis);
  // The imaginary parts of the coefficients that are their own conjugates do not count: the result's real part is taken.
  return ifft(concat([x, mirrored], axis)).at(0, -1);
}

/** Real numbers as complex ones: [...] to [..., 2]. */
export function complex(real: Tensor, imaginary: Tensor = real.zerosLike()): Tensor {
  return stack([real, imaginary], -1);
}

/** The conjugates of x [..., 2]. */
export function conjugate(x: Tensor): Tensor {
  return x.mul(constant([1, -1], x.dtype));
}

/** Absolute values of complex numbers: [..., 2] to [...]. The gradient at 0 is 0. */
export function complexAbs(x: Tensor): Tensor {
  return x.norm(-1);
}
