import { ndarray } from '../array.js';
import { normalizeAxis, showShape } from '../shape.js';
import { apply, type Operator, type Tensor } from '../tensor.js';
import { constant, integersOf, requireFloat } from './constant.js';
import { concat, stack } from './slicing.js';

/** Along the axis given as a constant input; real numbers ([..., 1]) or pairs ([..., 2]) in, pairs out. */
const DFT: Operator<{ inverse: number; onesided: number }> = {
  type: 'DFT',
  domain: '',
  infer: ([x]) => ({ shape: [...x.shape.slice(0, -1), 2], dtype: x.dtype }),
  // The transform's matrix is symmetric, so its adjoint is the other transform but for the factor n that the inverse divides by.
  vjp: ([ct], { inputs: [x, , axis], attributes: { inverse } }) => {
    const n = x.shape[integersOf('DFT', axis)[0]];
    const back = transform(ct, integersOf('DFT', axis)[0], 1 - inverse).mul(inverse ? 1 / n : n);
    return [x.shape[x.rank - 1] === 1 ? back.slice([...x.shape.slice(0, -1).map(() => null), [0, 1]]) : back];
  },
};

function transform(x: Tensor, axis: number, inverse: number): Tensor {
  const along = constant(ndarray(BigInt64Array.of(BigInt(axis)), { shape: [] }));
  // The second input, a length to cut or pad to, is left out.
  return apply(DFT, [x, undefined as unknown as Tensor, along], { inverse, onesided: 0 });
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
  return transform(x, checked('fft', x, axis), 0);
}

/** The inverse of {@link fft}: 1/n times the sum with the other sign. */
export function ifft(x: Tensor, axis = -1): Tensor {
  return transform(x, checked('ifft', x, axis), 1);
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
  const whole = transform(x.expandDims(-1), x.rank - 1, 0);
  return whole.slice([...x.shape.slice(0, -1).map(() => null), [0, Math.floor(n / 2) + 1], null]);
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
  const lead = x.shape.slice(0, axis).map(() => null);
  const mirrored = conjugate(x.slice([...lead, [1, length - k + 1], null])).flip(axis);
  // The imaginary parts of the coefficients that are their own conjugates do not count: the result's real part is taken.
  return transform(concat([x, mirrored], axis), axis, 1).at(0, -1);
}

/** Real numbers as complex ones: [...] to [..., 2]. */
export function complex(real: Tensor, imaginary: Tensor = real.zerosLike()): Tensor {
  return stack([real, imaginary], -1);
}

/** The conjugates of x [..., 2]. */
export function conjugate(x: Tensor): Tensor {
  return x.mul(constant([1, -1], x.dtype));
}

/** Products of complex numbers [..., 2], broadcast. */
export function complexMul(x: Tensor, y: Tensor): Tensor {
  const [a, b, c, d] = [x.at(0, -1), x.at(1, -1), y.at(0, -1), y.at(1, -1)];
  return complex(a.mul(c).sub(b.mul(d)), a.mul(d).add(b.mul(c)));
}

/** Absolute values of complex numbers: [..., 2] to [...]. The gradient at 0 is 0. */
export function complexAbs(x: Tensor): Tensor {
  return x.norm(-1);
}
