import { constant } from '../ops/constant.js';
import { type ConvOptions, conv, convTranspose, type PerAxis, perAxis } from '../ops/convolution.js';
import { showShape } from '../shape.js';
import type { Tensor } from '../tensor.js';

export type UnfoldOptions = Pick<ConvOptions, 'stride' | 'dilation'> & { readonly padding?: PerAxis };

/** For each channel one kernel a tap, 1 at that tap: a convolution by it picks elements out. */
function picks(channels: number, [h, w]: readonly number[], x: Tensor): Tensor {
  const taps = Array.from({ length: h * w }, (_, tap) => [
    Array.from({ length: h }, (_, i) => Array.from({ length: w }, (_, j) => (i * w + j === tap ? 1 : 0))),
  ]);
  return constant(taps, x.dtype).tile([channels, 1, 1, 1]);
}

/**
 * Sliding windows of x [n, channels, height, width] as columns: [n, channels * kernel elements, windows], channel by channel, windows row by
 * row; PyTorch's unfold, also called im2col.
 */
export function unfold(x: Tensor, kernel: PerAxis, options: UnfoldOptions = {}): Tensor {
  if (x.rank !== 4) throw new RangeError(`unfold: x ${showShape(x.shape)} must be [n, channels, height, width]`);
  const lengths = perAxis('unfold', 'kernel', kernel, 2, 1);
  const [n, channels] = x.shape;
  return conv(x, picks(channels, lengths, x), undefined, { ...options, groups: channels }).reshape([
    n,
    channels * lengths[0] * lengths[1],
    -1,
  ]);
}

/**
 * The transpose of {@link unfold}: columns [n, channels * kernel elements, windows] added up where they overlap, in images of the given height
 * and width.
 */
export function fold(
  x: Tensor,
  size: readonly [height: number, width: number],
  kernel: PerAxis,
  options: UnfoldOptions = {},
): Tensor {
  const lengths = perAxis('fold', 'kernel', kernel, 2, 1);
  const strides = perAxis('fold', 'stride', options.stride, 2, 1);
  const dilations = perAxis('fold', 'dilation', options.dilation, 2, 1);
  const pads = perAxis('fold', 'padding', options.padding, 2, 0, 0);
  const reach = size.map((n, i) => n + 2 * pads[i] - dilations[i] * (lengths[i] - 1) - 1);
  const windows = reach.map((n, i) => Math.floor(n / strides[i]) + 1);
  const taps = lengths[0] * lengths[1];
  if (x.rank !== 3 || x.shape[1] % taps !== 0 || x.shape[2] !== windows[0] * windows[1]) {
    throw new RangeError(
      `fold: x ${showShape(x.shape)} must be [n, a multiple of ${taps}, ${windows[0] * windows[1]}]`,
    );
  }
  const channels = x.shape[1] / taps;
  const planes = x.reshape([x.shape[0], x.shape[1], ...windows]);
  // Rows at the far end that no window reached.
  const rest = reach.map((n, i) => n % strides[i]);
  const whole = convTranspose(planes, picks(channels, lengths, x), undefined, {
    stride: strides,
    dilation: dilations,
    groups: channels,
  });
  return whole.pad([
    [0, 0],
    [0, 0],
    [-pads[0], rest[0] - pads[0]],
    [-pads[1], rest[1] - pads[1]],
  ]);
}
