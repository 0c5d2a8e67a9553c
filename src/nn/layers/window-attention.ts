import { split } from '../../runtime/random/index.js';
import { constant, linear as linearOf, type NDArray, ndarray, showShape, type Tensor } from '../../tensor/index.js';
import { attention, joinHeads, splitHeads } from '../functional/attention.js';
import { truncatedNormal } from '../initializers.js';
import type { Affine, Layer } from '../layer.js';
import { linear } from './linear.js';

export interface WindowAttentionOptions {
  /** Height and width of a window, or both. */
  readonly window: number | readonly [height: number, width: number];
  /** How far the windows are moved from the corner, less than their size; half of it in every second block. Default 0. */
  readonly shift?: number | readonly [down: number, right: number];
}

export type WindowAttentionVariables = {
  readonly qkv: Affine;
  readonly proj: Affine;
  readonly relative_position_bias_table: NDArray;
};

type Pair = readonly [number, number];
const pair = (value: number | Pair): Pair => (typeof value === 'number' ? [value, value] : value);

/**
 * Multi-head attention within windows of a picture x [n, height, width, features], with a learned bias for each head and each offset between
 * two positions of a window: softmax(q k^T / sqrt(d) + B) v. Shifted windows wrap around the borders, and positions that are no neighbours
 * in the picture do not look at one another. Pictures that the windows do not divide are padded by zeros. Liu et al. 2021, section 3.2.
 *
 * Variables are torchvision's: qkv, proj, relative_position_bias_table [(2 h - 1)(2 w - 1), heads].
 */
export function windowAttention(
  features: number,
  heads: number,
  { window: windows, shift: shifts = 0 }: WindowAttentionOptions,
): Layer<WindowAttentionVariables> {
  if (features % heads !== 0)
    throw new RangeError(`windowAttention: ${heads} heads do not divide ${features} features`);
  const [window, wanted] = [pair(windows), pair(shifts)];
  if (wanted.some((s, i) => s < 0 || s >= window[i]))
    throw new RangeError(`windowAttention: shift ${wanted.join(', ')} must be in [0, window ${window.join(', ')})`);
  const tokens = window[0] * window[1];
  const offsets = (2 * window[0] - 1) * (2 * window[1] - 1);
  const [forInput, forOutput] = [linear(features, 3 * features), linear(features, features)];
  return {
    init: (key) => {
      const keys = split(key, 3);
      const table = truncatedNormal({ deviation: 0.02 })(keys[2], [offsets, heads]);
      return { qkv: forInput.init(keys[0]), proj: forOutput.init(keys[1]), relative_position_bias_table: table };
    },
    apply: ({ qkv, proj, relative_position_bias_table: table }, x) => {
      if (x.rank !== 4 || x.shape[3] !== features)
        throw new RangeError(`windowAttention: x ${showShape(x.shape)} must be [n, height, width, ${features}]`);
      const [n, height, width] = x.shape;
      const counts = [Math.ceil(height / window[0]), Math.ceil(width / window[1])] as const;
      const padded: Pair = [counts[0] * window[0], counts[1] * window[1]];
      // One window along an axis sees all of it wherever it begins.
      const shift: Pair = [counts[0] > 1 ? wanted[0] : 0, counts[1] > 1 ? wanted[1] : 0];
      const moved = x
        .pad([
          [0, 0],
          [0, padded[0] - height],
          [0, padded[1] - width],
          [0, 0],
        ])
        .roll(-shift[0], 1)
        .roll(-shift[1], 2);
      const inWindows = moved
        .reshape([n, counts[0], window[0], counts[1], window[1], features])
        .transpose([0, 1, 3, 2, 4, 5])
        .reshape([-1, tokens, features]);
      const [query, key, value] = linearOf(inWindows, qkv.weight, qkv.bias)
        .split(3, -1)
        .map((part) => splitHeads(part, heads).reshape([n, counts[0] * counts[1], heads, tokens, -1]));
      const bias = table.gather(relativePositions(window)).reshape([tokens, tokens, heads]).transpose([2, 0, 1]);
      const mask = shift[0] + shift[1] > 0 ? neighbours(padded, window, shift) : undefined;
      const mixed = attention(query, key, value, { bias, mask }).reshape([-1, heads, tokens, features / heads]);
      return linearOf(joinHeads(mixed), proj.weight, proj.bias)
        .reshape([n, counts[0], counts[1], window[0], window[1], features])
        .transpose([0, 1, 3, 2, 4, 5])
        .reshape(moved.shape)
        .roll(shift[0], 1)
        .roll(shift[1], 2)
        .slice([null, [0, height], [0, width]]);
    },
  };
}

/** The row of the bias table for each pair of positions in a window, flat: their offset, counted from the smallest. */
function relativePositions([h, w]: Pair): Tensor {
  const tokens = h * w;
  const rows = new Int32Array(tokens * tokens);
  for (let a = 0; a < tokens; a++)
    for (let b = 0; b < tokens; b++) {
      const down = Math.floor(a / w) - Math.floor(b / w) + h - 1;
      const right = (a % w) - (b % w) + w - 1;
      rows[a * tokens + b] = down * (2 * w - 1) + right;
    }
  return constant(ndarray(rows, { shape: [tokens * tokens] }));
}

/** Whether two positions of a shifted window stand on the same side of the seam, [windows, 1, tokens, tokens]. */
function neighbours(padded: Pair, window: Pair, shift: Pair): Tensor {
  // Along an axis the last window alone has a seam, `shift` before its end.
  const side = (at: number, k: 0 | 1) => (at >= padded[k] - shift[k] ? 2 : at >= padded[k] - window[k] ? 1 : 0);
  const [rows, columns] = [padded[0] / window[0], padded[1] / window[1]];
  const tokens = window[0] * window[1];
  const same = new Uint8Array(rows * columns * tokens * tokens);
  const region = (index: number, token: number) => {
    const y = Math.floor(index / columns) * window[0] + Math.floor(token / window[1]);
    const x = (index % columns) * window[1] + (token % window[1]);
    return 3 * side(y, 0) + side(x, 1);
  };
  for (let i = 0, at = 0; i < rows * columns; i++)
    for (let a = 0; a < tokens; a++)
      for (let b = 0; b < tokens; b++) same[at++] = region(i, a) === region(i, b) ? 1 : 0;
  return constant(ndarray(same, { shape: [rows * columns, 1, tokens, tokens], dtype: 'bool' }));
}
