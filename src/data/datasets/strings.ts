import { foldIn, type Key, split } from '../../runtime/random/index.js';
import type { NDArray } from '../../tensor/index.js';
import { background, developed, paint } from './canvas.js';
import { inkBox, numbersOf, type Written, writeDigit } from './pen.js';

export interface StringsOptions {
  /** How many strings to draw. */
  readonly count: number;
  readonly key: Key;
  /** The fewest and the most digits of a string. Default 1 and 5. */
  readonly length?: readonly [fewest: number, most: number];
  /** Of the pictures, in pixels. Default 28. */
  readonly height?: number;
}

/** Pictures of writing, and what it says. */
export interface Strings {
  readonly name: string;
  /** [n, 1, height, width], 0 to 255. */
  readonly images: NDArray<'uint8'>;
  /** Index of each character among `characters`, from the left, [n, most]; 0 after the last. */
  readonly labels: NDArray<'int32'>;
  /** Characters of each string, [n]. */
  readonly lengths: NDArray<'int32'>;
  readonly characters: readonly string[];
}

/**
 * Handwritten-looking digits side by side, drawn by the program: no download, any number of strings, the same on every machine.
 *
 * Digits follow one another at gaps from -1 to 5 pixels (of 28), each a little higher or lower than the line, somewhere in a picture that is wide
 * enough for `most` digits as wide as it is high (a string wider than that, which chance all but never makes, ends before), on a ground as
 * {@link scenes} have it. String i depends on the key and on i alone.
 *
 * @throws RangeError for a count that is no non-negative integer, or lengths and heights that do not fit.
 */
export function strings({ count, key, length: [fewest, most] = [1, 5], height = 28 }: StringsOptions): Strings {
  if (!Number.isInteger(count) || count < 0)
    throw new RangeError(`strings: count ${count} must be a non-negative integer`);
  if (!(Number.isInteger(fewest) && Number.isInteger(most) && fewest >= 1 && most >= fewest))
    throw new RangeError(`strings: length ${fewest} to ${most} must be integers of at least 1 in ascending order`);
  if (!Number.isInteger(height) || height < 16)
    throw new RangeError(`strings: height ${height} must be an integer of at least 16`);
  const width = most * height;
  const pixels = height * width;
  const images = new Uint8Array(count * pixels);
  const labels = new Int32Array(count * most);
  const lengths = new Int32Array(count);
  for (let i = 0; i < count; i++) {
    const [layoutKey, digitKey, noiseKey] = split(foldIn(key, i), 3);
    const random = numbersOf(layoutKey, 8 + 3 * most);
    const between = (low: number, high: number) => low + (high - low) * random();
    const integer = (low: number, high: number) => low + Math.floor((high - low + 1) * random());
    const canvas = background(random, height, width);
    const wanted = integer(fewest, most);
    const digits: { written: Written; x: number; y: number }[] = [];
    let end = 0;
    for (let j = 0; j < wanted; j++) {
      const digit = integer(0, 9);
      const written = writeDigit(digit, numbersOf(foldIn(digitKey, j), 96), height);
      const [left, , right] = inkBox(written, height);
      const start = j === 0 ? 0 : end + Math.round((between(-1, 5) * height) / 28);
      const y = Math.round((between(-1.5, 1.5) * height) / 28);
      if (start + right - left > width) break;
      end = start + right - left;
      labels[i * most + j] = digit;
      digits.push({ written, x: start - left, y });
    }
    lengths[i] = digits.length;
    const from = Math.floor((width - end + 1) * random());
    for (const { written, x, y } of digits) paint(written, height, [from + x, y], { canvas, height, width });
    images.set(developed(canvas, noiseKey, random), i * pixels);
  }
  return {
    name: 'strings',
    images: { data: images, shape: [count, 1, height, width], dtype: 'uint8' },
    labels: { data: labels, shape: [count, most], dtype: 'int32' },
    lengths: { data: lengths, shape: [count], dtype: 'int32' },
    characters: Array.from({ length: 10 }, (_, digit) => `${digit}`),
  };
}
