import { showShape, type Tensor } from '../../tensor/index.js';
import { drawWithin, type Range, requireImages, requireRange } from '../image/checks.js';
import { straightThroughArithmetic } from './arithmetic.js';
import { diffJpeg } from './diff-jpeg.js';

export interface RandomJpegOptions {
  /** Least and largest quality, within [1, 99]. Default [30, 95]. */
  readonly quality?: Range;
}

/**
 * Each image as it comes back from JPEG at a quality of its own. The values are those of {@link diffJpeg} with the straight-through arithmetic.
 *
 * @param images [n, 3, height, width], red, green, blue, or [n, 1, height, width], grey; in [0, 1].
 * @throws TypeError or RangeError for other images, RangeError for qualities out of range.
 */
export function randomJpeg(images: Tensor, key: Tensor, { quality = [30, 95] }: RandomJpegOptions = {}): Tensor {
  requireImages('randomJpeg', images);
  requireRange('randomJpeg', 'quality', quality, { low: 1, high: 99 });
  const [n, channels, height, width] = images.shape;
  if (channels !== 1 && channels !== 3)
    throw new RangeError(`randomJpeg: images ${showShape(images.shape)} must have 1 channel or 3`);
  const colour = images.mul(255).broadcastTo([n, 3, height, width]);
  const options = { arithmetic: straightThroughArithmetic };
  const coded = diffJpeg(colour, drawWithin(key, [n], quality, images.dtype as 'float32'), options).div(255);
  return channels === 3 ? coded : coded.mean(1, { keepDims: true });
}
