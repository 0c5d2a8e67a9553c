import { type Corruption, eachPlane, strengthOf } from './images.js';

/** A Gaussian blur of deviation 0.4, 0.6, 0.7, 0.8 or 1 pixels, cut off at four deviations; pixels beyond the border are those on it. */
export const gaussianBlur: Corruption = (images, { severity }) => {
  const sigma = strengthOf('gaussianBlur', images, severity, [0.4, 0.6, 0.7, 0.8, 1]);
  const radius = Math.floor(4 * sigma + 0.5);
  const bell = Array.from({ length: 2 * radius + 1 }, (_, i) => Math.exp(-0.5 * ((i - radius) / sigma) ** 2));
  const total = bell.reduce((a, b) => a + b);
  const [, , height, width] = images.shape;
  const along = (plane: Float64Array, length: number, stride: number) =>
    plane.map((_, i) => {
      const at = Math.floor(i / stride) % length;
      return (
        bell.reduce((sum, weight, k) => {
          const other = Math.min(length - 1, Math.max(0, at + k - radius));
          return sum + weight * plane[i + (other - at) * stride];
        }, 0) / total
      );
    });
  return eachPlane(images, (plane) => along(along(plane, height, width), width, 1));
};

/** Pixels of the size of 1/0.95, 1/0.9, 1/0.85, 1/0.75 or 1/0.65 of those that were: means over boxes of a coarser grid, drawn on the finer one. */
export const pixelate: Corruption = (images, { severity }) => {
  const share = strengthOf('pixelate', images, severity, [0.95, 0.9, 0.85, 0.75, 0.65]);
  const [, , height, width] = images.shape;
  const [h, w] = [Math.floor(height * share), Math.floor(width * share)].map((n) => Math.max(1, n));
  return eachPlane(images, (plane) => boxes(boxes(plane, [height, width], [h, w]), [h, w], [height, width]));
};

type Size = readonly [height: number, width: number];

/** Means over boxes, whole pixels in or out by where their centres are; enlarged, the nearest pixel. */
function boxes(plane: Float64Array, [height, width]: Size, [h, w]: Size): Float64Array {
  const [rows, columns] = [boxesOf(height, h), boxesOf(width, w)];
  // Bytes between the two directions, as where pictures are resized.
  const across = Float64Array.from({ length: height * w }, (_, i) => {
    const [y, [from, to]] = [Math.floor(i / w), columns[i % w]];
    return rounded(meanOf(to - from, (k) => plane[y * width + from + k]));
  });
  return Float64Array.from({ length: h * w }, (_, i) => {
    const [x, [from, to]] = [i % w, rows[Math.floor(i / w)]];
    return rounded(meanOf(to - from, (k) => across[(from + k) * w + x]));
  });
}

/** For each of `count` boxes the pixels of a line of `length` whose centres lie in it. */
function boxesOf(length: number, count: number): [from: number, to: number][] {
  const scale = length / count;
  const half = Math.max(1, scale) / 2;
  return Array.from({ length: count }, (_, i) => {
    const centre = (i + 0.5) * scale;
    const from = Math.max(0, Math.floor(centre - half + 0.5));
    return [from, Math.max(from + 1, Math.min(length, Math.floor(centre + half + 0.5)))];
  });
}

/** Halves are rounded up, whatever the last bit of a sum. */
const rounded = (value: number) => Math.round(255 * value + 1e-9) / 255;

function meanOf(count: number, value: (k: number) => number): number {
  let total = 0;
  for (let k = 0; k < count; k++) total += value(k);
  return total / count;
}
