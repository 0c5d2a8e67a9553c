import type { Key } from '../../runtime/random/index.js';
import { type NDArray, showShape } from '../../tensor/index.js';

/** Pictures [n, channels, height, width], 0 to 255. */
export type Images = NDArray<'uint8'>;

export interface CorruptionOptions {
  /** From 1, the mildest, to 5. */
  readonly severity: 1 | 2 | 3 | 4 | 5;
  /** Of all random draws. Picture i depends on the key and on i alone, not on how many there are. */
  readonly key: Key;
}

/** A corruption of pictures, one strength in each place of `table`. */
export type Corruption = (images: Images, options: CorruptionOptions) => Images;

/** The entry of a table of five for a severity. @throws RangeError naming `who` for other severities, and unless the images have four axes. */
export function strengthOf<S>(who: string, images: Images, severity: number, table: readonly [S, S, S, S, S]): S {
  if (images.shape.length !== 4)
    throw new RangeError(`${who}: images ${showShape(images.shape)} must be [n, channels, height, width]`);
  if (!Number.isInteger(severity) || severity < 1 || severity > 5)
    throw new RangeError(`${who}: severity ${severity} must be 1, 2, 3, 4 or 5`);
  return table[severity - 1];
}

/** Each pixel, as a number in [0, 1] with its position, replaced by another, which is clipped to [0, 1] and rounded to a byte. */
export function eachPixel(images: Images, fn: (value: number, index: number) => number): Images {
  const data = new Uint8Array(images.data.length);
  for (let i = 0; i < data.length; i++) data[i] = byteOf(fn(images.data[i] / 255, i));
  return { ...images, data };
}

/** A number in [0, 1], clipped to it, as a byte. */
export const byteOf = (value: number): number => Math.round(255 * Math.min(1, Math.max(0, value)));

/** Every plane [height, width] of the images, in [0, 1], replaced by what `fn` makes of it. */
export function eachPlane(images: Images, fn: (plane: Float64Array) => Float64Array): Images {
  const size = images.shape[2] * images.shape[3];
  const data = new Uint8Array(images.data.length);
  for (let at = 0; at < data.length; at += size) {
    const plane = Float64Array.from(images.data.subarray(at, at + size), (byte) => byte / 255);
    data.set(fn(plane).map(byteOf), at);
  }
  return { ...images, data };
}
