import { isFloat, showShape, type Tensor } from '../../tensor/index.js';

/** @throws TypeError unless images are floats, RangeError unless they are [n, channels, height, width]. */
export function requireImages(who: string, images: Tensor): void {
  if (!isFloat(images.dtype)) throw new TypeError(`${who}: images must be float32 or float64, not ${images.dtype}`);
  if (images.rank !== 4 || images.size === 0)
    throw new RangeError(`${who}: images ${showShape(images.shape)} must be [n, channels, height, width]`);
}

/** A number for each image, [n] to [n, 1, 1, 1]. */
export const perImage = (values: Tensor): Tensor => values.reshape([values.shape[0], 1, 1, 1]);
