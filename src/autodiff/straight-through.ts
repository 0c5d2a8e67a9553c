import type { Tensor } from '../tensor/index.js';
import { customGradient } from './reverse.js';

/**
 * An elementwise function whose derivative is taken to be that of the identity: the value of `fn(x)`, the cotangent passed on as it is.
 * Bengio, Léonard and Courville 2013, section 2.2.
 *
 * @throws RangeError when `fn` changes the shape or dtype.
 */
export function straightThrough(fn: (x: Tensor) => Tensor): (x: Tensor) => Tensor {
  return customGradient(
    (x: Tensor) => {
      const y = fn(x);
      if (y.dtype !== x.dtype || y.shape.join() !== x.shape.join())
        throw new RangeError(`straightThrough: the function makes ${y} of ${x}; shape and dtype must stay`);
      return y;
    },
    (cotangent) => [cotangent],
  );
}

/** The nearest integer, halves to even; its derivative is taken to be 1. */
export const roundStraightThrough = straightThrough((x) => x.round());

/** The largest integer not above x; its derivative is taken to be 1. */
export const floorStraightThrough = straightThrough((x) => x.floor());

/** -1, 0 or 1; its derivative is taken to be 1 where |x| <= 1 and 0 beyond. Hubara et al. 2016, equation 4. */
export const signStraightThrough = customGradient(
  (x: Tensor) => x.sign(),
  (cotangent, [x]) => [x.abs().lessEqual(1).where(cotangent, 0)],
);

/** `x` between `low` and `high`; its derivative is taken to be 1 everywhere, so that what lies beyond can come back. */
export const clipStraightThrough = (x: Tensor, low: number, high: number): Tensor =>
  straightThrough((y) => y.clip(low, high))(x);

/** `x` itself; its derivative is -scale (default 1). Ganin and Lempitsky 2015, equations 7 and 8. */
export const reverseGradient = (x: Tensor, scale = 1): Tensor =>
  customGradient(
    (y: Tensor) => y,
    (cotangent) => [cotangent.mul(-scale)],
  )(x);
