import { constant, isFloat, isTensor, showShape, type Tensor } from '../../tensor/index.js';
import type { JpegArithmetic } from './arithmetic.js';

/** The luminance table of ITU-T T.81, annex K: a row for each vertical frequency. */
export const luminanceTable: readonly (readonly number[])[] = [
  [16, 11, 10, 16, 24, 40, 51, 61],
  [12, 12, 14, 19, 26, 58, 60, 55],
  [14, 13, 16, 24, 40, 57, 69, 56],
  [14, 17, 22, 29, 51, 87, 80, 62],
  [18, 22, 37, 56, 68, 109, 103, 77],
  [24, 35, 55, 64, 81, 104, 113, 92],
  [49, 64, 78, 87, 103, 121, 120, 101],
  [72, 92, 95, 98, 112, 100, 103, 99],
];

/** The chrominance table of ITU-T T.81, annex K. */
export const chrominanceTable: readonly (readonly number[])[] = [
  [17, 18, 24, 47, 99, 99, 99, 99],
  [18, 21, 26, 66, 99, 99, 99, 99],
  [24, 26, 56, 99, 99, 99, 99, 99],
  [47, 66, 99, 99, 99, 99, 99, 99],
  [99, 99, 99, 99, 99, 99, 99, 99],
  [99, 99, 99, 99, 99, 99, 99, 99],
  [99, 99, 99, 99, 99, 99, 99, 99],
  [99, 99, 99, 99, 99, 99, 99, 99],
];

/**
 * Qualities [n] or [], in the dtype of the images and within [1, 99].
 *
 * @throws RangeError for a number outside [1, 99] or a tensor of another shape, TypeError for one that is not of floats.
 */
export function qualitiesOf(who: string, quality: Tensor | number, images: Tensor): Tensor {
  if (!isTensor(quality)) {
    if (!(quality >= 1 && quality <= 99)) throw new RangeError(`${who}: quality ${quality} must lie in [1, 99]`);
    return constant(quality, images.dtype);
  }
  if (!isFloat(quality.dtype)) throw new TypeError(`${who}: quality must be floats, not ${quality.dtype}`);
  if (quality.rank > 0 && quality.shape.join() !== `${images.shape[0]}`)
    throw new RangeError(
      `${who}: quality ${showShape(quality.shape)} must be [] or [n] for images ${showShape(images.shape)}`,
    );
  return quality.cast(images.dtype).clip(1, 99);
}

/**
 * The percentage by which tables are scaled: floor(5000 / q) for q < 50, else floor(200 - 2 q). As libjpeg scales them.
 *
 * @param quality in [1, 99].
 */
export function jpegQualityScale(quality: Tensor, { floor }: Pick<JpegArithmetic, 'floor'>): Tensor {
  return floor(quality.less(50).where(quality.reciprocal().mul(5000), quality.mul(-2).add(200)));
}

/**
 * A table [8, 8] for qualities [n] or []: clip(floor((scale table + 50) / 100), 1, 255), [n, 1, 8, 8] or [1, 1, 8, 8].
 *
 * @throws RangeError for a table of another shape.
 */
export function scaledTable(
  table: Tensor | readonly (readonly number[])[],
  quality: Tensor,
  arithmetic: Omit<JpegArithmetic, 'round'>,
): Tensor {
  const base = isTensor(table) ? table.cast(quality.dtype) : constant(table, quality.dtype);
  if (base.shape.join() !== '8,8') throw new RangeError(`scaledTable: table ${showShape(base.shape)} must be [8, 8]`);
  const scale = jpegQualityScale(quality, arithmetic).reshape([-1, 1, 1, 1]);
  return arithmetic.clip(arithmetic.floor(base.mul(scale).add(50).div(100)), 1, 255);
}
