import { split } from '../../runtime/random/index.js';
import { affineGrid, gridSample, stack, type Tensor } from '../../tensor/index.js';
import { drawWithin, type Range, requireImages, requireRange } from './checks.js';

export interface AffineOptions {
  /** Angle by which an image is turned clockwise, in degrees. Default [0, 0]. */
  readonly rotation?: Range;
  /** Shift to the right and down, as a share of width and height; drawn for each of them. Default [0, 0]. */
  readonly translation?: Range;
  /** Factor of its size. Default [1, 1]. */
  readonly scale?: Range;
  /** Angle by which its vertical lines lean to the right, in degrees, within (-90, 90). Default [0, 0]. */
  readonly shear?: Range;
  /** What comes in from outside. Default `zeros`. */
  readonly border?: 'zeros' | 'border' | 'reflection';
  /** How pixels are found between pixels: `nearest` is for what must not be blended, as masks of classes. Default `bilinear`. */
  readonly interpolation?: 'bilinear' | 'nearest';
}

const none: Range = [0, 0];

/**
 * Each image leaning, scaled, turned and shifted about its centre, in this order, by amounts of its own: what stood at p from the centre, in
 * pixels, stands at
 *
 *   scale R(rotation) S(shear) p + translation,   R(a) = [[cos a, -sin a], [sin a, cos a]],   S(b) = [[1, -tan b], [0, 1]]
 *
 * with x to the right and y down. Resampled by {@link gridSample}: derivatives flow to the images. The same key moves other
 * images of the same size alike, such as masks.
 *
 * @param images [n, channels, height, width], any range.
 * @throws TypeError or RangeError for other images, RangeError for options out of range.
 */
export function randomAffine(images: Tensor, key: Tensor, options: AffineOptions = {}): Tensor {
  requireImages('randomAffine', images);
  const {
    rotation = none,
    translation = none,
    scale = [1, 1],
    shear = none,
    border = 'zeros',
    interpolation = 'bilinear',
  } = options;
  requireRange('randomAffine', 'rotation', rotation);
  requireRange('randomAffine', 'translation', translation);
  requireRange('randomAffine', 'scale', scale, { low: 0, open: true });
  requireRange('randomAffine', 'shear', shear, { low: -89, high: 89 });
  const [n, , height, width] = images.shape;
  const dtype = images.dtype as 'float32';
  const keys = split(key, 5);
  const degree = Math.PI / 180;
  const a = drawWithin(keys[0], [n], rotation, dtype).mul(degree);
  // In units of half the image, as the grid is.
  const [right, down] = [1, 2].map((i) => drawWithin(keys[i], [n], translation, dtype).mul(2));
  const s = drawWithin(keys[3], [n], scale, dtype);
  const lean = drawWithin(keys[4], [n], shear, dtype).mul(degree).tan();
  // Where a pixel comes from: S^-1 R^-1 (p - translation) / scale.
  const [cos, sin] = [a.cos().div(s), a.sin().div(s)];
  const matrix = [
    [cos.sub(lean.mul(sin)), sin.add(lean.mul(cos)).mul(height / width)],
    [sin.neg().mul(width / height), cos],
  ];
  const rows = matrix.map(([x, y]) => stack([x, y, x.mul(right).add(y.mul(down)).neg()], 1));
  return gridSample(images, affineGrid(stack(rows, 1), images.shape), {
    padding: border,
    mode: interpolation === 'bilinear' ? 'linear' : interpolation,
  });
}
