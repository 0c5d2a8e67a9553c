import { foldIn, type Key, normal, permutation, split, uniform } from '../../runtime/random/index.js';
import type { Dataset } from '../dataset.js';
import { glyphs, type Point, type Stroke } from './glyphs.js';

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

/** A stream of uniform numbers. */
function numbersOf(key: Key, count: number): () => number {
  const { data } = uniform(key, [count]);
  let next = 0;
  return () => data[next++ % count];
}

function draw(digit: number, key: Key, size: number, pixels: Uint8Array): void {
  const [shapeKey, noiseKey] = split(key);
  const random = numbersOf(shapeKey, 96);
  const between = (low: number, high: number) => low + (high - low) * random();
  const variants = glyphs[digit];
  const strokes = variants[Math.floor(random() * variants.length)];

  // Half the angle's tangent gives sine and cosine without functions whose last bits differ between platforms.
  const t = between(-0.18, 0.18);
  const [cosine, sine] = [(1 - t * t) / (1 + t * t), (2 * t) / (1 + t * t)];
  const [shear, width, height] = [between(-0.5, 0.35), between(0.34, 0.66), between(0.54, 0.78)];
  const [shiftX, shiftY] = [between(-0.09, 0.09), between(-0.08, 0.08)];
  const place = ([x, y]: Point): Point => {
    const [u, v] = [(x - 0.5 + between(-0.08, 0.08)) * width, (y - 0.5 + between(-0.065, 0.065)) * height];
    const sheared = u - shear * v;
    return [(0.5 + shiftX + cosine * sheared - sine * v) * size, (0.5 + shiftY + sine * sheared + cosine * v) * size];
  };
  const thickness = between(0.045, 0.11) * size;
  const softness = between(0.8, 1.6);
  const brightness = between(190, 255);

  const squared = new Float64Array(size * size).fill(Infinity);
  const reach = thickness / 2 + softness;
  for (const stroke of strokes) {
    const path = trace(stroke, stroke.points.map(place));
    for (let i = 1; i < path.length; i++) measure(path[i - 1], path[i], reach, size, squared);
  }
  const noise = normal(noiseKey, [size * size], { deviation: between(2, 14) }).data;
  for (let i = 0; i < pixels.length; i++) {
    const ink = Math.min(1, Math.max(0, (thickness / 2 + softness / 2 - Math.sqrt(squared[i])) / softness));
    // Noise where there is ink or next to nothing: paper stays dark as scanners leave it.
    pixels[i] = Math.min(255, Math.max(0, Math.round(brightness * ink + noise[i] * (ink > 0 ? 1 : 0.35))));
  }
}

/** The points along a stroke: Catmull and Rom's spline through them, or the points themselves. */
function trace({ smooth }: Stroke, points: readonly Point[]): readonly Point[] {
  if (!smooth) return points;
  const steps = 6;
  const path: Point[] = [points[0]];
  for (let i = 0; i + 1 < points.length; i++) {
    const [p0, p1, p2, p3] = [
      points[Math.max(0, i - 1)],
      points[i],
      points[i + 1],
      points[Math.min(points.length - 1, i + 2)],
    ];
    for (let k = 1; k <= steps; k++) {
      const t = k / steps;
      const along = (axis: 0 | 1) => {
        const [a, b, c, d] = [p0[axis], p1[axis], p2[axis], p3[axis]];
        return 0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t * t + (3 * b - a - 3 * c + d) * t * t * t);
      };
      path.push([along(0), along(1)]);
    }
  }
  return path;
}

/** Lowers each pixel's squared distance to the segment's, within reach of it. */
function measure([ax, ay]: Point, [bx, by]: Point, reach: number, size: number, squared: Float64Array): void {
  const [dx, dy] = [bx - ax, by - ay];
  const length = dx * dx + dy * dy || 1e-12;
  const clampPixel = (v: number) => Math.min(size - 1, Math.max(0, v));
  const [left, right] = [
    clampPixel(Math.floor(Math.min(ax, bx) - reach)),
    clampPixel(Math.ceil(Math.max(ax, bx) + reach)),
  ];
  const [top, bottom] = [
    clampPixel(Math.floor(Math.min(ay, by) - reach)),
    clampPixel(Math.ceil(Math.max(ay, by) + reach)),
  ];
  for (let row = top; row <= bottom; row++) {
    for (let column = left; column <= right; column++) {
      const [px, py] = [column + 0.5 - ax, row + 0.5 - ay];
      const t = Math.min(1, Math.max(0, (px * dx + py * dy) / length));
      const [ex, ey] = [px - t * dx, py - t * dy];
      const distance = ex * ex + ey * ey;
      const at = row * size + column;
      if (distance < squared[at]) squared[at] = distance;
    }
  }
}
