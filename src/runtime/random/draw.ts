import { exp, log } from './math.js';
import { normalCumulative, normalQuantile } from './normal.js';
import { threefry } from './threefry.js';

/**
 * The distributions, element by element: each fills an array from the two words of a key. Element i depends on the key and on i
 * alone, so a longer draw begins with the shorter one.
 */
export type Draw<P> = (
  k0: number,
  k1: number,
  out: Float32Array | Float64Array | Int32Array | Uint8Array,
  params: P,
) => void;

/** For distributions that have no parameters. */
export type NoParams = Record<string, never>;

/** Independent random words. */
export function words(k0: number, k1: number, count: number): Uint32Array {
  const out = new Uint32Array(count);
  threefry(k0, k1, 0, 0, out);
  return out;
}

/** Uniform in [0, 1) with 53 random bits, one a pair of words. */
function unit53(high: number, low: number): number {
  return ((high >>> 5) * 67108864 + (low >>> 6)) / 9007199254740992;
}

/** Uniform in (0, 1), never 0 or 1, from one word. */
function open(word: number): number {
  return (word + 0.5) / 4294967296;
}

const view = new DataView(new ArrayBuffer(8));

/** The largest float32 below x, itself a float32. */
function below32(x: number): number {
  view.setFloat32(0, x);
  const bits = view.getInt32(0);
  view.setInt32(0, x > 0 ? bits - 1 : x < 0 ? bits + 1 : 0x80000001 | 0);
  return view.getFloat32(0);
}

/** The largest float64 below x. */
function below64(x: number): number {
  view.setFloat64(0, x);
  const bits = view.getBigInt64(0);
  view.setBigInt64(0, x > 0 ? bits - 1n : x < 0 ? bits + 1n : 1n - (1n << 63n));
  return view.getFloat64(0);
}

export const uniform: Draw<{ low: number; high: number }> = (k0, k1, out, { low, high }) => {
  const range = high - low;
  // Rounding may reach the end that is excluded.
  if (out instanceof Float64Array) {
    const w = words(k0, k1, out.length * 2);
    for (let i = 0; i < out.length; i++) {
      out[i] = low + range * unit53(w[2 * i], w[2 * i + 1]);
      if (out[i] >= high) out[i] = below64(high);
    }
    return;
  }
  const w = words(k0, k1, out.length);
  for (let i = 0; i < out.length; i++) {
    out[i] = low + range * ((w[i] >>> 8) / 16777216);
    if (out[i] >= high) out[i] = below32(out[i]);
  }
};

export const normal: Draw<{ mean: number; deviation: number }> = (k0, k1, out, { mean, deviation }) => {
  const w = words(k0, k1, out.length);
  for (let i = 0; i < out.length; i++) out[i] = mean + deviation * normalQuantile(open(w[i]));
};

export const truncatedNormal: Draw<{ lower: number; upper: number; mean: number; deviation: number }> = (
  k0,
  k1,
  out,
  { lower, upper, mean, deviation },
) => {
  if (lower > 0) {
    // Probabilities near 1 have few digits left: an interval in the upper tail is drawn as its mirror image.
    truncatedNormal(k0, k1, out, { lower: -upper, upper: -lower, mean, deviation: -deviation });
    return;
  }
  const w = words(k0, k1, out.length);
  const from = normalCumulative(lower);
  const range = normalCumulative(upper) - from;
  for (let i = 0; i < out.length; i++) {
    out[i] = mean + deviation * Math.min(upper, Math.max(lower, normalQuantile(from + range * open(w[i]))));
  }
};

export const bernoulli: Draw<{ probability: number }> = (k0, k1, out, { probability }) => {
  const w = words(k0, k1, out.length);
  const limit = probability * 4294967296;
  for (let i = 0; i < out.length; i++) out[i] = w[i] < limit ? 1 : 0;
};

const attempt = new Uint32Array(2);
/** The upper counter word of an element's first attempt; the next ones count on from here. */
const attempts = 0x40000000;

/**
 * A whole number from 0 to range - 1, for a range up to 2^32, all exactly equally likely: the integer part of U range, where U is
 * the 53 bits N of two words over 2^53. The 2^53 values of N do not divide evenly, so those for which N range mod 2^53 is less than
 * 2^53 mod range are refused (Lemire 2019, "Fast random integer generation in an interval") and element i goes on to attempts of
 * its own.
 */
