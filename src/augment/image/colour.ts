import type { Tensor } from '../../tensor/index.js';
import { drawWithin, perImage, type Range, requireImages, requireRange } from './checks.js';

export interface FactorOptions {
  /** Least and largest factor, from 0; 1 changes nothing. Default [0.6, 1.4]. */
  readonly factor?: Range;
}

const usual: Range = [0.6, 1.4];

/** A factor for each image, [n, 1, 1, 1]. */
function factors(who: string, images: Tensor, key: Tensor, factor: Range): Tensor {
  requireImages(who, images);
  requireRange(who, 'factor', factor, { low: 0 });
  return perImage(drawWithin(key, [images.shape[0]], factor, images.dtype as 'float32'));
}

/**
 * Each image times a factor of its own, limited to [0, 1].
 *
 * @param images [n, channels, height, width] in [0, 1].
 * @throws TypeError or RangeError for other images, RangeError for negative factors.
 */
export function randomBrightness(images: Tensor, key: Tensor, { factor = usual }: FactorOptions = {}): Tensor {
  return images.mul(factors('randomBrightness', images, key, factor)).clip(0, 1);
}

/** Shares of red, green and blue in the luma of ITU-R BT.601. */
const luma = [0.299, 0.587, 0.114] as const;

/**
 * The distance of each image's pixels from its mean grey times a factor of its own, limited to [0, 1]: m + f (x - m), with m the mean over
 * pixels of 0.299 red + 0.587 green + 0.114 blue, or of all channels where there are not three.
 *
 * @param images [n, channels, height, width] in [0, 1].
 * @throws TypeError or RangeError for other images, RangeError for negative factors.
 */
export function randomContrast(images: Tensor, key: Tensor, { factor = usual }: FactorOptions = {}): Tensor {
  const by = factors('randomContrast', images, key, factor);
  const ofChannels = images.mean([2, 3], { keepDims: true });
  const mean =
    images.shape[1] === 3
      ? luma.map((share, c) => ofChannels.slice([null, [c, c + 1]]).mul(share)).reduce((a, b) => a.add(b))
      : ofChannels.mean(1, { keepDims: true });
  return images.sub(mean).mul(by).add(mean).clip(0, 1);
}
