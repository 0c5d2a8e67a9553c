import { type Key, normal } from '../../runtime/random/index.js';
import type { Written } from './pen.js';

/** A ground that grows lighter in some direction. */
export function background(random: () => number, height: number, width: number): Float64Array {
  const [shade, acrossX, acrossY] = [20 + 60 * random(), 60 * (random() - 0.5), 60 * (random() - 0.5)];
  const canvas = new Float64Array(height * width);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      canvas[y * width + x] = shade + acrossX * (x / width - 0.5) + acrossY * (y / height - 0.5);
  return canvas;
}

interface Picture {
  /** Light of each pixel, rows of `width`. */
  readonly canvas: Float64Array;
  /** Labels of pixels. Default none. */
  readonly mask?: Uint8Array;
  readonly height: number;
  readonly width: number;
}

/** Lays a digit on a picture, its square at (x, y); what sticks out is lost. */
export function paint(
  { ink, brightness }: Written,
  digitSize: number,
  [x, y]: readonly [x: number, y: number],
  { canvas, mask, height, width }: Picture,
  label = 0,
): void {
  for (let row = Math.max(0, -y); row < Math.min(digitSize, height - y); row++)
    for (let column = Math.max(0, -x); column < Math.min(digitSize, width - x); column++) {
      const share = ink[row * digitSize + column];
      const at = (y + row) * width + x + column;
      canvas[at] += share * (brightness - canvas[at]);
      if (mask && share >= 0.5) mask[at] = label;
    }
}

/** Pixels of a picture under noise of a deviation from 2 to 12. */
export function developed(canvas: Float64Array, noiseKey: Key, random: () => number): Uint8Array {
  const noise = normal(noiseKey, [canvas.length], { deviation: 2 + 10 * random() }).data;
  const pixels = new Uint8Array(canvas.length);
  for (let i = 0; i < pixels.length; i++) pixels[i] = Math.min(255, Math.max(0, Math.round(canvas[i] + noise[i])));
  return pixels;
}
