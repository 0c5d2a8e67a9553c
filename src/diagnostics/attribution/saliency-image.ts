import { quantile } from '../../numerics/index.js';
import { showShape, type Tensor } from '../../tensor/index.js';

export interface SaliencyImageOptions {
  /** The percentile of a picture that becomes the strongest tone, in [0, 100]. Default 99. */
  readonly percentile?: number;
}

/**
 * A picture of how strong an attribution map is anywhere: A = sum over channels of |map|, then (A - min A) / (v - min A) clipped to [0, 1],
 * with v the percentile of A. A picture of one value is 0. As in
 * the code of Smilkov et al. 2017.
 *
 * @param map [..., channels, height, width].
 * @returns [..., height, width], black 0 to white 1.
 * @throws RangeError for a map that is no picture or a percentile out of range.
 */
export function saliencyToGray(map: Tensor, options: SaliencyImageOptions = {}): Tensor {
  const strength = map.abs();
  const total = requirePicture('saliencyToGray', strength).sum(-3);
  const least = total.min([-2, -1], { keepDims: true });
  return share(total.sub(least), percentileOf('saliencyToGray', total, options).sub(least)).clip(0, 1);
}

/**
 * A signed picture of an attribution map: A = sum over channels of the map, then A / |v| clipped to [-1, 1], with v the percentile of A;
 * 0 is neutral. A picture with v = 0 is 0. The authors' code draws (A + |v|) / (2 |v|) clipped, a shift of this that hides most of what is
 * negative.
 *
 * @param map [..., channels, height, width].
 * @returns [..., height, width], from -1 to 1.
 * @throws RangeError for a map that is no picture or a percentile out of range.
 */
export function saliencyToDiverging(map: Tensor, options: SaliencyImageOptions = {}): Tensor {
  const total = requirePicture('saliencyToDiverging', map).sum(-3);
  return share(total, percentileOf('saliencyToDiverging', total, options).abs()).clip(-1, 1);
}

function requirePicture(who: string, map: Tensor): Tensor {
  if (map.rank < 3 || map.size === 0)
    throw new RangeError(`${who}: map ${showShape(map.shape)} must be [..., channels, height, width], not empty`);
  return map;
}

function percentileOf(who: string, picture: Tensor, { percentile = 99 }: SaliencyImageOptions): Tensor {
  if (!(percentile >= 0 && percentile <= 100))
    throw new RangeError(`${who}: percentile ${percentile} must lie in [0, 100]`);
  return quantile(picture.flatten(-2), percentile / 100).expandDims([-2, -1]);
}

/** x / most, 0 where `most` is 0. */
function share(x: Tensor, most: Tensor): Tensor {
  const nothing = most.equal(0);
  return nothing.where(0, x.div(nothing.where(1, most)));
}
