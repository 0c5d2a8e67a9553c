import { customGradient } from '../../autodiff/index.js';
import type { Tensor } from '../../tensor/index.js';

/**
 * The three steps of JPEG that have no useful derivative. {@link softArithmetic}, {@link straightThroughArithmetic} and
 * {@link exactArithmetic} are three ways to take them; others are objects with some of their functions replaced.
 */
export interface JpegArithmetic {
  /** To the nearest whole number: of coefficients over table entries. */
  readonly round: (x: Tensor) => Tensor;
  /** To the whole number below: of the scale and the scaled tables. */
  readonly floor: (x: Tensor) => Tensor;
  /** Into [low, high]: of tables and of pixels. */
  readonly clip: (x: Tensor, low: number, high: number) => Tensor;
}

/**
 * A smooth rounding: R(x) + (x - R(x))^3, R the nearest whole number, halves to even. Derivative 3 (x - R(x))^2: 0 at whole numbers, 3/4 half-way
 * between. Shin and Song 2017.
 */
export function softRound(x: Tensor): Tensor {
  const nearest = x.round().stopGradient();
  return nearest.add(x.sub(nearest).pow(3));
}

/** A smooth floor: {@link softRound} of x - 1/2. At whole numbers, where the floor jumps, it is 1/8 off to one side or the other. */
export function softFloor(x: Tensor): Tensor {
  return softRound(x.sub(0.5));
}

/**
 * Clipping that leaves a slope beyond the limits: low + slope (x - low) below, high + slope (x - high) above.
 *
 * @throws RangeError where arguments or options do not fit.
 */
export function softClip(x: Tensor, low: number, high: number, slope = 1e-3): Tensor {
  if (!(slope >= 0 && slope < Infinity)) throw new RangeError(`softClip: slope ${slope} must not be negative`);
  const below = x.less(low).where(x.sub(low).mul(slope).add(low), x);
  return x.greater(high).where(x.sub(high).mul(slope).add(high), below);
}

/** {@link softRound}, {@link softFloor}, {@link softClip}: what is computed is what is differentiated. */
export const softArithmetic: JpegArithmetic = { round: softRound, floor: softFloor, clip: softClip };

/** Rounding, floor and clipping as JPEG has them; no derivative flows through rounding and floor. */
export const exactArithmetic: JpegArithmetic = {
  round: (x) => x.round(),
  floor: (x) => x.floor(),
  clip: (x, low, high) => x.clip(low, high),
};

const cubicSlope = (x: Tensor): Tensor => x.sub(x.round()).square().mul(3);

/** The values of {@link exactArithmetic} with the derivatives of {@link softArithmetic}. */
export const straightThroughArithmetic: JpegArithmetic = {
  round: customGradient(exactArithmetic.round, (cotangent, [x]) => [cubicSlope(x).mul(cotangent)]),
  floor: customGradient(exactArithmetic.floor, (cotangent, [x]) => [cubicSlope(x.sub(0.5)).mul(cotangent)]),
  clip: (x, low, high) =>
    customGradient(
      (y: Tensor) => y.clip(low, high),
      (cotangent, [y]) => [y.greaterEqual(low).and(y.lessEqual(high)).where(cotangent, cotangent.mul(1e-3))],
    )(x),
};
