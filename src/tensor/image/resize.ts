import { constant, requireFloat } from '../ops/constant.js';
import { adaptiveAveragePool } from '../ops/pooling.js';
import { showShape } from '../shape.js';
import type { Tensor } from '../tensor.js';

export interface ResizeOptions {
  /** `nearest`, `linear` (bilinear over two axes), `cubic` (over each axis, a = -0.75), or `area` (the mean of what falls together). Default `linear`. */
  readonly mode?: 'nearest' | 'linear' | 'cubic' | 'area';
  /** Let the centres of the corner elements stay where they are rather than the corners themselves. Default false. */
  readonly alignCorners?: boolean;
}

/** Weights of the source elements for one target element. */
type Weights = readonly (readonly [position: number, weight: number])[];

function weightsAt(
  i: number,
  from: number,
  to: number,
  mode: 'nearest' | 'linear' | 'cubic',
  alignCorners: boolean,
): Weights {
  if (mode === 'nearest') return [[Math.min(from - 1, Math.floor((i * from) / to)), 1]];
  const at = alignCorners ? (to > 1 ? (i * (from - 1)) / (to - 1) : 0) : ((i + 0.5) * from) / to - 0.5;
  const clamp = (k: number) => Math.min(Math.max(k, 0), from - 1);
  if (mode === 'linear') {
    const inside = Math.max(0, at);
    const k = Math.floor(inside);
    return [
      [clamp(k), 1 - (inside - k)],
      [clamp(k + 1), inside - k],
    ];
  }
  const k = Math.floor(at);
  return [-1, 0, 1, 2].map((offset) => [clamp(k + offset), cubicWeight(Math.abs(at - k - offset))]);
}

/** Keys's cubic convolution kernel with a = -0.75. */
function cubicWeight(distance: number): number {
  const a = -0.75;
  if (distance <= 1) return ((a + 2) * distance - (a + 3)) * distance * distance + 1;
  return ((a * distance - 5 * a) * distance + 8 * a) * distance - 4 * a;
}

/**
 * `x` [n, channels, ...lengths] with its spatial axes brought to new lengths, as PyTorch's interpolate. Each axis is a product with the matrix
 * of its weights, so derivatives of any order are exact.
 */
export function resize(x: Tensor, lengths: readonly number[], options: ResizeOptions = {}): Tensor {
  const { mode = 'linear', alignCorners = false } = options;
  requireFloat('resize', 'x', x);
  if (
    x.rank !== lengths.length + 2 ||
    lengths.some((n) => !Number.isInteger(n) || n < 1) ||
    x.shape.slice(2).some((n) => n < 1)
  ) {
    throw new RangeError(`resize: x ${showShape(x.shape)} does not go to the lengths ${showShape(lengths)}`);
  }
  if (mode === 'area') return adaptiveAveragePool(x, lengths);
  return lengths.reduce((y, to, k) => {
    const axis = k + 2;
    const from = y.shape[axis];
    if (from === to) return y;
    const rows = Array.from({ length: to }, (_, i) => {
      const row = new Array<number>(from).fill(0);
      for (const [position, weight] of weightsAt(i, from, to, mode, alignCorners)) row[position] += weight;
      return row;
    });
    const matrix = constant(rows, x.dtype);
    return y.moveAxis(axis, -1).matmul(matrix.transpose()).moveAxis(-1, axis);
  }, x);
}

/** [n, channels r^2, h, w] to [n, channels, h r, w r]: channels laid out as pixels. Shi et al. 2016. */
export function pixelShuffle(x: Tensor, factor: number): Tensor {
  const [n, channels, h, w] = x.shape;
  if (x.rank !== 4 || channels % (factor * factor) !== 0)
    throw new RangeError(`pixelShuffle: x ${showShape(x.shape)} has no multiple of ${factor * factor} channels`);
  const c = channels / (factor * factor);
  return x
    .reshape([n, c, factor, factor, h, w])
    .transpose([0, 1, 4, 2, 5, 3])
    .reshape([n, c, h * factor, w * factor]);
}

/** The inverse of {@link pixelShuffle}. */
export function pixelUnshuffle(x: Tensor, factor: number): Tensor {
  const [n, c, h, w] = x.shape;
  if (x.rank !== 4 || h % factor !== 0 || w % factor !== 0)
    throw new RangeError(`pixelUnshuffle: ${factor} does not divide the height and width of x ${showShape(x.shape)}`);
  return x
    .reshape([n, c, h / factor, factor, w / factor, factor])
    .transpose([0, 1, 3, 5, 2, 4])
    .reshape([n, c * factor * factor, h / factor, w / factor]);
}
