import { type Key, uniform } from '../../runtime/random/index.js';
import { glyphs, type Point, type Stroke } from './glyphs.js';

/** A digit as the pen leaves it. */
export interface Written {
  /** Share of each pixel that is covered, in [0, 1], rows of `size`. */
  readonly ink: Float64Array;
  /** Of covered pixels, up to 255. */
  readonly brightness: number;
}

/** A stream of uniform numbers in [0, 1), which begins anew after `count`. */
export function numbersOf(key: Key, count: number): () => number {
  const { data } = uniform(key, [count]);
  let next = 0;
  return () => data[next++ % count];
}

/** Writes a digit into a square of `size` pixels a side: a way to write it, its points moved about, a random affine map, thickness, softness. */
export function writeDigit(digit: number, random: () => number, size: number): Written {
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
  const ink = squared.map((distance) =>
    Math.min(1, Math.max(0, (thickness / 2 + softness / 2 - Math.sqrt(distance)) / softness)),
  );
  return { ink, brightness };
}

/** The smallest box (left, top, right, bottom) around the pixels that are covered by half or more; of none, empty at 0. */
export function inkBox({ ink }: Written, size: number): [left: number, top: number, right: number, bottom: number] {
  let [left, top, right, bottom] = [size, size, 0, 0];
  for (let y = 0; y < size; y++)
    for (let x = 0; x < size; x++) {
      if (ink[y * size + x] < 0.5) continue;
      left = Math.min(left, x);
      right = Math.max(right, x + 1);
      top = Math.min(top, y);
      bottom = y + 1;
    }
  return right === 0 ? [0, 0, 0, 0] : [left, top, right, bottom];
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
