import { showShape, sizeOf } from '../shape.js';
import { apply, type Tensor } from '../tensor.js';
import { Conv, type ConvAttributes, ConvTranspose, windowedLength } from './convolution-operators.js';

/** One number for all spatial axes, or one an axis. */
export type PerAxis = number | readonly number[];
/** Symmetric padding (one number, or one an axis), or `[before, after]` an axis. */
export type Padding = number | readonly number[] | readonly (readonly [number, number])[];

export interface ConvOptions {
  /** Default 1. */
  readonly stride?: PerAxis;
  /** Zeros added on each side. Default 0; `same` keeps ceil(length / stride), the odd zero at the end. */
  readonly padding?: Padding | 'same';
  /** Distance of neighbouring taps. Default 1. */
  readonly dilation?: PerAxis;
  /** Channels are split into this many independent groups. Default 1. */
  readonly groups?: number;
}

export function perAxis(
  who: string,
  name: string,
  value: PerAxis | undefined,
  rank: number,
  missing: number,
  least = 1,
): number[] {
  const list = value === undefined ? [missing] : typeof value === 'number' ? [value] : [...value];
  const result = list.length === 1 ? new Array<number>(rank).fill(list[0]) : list;
  if (result.length !== rank || result.some((n) => !Number.isInteger(n) || n < least)) {
    throw new RangeError(`${who}: ${name} ${showShape(list)} must be ${rank} integers of at least ${least}`);
  }
  return result;
}

/** ONNX's `pads` of a padding option. */
export function padsOf(
  who: string,
  padding: Padding | 'same' | undefined,
  lengths: readonly number[],
  kernel: readonly number[],
  strides: readonly number[],
  dilations: readonly number[],
): number[] {
  const rank = lengths.length;
  if (padding === 'same') {
    const total = lengths.map((n, i) =>
      Math.max(0, (Math.ceil(n / strides[i]) - 1) * strides[i] + (kernel[i] - 1) * dilations[i] + 1 - n),
    );
    return [...total.map((n) => Math.floor(n / 2)), ...total.map((n) => Math.ceil(n / 2))];
  }
  if (Array.isArray(padding) && Array.isArray(padding[0])) {
    const pairs = padding as readonly (readonly [number, number])[];
    if (pairs.length !== rank)
      throw new RangeError(`${who}: padding has ${pairs.length} pairs for ${rank} spatial axes`);
    return [...pairs.map(([before]) => before), ...pairs.map(([, after]) => after)];
  }
  const each = perAxis(who, 'padding', padding as PerAxis | undefined, rank, 0, 0);
  return [...each, ...each];
}

function checkChannels(who: string, x: Tensor, weight: Tensor, groups: number, expected: number): void {
  if (x.rank < 3 || weight.rank !== x.rank) {
    throw new RangeError(
      `${who}: x ${showShape(x.shape)} and weight ${showShape(weight.shape)} must have one rank, at least 3`,
    );
  }
  if (
    !Number.isInteger(groups) ||
    groups < 1 ||
    x.shape[1] !== expected ||
    x.shape[1] % groups !== 0 ||
    weight.shape[0] % groups !== 0
  ) {
    throw new RangeError(
      `${who}: x ${showShape(x.shape)} and weight ${showShape(weight.shape)} do not fit in ${groups} groups of channels`,
    );
  }
}

/**
 * Convolution (cross-correlation, as everywhere in the field) over 1, 2 or 3 spatial axes:
 * y[n, o, p] = bias[o] + sum over c, tap of weight[o, c, tap] x[n, c, p * stride + tap * dilation - padding].
 *
 * @param x [n, channels, ...lengths], float32 (ONNX Runtime's CPU provider has no float64 kernel).
 * @param weight [outputs, channels / groups, ...kernel].
 * @param bias [outputs].
 */
export function conv(x: Tensor, weight: Tensor, bias?: Tensor, options: ConvOptions = {}): Tensor {
  const { groups = 1 } = options;
  checkChannels('conv', x, weight, groups, weight.shape[1] * groups);
  const rank = x.rank - 2;
  const kernel = weight.shape.slice(2);
  const strides = perAxis('conv', 'stride', options.stride, rank, 1);
  const dilations = perAxis('conv', 'dilation', options.dilation, rank, 1);
  const pads = padsOf('conv', options.padding, x.shape.slice(2), kernel, strides, dilations);
  const attributes: ConvAttributes = { kernel_shape: kernel, strides, dilations, pads, group: groups };
  const lengths = x.shape.slice(2).map((n, i) => windowedLength(n, attributes, i));
  if (lengths.some((n) => n < 1)) {
    throw new RangeError(
      `conv: the kernel ${showShape(kernel)} (dilation ${showShape(dilations)}) is larger than x ${showShape(x.shape)} with padding ${showShape(pads)}`,
    );
  }
  if (bias && (bias.rank !== 1 || bias.shape[0] !== weight.shape[0])) {
    throw new RangeError(`conv: bias ${showShape(bias.shape)} must be [${weight.shape[0]}]`);
  }
  return apply(Conv, bias ? [x, weight, bias] : [x, weight], attributes);
}

export interface ConvTransposeOptions {
  /** Default 1. */
  readonly stride?: PerAxis;
  /** Elements cut from each side of the result. Default 0. */
  readonly padding?: Padding;
  /** Elements added at the end of each axis, fewer than the stride or the dilation. Default 0. */
  readonly outputPadding?: PerAxis;
  /** Distance of neighbouring taps. Default 1. */
  readonly dilation?: PerAxis;
  /** Default 1. */
  readonly groups?: number;
}

/**
 * Transposed convolution: the derivative of {@link conv} with respect to its input, as a layer. An axis of length n becomes
 * (n - 1) * stride - 2 * padding + dilation * (kernel - 1) + 1 + outputPadding.
 *
 * @param x [n, channels, ...lengths], float32.
 * @param weight [channels, outputs / groups, ...kernel].
 * @param bias [outputs].
 */
export function convTranspose(x: Tensor, weight: Tensor, bias?: Tensor, options: ConvTransposeOptions = {}): Tensor {
  const { groups = 1 } = options;
  checkChannels('convTranspose', x, weight, groups, weight.shape[0]);
  // ONNX Runtime 1.30 ends the process over them; of no samples the result has no elements either and is never run.
  if (x.size === 0 && x.shape[0] > 0) throw new RangeError(`convTranspose: x ${showShape(x.shape)} has no elements`);
  const rank = x.rank - 2;
  const kernel = weight.shape.slice(2);
  const strides = perAxis('convTranspose', 'stride', options.stride, rank, 1);
  const dilations = perAxis('convTranspose', 'dilation', options.dilation, rank, 1);
  const extra = perAxis('convTranspose', 'outputPadding', options.outputPadding, rank, 0, 0);
  if (extra.some((n, i) => n >= Math.max(strides[i], dilations[i]))) {
    throw new RangeError(
      `convTranspose: outputPadding ${showShape(extra)} must be smaller than stride ${showShape(strides)} or dilation ${showShape(dilations)}`,
    );
  }
  const pads = padsOf('convTranspose', options.padding, x.shape.slice(2), kernel, strides, dilations);
  const attributes = { kernel_shape: kernel, strides, dilations, pads, group: groups, output_padding: extra };
  if (bias && sizeOf(bias.shape) !== weight.shape[1] * groups) {
    throw new RangeError(`convTranspose: bias ${showShape(bias.shape)} must be [${weight.shape[1] * groups}]`);
  }
  return apply(ConvTranspose, bias ? [x, weight, bias] : [x, weight], attributes);
}
