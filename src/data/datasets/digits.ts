import { foldIn, type Key, normal, permutation, split } from '../../runtime/random/index.js';
import type { Dataset } from '../dataset.js';
import { numbersOf, writeDigit } from './pen.js';

export interface DigitsOptions {
  /** How many images to draw. */
  readonly count: number;
  readonly key: Key;
  /** Height and width. Default 28. */
  readonly size?: number;
}

/**
 * Handwritten-looking digits drawn by the program: no download, any number of them, the same on every machine.
 *
 * Each image takes one of several ways to write its digit, moves the pen's points about, applies a random affine map (rotation, shear,
 * scales, shift), and draws the strokes with a random thickness, softness and darkness and some pixel noise. Image i depends on the key
 * and on i alone; every ten consecutive images hold each digit once, in random order.
 *
 * @returns images [count, 1, size, size], ink bright on dark as in MNIST, and labels 0 to 9.
 */
export function digits({ count, key, size = 28 }: DigitsOptions): Dataset {
  if (!Number.isInteger(count) || count < 0)
    throw new RangeError(`digits: count ${count} must be a non-negative integer`);
  if (!Number.isInteger(size) || size < 8)
    throw new RangeError(`digits: size ${size} must be an integer of at least 8`);
  const [orderKey, drawKey] = split(key);
  const images = new Uint8Array(count * size * size);
  const labels = new Int32Array(count);
  let order: Int32Array = new Int32Array(0);
  for (let i = 0; i < count; i++) {
    if (i % 10 === 0) order = permutation(foldIn(orderKey, i / 10), 10).data;
    labels[i] = order[i % 10];
    draw(labels[i], foldIn(drawKey, i), size, images.subarray(i * size * size, (i + 1) * size * size));
  }
  return {
    name: 'digits',
    images: { data: images, shape: [count, 1, size, size], dtype: 'uint8' },
    labels: { data: labels, shape: [count], dtype: 'int32' },
    classes: Array.from({ length: 10 }, (_, i) => `${i}`),
  };
}

function draw(digit: number, key: Key, size: number, pixels: Uint8Array): void {
  const [shapeKey, noiseKey] = split(key);
  const random = numbersOf(shapeKey, 96);
  const { ink, brightness } = writeDigit(digit, random, size);
  const noise = normal(noiseKey, [size * size], { deviation: 2 + 12 * random() }).data;
  for (let i = 0; i < pixels.length; i++) {
    // Noise where there is ink or next to nothing: paper stays dark as scanners leave it.
    pixels[i] = Math.min(255, Math.max(0, Math.round(brightness * ink[i] + noise[i] * (ink[i] > 0 ? 1 : 0.35))));
  }
}
