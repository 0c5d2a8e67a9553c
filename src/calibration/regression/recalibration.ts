import { numbersOf, type Values } from '../../metrics/values.js';

/** A map R of [0, 1] onto itself that turns a predictive distribution function F into the calibrated one R(F(y)). */
export interface Recalibration {
  /** R(u). */
  readonly cdf: (u: number) => number;
  /** The least u with R(u) >= p: the calibrated quantile of level p is F's quantile of level `inverse(p)`. */
  readonly inverse: (p: number) => number;
}

/** A map that has a density, so that the calibrated distribution has one: F'(y) R'(F(y)). */
export interface SmoothRecalibration extends Recalibration {
  /** log R'(u): what recalibration adds to a log-likelihood. -Infinity where the slope is 0. */
  readonly logSlope: (u: number) => number;
}

/** Transforms of held-out data, clipped to [0, 1] and sorted. Fitting on training data would hide that the model is too sure. */
function sortedPits(who: string, pits: Values): Float64Array {
  const { data } = numbersOf(pits);
  if (data.some(Number.isNaN)) throw new RangeError(`${who}: pits must not be NaN`);
  return data.map((z) => Math.min(1, Math.max(0, z))).sort();
}

const identity: SmoothRecalibration = { cdf: (u) => u, inverse: (p) => p, logSlope: () => 0 };

/**
 * The share of transforms of held-out data that are at most u. A step function: it has no density. Of no transforms it is the identity.
 * Kuleshov et al. 2018; Dheur and Ben Taieb 2023 (Rec-EMP).
 *
 * @param pits F(y) of held-out data, in [0, 1].
 */
export function empiricalRecalibration(pits: Values): Recalibration {
  const z = sortedPits('empiricalRecalibration', pits);
  const n = z.length;
  if (n === 0) return identity;
  return {
    cdf: (u) => countAtMost(z, u) / n,
    // Rounding must not push p n beyond the whole number it is.
    inverse: (p) => (p <= 0 ? 0 : z[Math.min(n, Math.ceil(p * n - 1e-9)) - 1]),
  };
}

/** How many of the sorted numbers are at most u. */
function countAtMost(sorted: ArrayLike<number>, u: number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle] <= u) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * Straight lines through (0, 0), (Z_(k), k / (n + 1)) and (1, 1), of transforms of held-out data; equal ones are one point at the mean of their
 * heights, and those at 0 or 1 give way to the ends. Its quantiles are those of distributional conformal prediction. Of no transforms it is the
 * identity. Dheur and Ben Taieb 2023 (Rec-LIN).
 *
 * @param pits F(y) of held-out data, in [0, 1].
 */
export function linearRecalibration(pits: Values): SmoothRecalibration {
  const z = sortedPits('linearRecalibration', pits);
  const [x, y] = [[0], [0]];
  for (let k = 0; k < z.length; ) {
    const next = countAtMost(z, z[k]);
    if (z[k] > 0 && z[k] < 1) {
      x.push(z[k]);
      y.push((k + 1 + next) / 2 / (z.length + 1));
    }
    k = next;
  }
  x.push(1);
  y.push(1);
  const segment = (values: number[], at: number) =>
    Math.min(values.length - 2, Math.max(0, countAtMost(values, at) - 1));
  const line = (from: number[], to: number[], at: number) => {
    const i = segment(from, at);
    return to[i] + ((to[i + 1] - to[i]) * (at - from[i])) / (from[i + 1] - from[i]);
  };
  return {
    cdf: (u) => line(x, y, Math.min(1, Math.max(0, u))),
    inverse: (p) => line(y, x, Math.min(1, Math.max(0, p))),
    logSlope: (u) => {
      const i = segment(x, u);
      return Math.log((y[i + 1] - y[i]) / (x[i + 1] - x[i]));
    },
  };
}

export interface KernelRecalibrationOptions {
  /** Inverse width s of the logistic kernels. Default 100. */
  readonly steepness?: number;
}

/**
 * A smooth map: logistic kernels at the transforms of held-out data, reflected at 0 and 1 so that none of their mass is lost there. With K their
 * mean distribution function, G(u) = 1 - K(2 - u) + K(u) - K(-u) and R(u) = (G(u) - G(0)) / (G(1) - G(0)). Of no transforms it is the identity.
 * Dheur and Ben Taieb 2023 (Rec-KDE). O(n) for each call.
 *
 * @param pits F(y) of held-out data, in [0, 1]; a few thousand are enough.
 */
export function kernelRecalibration(pits: Values, options: KernelRecalibrationOptions = {}): SmoothRecalibration {
  const { steepness = 100 } = options;
  if (!(steepness > 0)) throw new RangeError(`kernelRecalibration: steepness ${steepness} must be positive`);
  const z = sortedPits('kernelRecalibration', pits);
  if (z.length === 0) return identity;
  const average = (kernel: (x: number) => number, u: number) =>
    z.reduce((total, at) => total + kernel(steepness * (u - at)), 0) / z.length;
  const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
  const K = (u: number) => average(sigmoid, u);
  const k = (u: number) => steepness * average((x) => sigmoid(x) * sigmoid(-x), u);
  const G = (u: number) => 1 - K(2 - u) + K(u) - K(-u);
  const [start, span] = [G(0), G(1) - G(0)];
  const cdf = (u: number) => (G(Math.min(1, Math.max(0, u))) - start) / span;
  return {
    cdf,
    inverse: (p) => {
      let [low, high] = [0, 1];
      while (high - low > 1e-15) {
        const middle = (low + high) / 2;
        if (middle === low || middle === high) break;
        if (cdf(middle) < p) low = middle;
        else high = middle;
      }
      return high;
    },
    logSlope: (u) => Math.log((k(2 - u) + k(u) + k(-u)) / span),
  };
}
