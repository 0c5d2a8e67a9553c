import { permutation, randint, split } from '../../runtime/random/index.js';
import type { Tensor } from '../../tensor/index.js';
import { insideBoxes } from '../image/boxes.js';
import { requireImages } from '../image/checks.js';
import type { Mixture } from './mixture.js';
import { drawShares, type MixupOptions } from './mixup.js';

/**
 * CutMix: a box of every image replaced by that of another image of its batch. With lambda ~ Beta(alpha, alpha) the box has the sides
 * floor(sqrt(1 - lambda) height) and floor(sqrt(1 - lambda) width) and its centre at any pixel, each equally likely; what lies outside of the
 * image is cut off, and `share` is the share of the image that is left as it was. The targets are mixed in this share: {@link mixedLoss}.
 * Yun et al. 2019 (arXiv 1905.04899).
 *
 * @param images [n, channels, height, width], any range.
 * @param options `alpha`, default 1; `perExample`, a box and a share for each image rather than one for the batch.
 * @throws TypeError or RangeError for other images and for a negative alpha.
 */
export function cutMix(images: Tensor, key: Tensor, options: MixupOptions = {}): Mixture {
  const { alpha = 1, perExample = false } = options;
  requireImages('cutMix', images);
  const [n, , height, width] = images.shape;
  const boxes = perExample ? n : 1;
  const [forShare, forRow, forColumn, forPartner] = split(key, 4);
  const side = drawShares('cutMix', forShare, [boxes], alpha, images).neg().add(1).sqrt();
  const along = (k: Tensor, length: number) => {
    const half = side.mul(length).floor().cast('int32').div(2);
    const centre = randint(k, [boxes], { high: length });
    return [centre.sub(half).clip(0, length), centre.add(half).clip(0, length)];
  };
  const [[top, bottom], [left, right]] = [along(forRow, height), along(forColumn, width)];
  const partner = permutation(forPartner, n);
  const cut = bottom.sub(top).mul(right.sub(left)).cast(images.dtype);
  const share = cut.div(-height * width).add(1);
  return {
    x: insideBoxes({ top, left, bottom, right }, height, width).where(images.gather(partner), images),
    partner,
    share: perExample ? share : share.reshape([]),
  };
}
