import { requireNumber } from '../../losses/checks.js';
import { bernoulli, randint, split, uniform } from '../../runtime/random/index.js';
import { showShape, type Tensor } from '../../tensor/index.js';
import { insideBoxes } from './boxes.js';
import { drawWithin, type Range, requireImages, requireRange } from './checks.js';

export interface CutoutOptions {
  /** Side of the square, in pixels. */
  readonly size: number;
  /** What is put into it. Default 0. */
  readonly fill?: number;
}

/**
 * A square of each image blanked out. Its centre is any pixel, each equally likely, so that a part of the square may lie outside the image.
 * DeVries and Taylor 2017 (arXiv 1708.04552), who take a side of 16 for CIFAR-10 and 8 for CIFAR-100.
 *
 * @param images [n, channels, height, width], any range.
 * @throws TypeError or RangeError for other images, RangeError for a size that is no positive whole number, or with which
 * hardly anything but the fill would be left: beyond the longer side.
 */
export function cutout(images: Tensor, key: Tensor, { size, fill = 0 }: CutoutOptions): Tensor {
  requireImages('cutout', images);
  if (!Number.isInteger(size) || size < 1) throw new RangeError(`cutout: size ${size} must be a positive whole number`);
  const [n, , height, width] = images.shape;
  if (size > Math.max(height, width))
    throw new RangeError(
      `cutout: size ${size} would blank out whole images ${showShape(images.shape)}: it must be at most ${Math.max(height, width)}`,
    );
  const [forRow, forColumn] = split(key);
  const before = Math.floor(size / 2);
  const top = randint(forRow, [n], { high: height }).sub(before);
  const left = randint(forColumn, [n], { high: width }).sub(before);
  return insideBoxes({ top, left, bottom: top.add(size), right: left.add(size) }, height, width).where(fill, images);
}

export interface ErasingOptions {
  /** Of an image to lose a box, in [0, 1]. Default 1/2. */
  readonly probability?: number;
  /** Share of the image that the box covers. Default [0.02, 0.4]. */
  readonly area?: Range;
  /** Height of the box over its width; its logarithm is drawn evenly. Default [0.3, 1 / 0.3]. */
  readonly aspect?: Range;
  /** What is put into the box. Default 0. */
  readonly fill?: number;
}

/**
 * A box of an image blanked out, with the given probability; all of it lies inside. A box that would be longer than the image is as long as
 * the image, where the authors draw again. Zhong et al. 2020 (arXiv 1708.04896).
 *
 * @param images [n, channels, height, width], any range.
 * @throws TypeError or RangeError for other images, RangeError for options out of range.
 */
export function randomErasing(images: Tensor, key: Tensor, options: ErasingOptions = {}): Tensor {
  requireImages('randomErasing', images);
  const { probability = 0.5, area = [0.02, 0.4], aspect = [0.3, 1 / 0.3], fill = 0 } = options;
  requireRange('randomErasing', 'area', area, { low: 0, high: 1 });
  requireRange('randomErasing', 'aspect', aspect, { low: 0, open: true });
  requireNumber('randomErasing', 'fill', fill, {});
  const [n, , height, width] = images.shape;
  const [forArea, forAspect, forRow, forColumn, forChoice] = split(key, 5);
  const covered = drawWithin(forArea, [n], area).mul(height * width);
  const ratio = drawWithin(forAspect, [n], [Math.log(aspect[0]), Math.log(aspect[1])]).exp();
  const rows = covered.mul(ratio).sqrt().round().clip(1, height);
  const columns = covered.div(ratio).sqrt().round().clip(1, width);
  const start = (k: Tensor, length: number, of: Tensor) =>
    uniform(k, [n])
      .mul(of.neg().add(length + 1))
      .floor();
  const [top, left] = [start(forRow, height, rows), start(forColumn, width, columns)];
  const inside = insideBoxes({ top, left, bottom: top.add(rows), right: left.add(columns) }, height, width);
  const chosen = bernoulli(forChoice, [n], { probability }).reshape([n, 1, 1, 1]);
  return inside.and(chosen).where(fill, images);
}