export function wholeBelow(range: number, high: number, low: number, k0: number, k1: number, i: number): number {
  const scaled = unit53(high, low) * range;
  // A refused N lies within range/2^53 above a whole number, and the product's rounding moves it by no more than as much.
  if (Math.abs(scaled - Math.round(scaled)) > range / 4503599627370496) return Math.floor(scaled);
  const refused = (1n << 53n) % BigInt(range);
  for (let a = 0; ; a++) {
    const product = ((BigInt(high >>> 5) << 26n) | BigInt(low >>> 6)) * BigInt(range);
    if (BigInt.asUintN(53, product) >= refused) return Number(product >> 53n);
    threefry(k0, k1, i, attempts + a, attempt);
    [high, low] = attempt;
  }
}

export const randint: Draw<{ low: number; high: number }> = (k0, k1, out, { low, high }) => {
  const w = words(k0, k1, out.length * 2);
  const range = high - low;
  for (let i = 0; i < out.length; i++) out[i] = low + wholeBelow(range, w[2 * i], w[2 * i + 1], k0, k1, i);
};

export const exponential: Draw<{ rate: number }> = (k0, k1, out, { rate }) => {
  const w = words(k0, k1, out.length);
  for (let i = 0; i < out.length; i++) out[i] = -log(open(w[i])) / rate;
};

export const gumbel: Draw<NoParams> = (k0, k1, out) => {
  const w = words(k0, k1, out.length);
  for (let i = 0; i < out.length; i++) out[i] = -log(-log(open(w[i])));
};

/**
 * The logarithm of a gamma variate of the given shape and scale 1 (Marsaglia and Tsang 2000). Attempt a of element i has counters
 * of its own, so that a rejection disturbs no other element. Shapes below 1 are drawn one higher and multiplied by U^(1/shape), in
 * logarithms: for small shapes the variate itself underflows.
 */
function logGamma(k0: number, k1: number, i: number, shape: number): number {
  const boosted = shape < 1 ? shape + 1 : shape;
  const d = boosted - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (let a = 1; ; a++) {
    threefry(k0, k1, i, attempts + a, attempt);
    const x = normalQuantile(open(attempt[0]));
    const v = 1 + c * x;
    if (v <= 0) continue;
    const cube = v * v * v;
    if (log(open(attempt[1])) >= 0.5 * x * x + d - d * cube + d * log(cube)) continue;
    if (shape >= 1) return log(d * cube);
    threefry(k0, k1, i, attempts, attempt);
    return log(d * cube) + log(open(attempt[0])) / shape;
  }
}

export const gamma: Draw<{ concentration: number }> = (k0, k1, out, { concentration }) => {
  for (let i = 0; i < out.length; i++) out[i] = exp(logGamma(k0, k1, i, concentration));
};

export const beta: Draw<{ alpha: number; beta: number }> = (k0, k1, out, { alpha, beta: other }) => {
  for (let i = 0; i < out.length; i++) {
    const a = logGamma(k0, k1, 2 * i, alpha);
    const b = logGamma(k0, k1, 2 * i + 1, other);
    out[i] = 1 / (1 + exp(b - a));
  }
};

export const dirichlet: Draw<{ concentration: readonly number[] }> = (k0, k1, out, { concentration }) => {
  const n = concentration.length;
  for (let row = 0; row < out.length; row += n) {
    const logs = concentration.map((c, j) => logGamma(k0, k1, row + j, c));
    const peak = Math.max(...logs);
    const weights = logs.map((value) => exp(value - peak));
    const total = weights.reduce((a, b) => a + b, 0);
    for (let j = 0; j < n; j++) out[row + j] = weights[j] / total;
  }
};

/** Fisher and Yates' shuffle of 0 .. n - 1. */
export const permutation: Draw<NoParams> = (k0, k1, out) => {
  const w = words(k0, k1, out.length * 2);
  for (let i = 0; i < out.length; i++) out[i] = i;
  for (let i = out.length - 1; i > 0; i--) {
    const j = wholeBelow(i + 1, w[2 * i], w[2 * i + 1], k0, k1, i);
    const held = out[i];
    out[i] = out[j];
    out[j] = held;
  }
};
