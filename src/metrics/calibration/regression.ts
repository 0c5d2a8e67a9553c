import { mean, numbersOf, pairOf, type Values } from '../values.js';

export interface PceOptions {
  /** Number of levels (j - 1/2) / M. Default 100. */
  readonly levels?: number;
  /** Exponent p of the differences. Default 1. */
  readonly power?: number;
}

/**
 * Probabilistic calibration error: mean over levels a_j = (j - 1/2) / M of |a_j - share of Z_i <= a_j|^p, Z = F(y) the probability integral
 * transforms of predictive distribution functions at what came true. 0 is best; 1/4 (M even, p = 1) where all are 1/2. Dheur and Ben Taieb 2023.
 *
 * @param pits in [0, 1], some.
 * @throws RangeError where arguments or options do not fit.
 */
export function probabilisticCalibrationError(pits: Values, options: PceOptions = {}): number {
  const { levels = 100, power = 1 } = options;
  const z = numbersOf(pits).data;
  if (z.length === 0) throw new RangeError('probabilisticCalibrationError: there must be transforms');
  const level = Array.from({ length: levels }, (_, j) => (j + 0.5) / levels);
  return mean(level.map((a) => Math.abs(a - z.filter((x) => x <= a).length / z.length) ** power));
}

/** Share of targets within [lower, upper], all of one shape. @throws RangeError where arguments or options do not fit. */
export function intervalCoverage(lower: Values, upper: Values, targets: Values): number {
  const [low, y] = pairOf('intervalCoverage', lower, targets);
  const [high] = pairOf('intervalCoverage', upper, targets);
  return mean(y.data.map((t, i) => (t >= low.data[i] && t <= high.data[i] ? 1 : 0)));
}

/** Mean width of intervals: of two that cover alike, the narrower says more. @throws RangeError where arguments or options do not fit. */
export function meanIntervalWidth(lower: Values, upper: Values): number {
  const [low, high] = pairOf('meanIntervalWidth', lower, upper);
  return mean(high.data.map((u, i) => u - low.data[i]));
}
