import { vmap } from '../../autodiff/index.js';
import { normal } from '../../runtime/random/index.js';
import { isFloat, type Shape, showShape, type Tensor } from '../../tensor/index.js';
import type { AttributionMap } from './gradient-map.js';

export interface SmoothGradOptions {
  /** Noisy copies n of each input, which go through the map together. Default 25, as in the authors' code; beyond 50 little changes. */
  readonly samples?: number;
  /**
   * Deviation of the noise as a share of max(x) - min(x) of each sample, not negative. Default 0.15, as in the authors' code; 0.1 to 0.2 is
   * useful. For a deviation of its own give noise to {@link smoothedMaps}.
   */
  readonly spread?: number;
}

/** Moments of an attribution map over noisy copies of the input, each of its shape. */
export interface SmoothedMaps {
  /** SmoothGrad: the mean of the maps. */
  readonly mean: Tensor;
  /** The mean of their squares. */
  readonly square: Tensor;
  /** The mean squared deviation from their mean, with n in the denominator: `square` - `mean`^2. */
  readonly variance: Tensor;
}

/**
 * SmoothGrad: the mean of an attribution map M over noisy copies of the input,
 *
 *   SG(x) = 1/n sum over k of M(x + e_k),   e_k ~ N(0, sigma^2 I),   sigma = spread (max(x) - min(x)) of each sample.
 *
 * With M the gradient of a score it tends to the gradient of the score smoothed by that noise. Noisy copies are not clipped to the range of
 * the input. A constant input has sigma = 0: its map comes back as it is. Smilkov et al. 2017 (arXiv 1706.03825).
 *
 * Note that the authors' code averages squares by default: {@link smoothGradSquared}.
 *
 * @param map as {@link gradientMap}, or any other that keeps the shape of x.
 * @param x floats [n, ...], in whatever range the model takes.
 * @param key of the noise.
 * @returns a tensor of the shape of x.
 * @throws RangeError where x has no values for a sample, or an option is out of range.
 */
export function smoothGrad(map: AttributionMap, x: Tensor, key: Tensor, options: SmoothGradOptions = {}): Tensor {
  return smoothedMaps(map, x, smoothingNoise(x, key, options)).mean;
}

/**
 * SmoothGrad-Squared: the mean of the squares of an attribution map over noisy copies of the input, as the authors' code does by default.
 * Arguments as for {@link smoothGrad}. Hooker et al. 2019 (arXiv 1806.10758).
 */
export function smoothGradSquared(
  map: AttributionMap,
  x: Tensor,
  key: Tensor,
  options: SmoothGradOptions = {},
): Tensor {
  return smoothedMaps(map, x, smoothingNoise(x, key, options)).square;
}

/**
 * VarGrad: the variance of an attribution map over noisy copies of the input, with n in the denominator; 0 where the map is constant.
 * Arguments as for {@link smoothGrad}. Adebayo et al. 2018 (arXiv 1810.03307).
 */
export function varGrad(map: AttributionMap, x: Tensor, key: Tensor, options: SmoothGradOptions = {}): Tensor {
  return smoothedMaps(map, x, smoothingNoise(x, key, options)).variance;
}

/**
 * Normal noise for {@link smoothedMaps}, [samples, ...shape of x], with the deviation `spread` (max(x) - min(x)) for each sample of x [n, ...].
 *
 * @throws RangeError where x is no batch of floats with values in it, or an option is out of range.
 */
export function smoothingNoise(x: Tensor, key: Tensor, options: SmoothGradOptions = {}): Tensor {
  const { samples = 25, spread = 0.15 } = options;
  if (!isFloat(x.dtype) || x.rank < 2 || x.size === 0)
    throw new RangeError(`smoothGrad: x ${x.dtype}${showShape(x.shape)} must be floats [n, ...], not empty`);
  if (!Number.isInteger(samples) || samples < 1)
    throw new RangeError(`smoothGrad: samples ${samples} must be a positive integer`);
  if (!(spread >= 0 && spread < Infinity))
    throw new RangeError(`smoothGrad: spread ${spread} must not be negative, and finite`);
  const values = x.shape.slice(1).map((_, axis) => axis + 1);
  const range = x.max(values, { keepDims: true }).sub(x.min(values, { keepDims: true }));
  const dtype = x.dtype === 'float64' ? 'float64' : 'float32';
  return normal(key, [samples, ...x.shape], { dtype }).mul(range.mul(spread));
}

/**
 * Mean, mean square and variance of an attribution map over the copies x + noise_k: what {@link smoothGrad}, {@link smoothGradSquared} and
 * {@link varGrad} each take one of.
 *
 * @param noise [samples, ...shape of x]. For a baseline that stays clean, as of integrated gradients, let the map close over it.
 * @throws RangeError where the noise or the map has another shape.
 */
export function smoothedMaps(map: AttributionMap, x: Tensor, noise: Tensor): SmoothedMaps {
  const tail: Shape = noise.shape.slice(1);
  if (noise.shape[0] === 0 || tail.join() !== x.shape.join() || noise.rank !== x.rank + 1)
    throw new RangeError(
      `smoothedMaps: noise ${showShape(noise.shape)} must be [samples, ...] of x ${showShape(x.shape)}`,
    );
  const maps = vmap(map)(x.add(noise));
  if (maps.shape.join() !== noise.shape.join())
    throw new RangeError(
      `smoothedMaps: the map makes ${showShape(maps.shape.slice(1))} of x ${showShape(x.shape)}; it must keep the shape`,
    );
  const mean = maps.mean(0);
  return { mean, square: maps.square().mean(0), variance: maps.sub(mean).square().mean(0) };
}
