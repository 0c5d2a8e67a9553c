import { bernoulli } from '../../runtime/random/index.js';
import type { Tensor } from '../../tensor/index.js';
import { perImage, requireImages } from './checks.js';

export interface FlipOptions {
  /** Of an image to be mirrored, in [0, 1]. Default 1/2. */
  readonly probability?: number;
}

/**
 * Each image mirrored left to right with the given probability, else as it is.
 *
 * @param images [n, channels, height, width], any range.
 * @throws TypeError or RangeError for other images, RangeError for a probability outside [0, 1].
 */
export function randomHorizontalFlip(images: Tensor, key: Tensor, { probability = 0.5 }: FlipOptions = {}): Tensor {
  requireImages('randomHorizontalFlip', images);
  const mirrored = bernoulli(key, [images.shape[0]], { probability });
  return perImage(mirrored).where(images.flip(3), images);
}
