import { normal, uniform } from '../../runtime/random/index.js';
import { type Corruption, eachPixel, strengthOf } from './images.js';

/** Normal noise is added to every pixel, of deviation 0.04, 0.06, 0.08, 0.09 or 0.10 of the range. */
export const gaussianNoise: Corruption = (images, { severity, key }) => {
  const deviation = strengthOf('gaussianNoise', images, severity, [0.04, 0.06, 0.08, 0.09, 0.1]);
  const noise = normal(key, images.shape).data;
  return eachPixel(images, (v, i) => v + deviation * noise[i]);
};

/** Normal noise in proportion to each pixel: v + v e with e of deviation 0.06, 0.10, 0.12, 0.16 or 0.20. */
export const speckleNoise: Corruption = (images, { severity, key }) => {
  const deviation = strengthOf('speckleNoise', images, severity, [0.06, 0.1, 0.12, 0.16, 0.2]);
  const noise = normal(key, images.shape).data;
  return eachPixel(images, (v, i) => v + deviation * v * noise[i]);
};

/** The noise of counting light: a Poisson number of mean c v, over c, with c 500, 250, 100, 75 or 50 photons for white. */
export const shotNoise: Corruption = (images, { severity, key }) => {
  const photons = strengthOf('shotNoise', images, severity, [500, 250, 100, 75, 50]);
  const draws = uniform(key, images.shape).data;
  const tables = new Map<number, Float64Array>();
  return eachPixel(images, (v, i) => {
    const mean = v * photons;
    const table = tables.get(mean) ?? poissonDistribution(mean);
    tables.set(mean, table);
    return firstAbove(table, draws[i]) / photons;
  });
};

/** Salt and pepper: 1%, 2%, 3%, 5% or 7% of the pixels, each channel by itself, become black or white, as likely the one as the other. */
export const impulseNoise: Corruption = (images, { severity, key }) => {
  const share = strengthOf('impulseNoise', images, severity, [0.01, 0.02, 0.03, 0.05, 0.07]);
  const draws = uniform(key, images.shape).data;
  return eachPixel(images, (v, i) => (draws[i] >= share ? v : draws[i] < share / 2 ? 0 : 1));
};

/** P(X <= k) for k = 0, 1, ... of a Poisson number, until nothing is left that a draw could tell from 1. */
function poissonDistribution(mean: number): Float64Array {
  const cumulative: number[] = [];
  let [term, total] = [Math.exp(-mean), 0];
  for (let k = 0; ; k++, term *= mean / k) {
    total += term;
    cumulative.push(total);
    if (k > mean && term < 1e-12) return Float64Array.from(cumulative);
  }
}

/** The first position whose element is above x, by halving; the last one where none is. */
function firstAbove(ascending: Float64Array, x: number): number {
  let [low, high] = [0, ascending.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (ascending[middle] > x) high = middle;
    else low = middle + 1;
  }
  return low;
}
