import { exp, log, normalQuantile } from './math.js';
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

const view = new DataView(new ArrayBuffer(4));

/** The largest float32 below x. */
function below(x: number): number {
  view.setFloat32(0, x);
  const bits = view.getInt32(0);
  view.setInt32(0, x > 0 ? bits - 1 : x < 0 ? bits + 1 : 0x80000001 | 0);
  return view.getFloat32(0);
}

export const uniform: Draw<{ low: number; high: number }> = (k0, k1, out, { low, high }) => {
  const range = high - low;
  if (out instanceof Float64Array) {
    const w = words(k0, k1, out.length * 2);
    for (let i = 0; i < out.length; i++) out[i] = low + range * unit53(w[2 * i], w[2 * i + 1]);
    return;
  }
  const w = words(k0, k1, out.length);
  for (let i = 0; i < out.length; i++) {
    out[i] = low + range * ((w[i] >>> 8) / 16777216);
    // Rounding to float32 may reach the end that is excluded.
    if (out[i] >= high) out[i] = below(Math.fround(high) >= high ? high : out[i]);
  }
};

export const normal: Draw<{ mean: number; deviation: number }> = (k0, k1, out, { mean, deviation }) => {
  const w = words(k0, k1, out.length);
  for (let i = 0; i < out.length; i++) out[i] = mean + deviation * normalQuantile(open(w[i]));
};

/** Distribution function of the standard normal: 1/2 + density * (x + x^3/3 + x^5/15 + ...). */
export function normalCumulative(x: number): number {
  if (Math.abs(x) > 8) return x < 0 ? 0 : 1;
  let term = x;
  let sum = x;
  for (let k = 3; k < 400 && Math.abs(term) > 1e-18 * Math.abs(sum); k += 2) {
    term *= (x * x) / k;
    sum += term;
  }
  return 0.5 + (sum * exp((-x * x) / 2)) / Math.sqrt(2 * Math.PI);
}

export const truncatedNormal: Draw<{ lower: number; upper: number; mean: number; deviation: number }> = (
  k0,
  k1,
  out,
  { lower, upper, mean, deviation },
) => {
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

export const randint: Draw<{ low: number; high: number }> = (k0, k1, out, { low, high }) => {
  const w = words(k0, k1, out.length * 2);
  for (let i = 0; i < out.length; i++) out[i] = low + Math.floor(unit53(w[2 * i], w[2 * i + 1]) * (high - low));
};

export const exponential: Draw<{ rate: number }> = (k0, k1, out, { rate }) => {
  const w = words(k0, k1, out.length);
  for (let i = 0; i < out.length; i++) out[i] = -log(open(w[i])) / rate;
};

export const gumbel: Draw<object> = (k0, k1, out) => {
  const w = words(k0, k1, out.length);
  for (let i = 0; i < out.length; i++) out[i] = -log(-log(open(w[i])));
};

const attempt = new Uint32Array(2);
/** The upper counter word of an element's first attempt; the next ones count on from here. */
const attempts = 0x40000000;

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
export const permutation: Draw<object> = (k0, k1, out) => {
  const w = words(k0, k1, out.length * 2);
  for (let i = 0; i < out.length; i++) out[i] = i;
  for (let i = out.length - 1; i > 0; i--) {
    const j = Math.floor(unit53(w[2 * i], w[2 * i + 1]) * (i + 1));
    const held = out[i];
    out[i] = out[j];
    out[j] = held;
  }
};
