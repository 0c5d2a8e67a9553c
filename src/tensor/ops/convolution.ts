import { type Shape, showShape, sizeOf, stridesOf } from '../shape.js';
import { apply, type Operator, type Tensor } from '../tensor.js';
import { sameDType } from './constant.js';
import { concat } from './slicing.js';

/** The window of a convolution or pooling, spatial axes in order; `pads` has all beginnings, then all ends, as in ONNX. */
export type Window = {
  readonly kernel_shape: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  readonly pads: readonly number[];
};
type ConvAttributes = Window & { readonly group: number };
type ConvTransposeAttributes = ConvAttributes & { readonly output_padding: readonly number[] };

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

/** Length of an axis after a window has gone along it. */
export function windowedLength(
  n: number,
  { kernel_shape, strides, dilations, pads }: Window,
  axis: number,
  ceil = false,
): number {
  const steps =
    (n + pads[axis] + pads[axis + kernel_shape.length] - (kernel_shape[axis] - 1) * dilations[axis] - 1) /
    strides[axis];
  return (ceil ? Math.ceil(steps) : Math.floor(steps)) + 1;
}

const Conv: Operator<ConvAttributes> = {
  type: 'Conv',
  domain: '',
  infer: ([x, weight, bias], attributes) => {
    const dtype = sameDType('conv', bias ? [x, weight, bias] : [x, weight]);
    const lengths = x.shape.slice(2).map((n, i) => windowedLength(n, attributes, i));
    return { shape: [x.shape[0], weight.shape[0], ...lengths], dtype };
  },
  vjp: ([ct], { inputs: [x, weight, bias], attributes }) => [
    convInputCotangent(ct, weight, x.shape, attributes),
    convWeightCotangent(x, ct, weight.shape, attributes),
    bias && ct.sum(ct.shape.map((_, i) => i).filter((i) => i !== 1)),
  ],
};

/**
 * Without strides the input's cotangent is a convolution too, by the kernel turned round with inputs and outputs exchanged: ONNX Runtime
 * runs it in about 60% of the time of a transposed convolution.
 */
function mirroredWindow(attributes: ConvAttributes): ConvAttributes | undefined {
  const { strides, pads, dilations, kernel_shape: kernel } = attributes;
  const mirrored = pads.map((n, i) => (kernel[i % kernel.length] - 1) * dilations[i % kernel.length] - n);
  return strides.every((n) => n === 1) && mirrored.every((n) => n >= 0) ? { ...attributes, pads: mirrored } : undefined;
}

function mirroredWeight(weight: Tensor, groups: number): Tensor {
  const [outputs, perGroup, ...kernel] = weight.shape;
  return weight
    .reshape([groups, outputs / groups, perGroup, ...kernel])
    .swapAxes(1, 2)
    .reshape([groups * perGroup, outputs / groups, ...kernel])
    .flip(kernel.map((_, i) => i + 2));
}

/** Each output element spread back over the inputs it was made of. */
function convInputCotangent(
  ct: Tensor,
  weight: Tensor,
  inputShape: readonly number[],
  attributes: ConvAttributes,
): Tensor {
  const mirrored = mirroredWindow(attributes);
  if (mirrored) return apply(Conv, [ct, mirroredWeight(weight, attributes.group)], mirrored);
  const { strides, pads, dilations, kernel_shape: kernel } = attributes;
  const rank = kernel.length;
  // Inputs at the far end that no window reached.
  const missed = kernel.map(
    (k, i) =>
      inputShape[i + 2] + pads[i] + pads[i + rank] - ((ct.shape[i + 2] - 1) * strides[i] + (k - 1) * dilations[i] + 1),
  );
  if (missed.every((n, i) => n < strides[i]))
    return apply(ConvTranspose, [ct, weight], { ...attributes, output_padding: missed });
  const reached = apply(ConvTranspose, [ct, weight], { ...attributes, output_padding: kernel.map(() => 0) });
  return reached.pad([[0, 0], [0, 0], ...missed.map((n): [number, number] => [0, n])]);
}

/** Above this many taps a kernel is better handled whole. */
const mostTaps = 32;

/** dL/dweight[o, c, tap] = sum over n and positions of ct[n, o, p] x[n, c, p * stride + tap * dilation]. */
function convWeightCotangent(x: Tensor, ct: Tensor, weightShape: Shape, attributes: ConvAttributes): Tensor {
  const taps = sizeOf(weightShape.slice(2));
  return attributes.group === 1 && taps <= mostTaps
    ? weightCotangentByTaps(x, ct, weightShape, attributes)
    : weightCotangentByConvolution(x, ct, weightShape, attributes);
}

/**
 * One matrix product a tap: the cotangent by the elements of x that met the tap. ONNX Runtime's products run near the machine's peak,
 * twice to three times as fast as the convolution below. Where images are large each sample is a product of its own and nothing is
 * transposed; where they are small all samples make one product.
 */
function weightCotangentByTaps(x: Tensor, ct: Tensor, [outputs, channels, ...kernel]: Shape, window: Window): Tensor {
  const { strides, dilations, pads } = window;
  const [n, , ...positions] = ct.shape;
  const p = sizeOf(positions);
  const together = p < 32;
  const padded = x.pad([[0, 0], [0, 0], ...kernel.map((_, i): [number, number] => [pads[i], pads[i + kernel.length]])]);
  const arrange = (t: Tensor) =>
    together ? t.swapAxes(0, 1).reshape([t.shape[1], n * p]) : t.reshape([n, t.shape[1], p]);
  const rows = arrange(ct);
  const steps = stridesOf(kernel);
  const parts = Array.from({ length: sizeOf(kernel) }, (_, tap) => {
    const met = padded.slice([
      null,
      null,
      ...kernel.map((k, i): [number, number, number] => {
        const start = (Math.floor(tap / steps[i]) % k) * dilations[i];
        return [start, start + (positions[i] - 1) * strides[i] + 1, strides[i]];
      }),
    ]);
    const product = rows.matmul(arrange(met).swapAxes(-1, -2));
    return (together ? product : product.sum(0)).expandDims(2);
  });
  return concat(parts, 2).reshape([outputs, channels, ...kernel]);
}

/**
 * A convolution of x by the cotangent in which batch and channels change places and stride and dilation do too. Groups become groups of
 * the batch.
 */
function weightCotangentByConvolution(
  x: Tensor,
  ct: Tensor,
  weightShape: Shape,
  { strides, dilations, pads, group }: ConvAttributes,
): Tensor {
  const [n, channels, ...lengths] = x.shape;
  const [outputs, perGroup, ...kernel] = weightShape;
  const spatial = lengths.map((_, i) => i);
  const data = x
    .reshape([n, group, channels / group, ...lengths])
    .transpose([2, 1, 0, ...spatial.map((i) => i + 3)])
    .reshape([perGroup, group * n, ...lengths]);
  const taps = ct.swapAxes(0, 1);
  const full = apply(Conv, [data, taps], {
    kernel_shape: ct.shape.slice(2),
    strides: dilations,
    dilations: strides,
    pads,
    group,
  });
  // Windows that end before the input does leave taps beyond the kernel.
  return full
    .slice([null, null, ...kernel.map((k): [number, number] => [0, k])])
    .swapAxes(0, 1)
    .reshape([outputs, perGroup, ...kernel]);
}

const ConvTranspose: Operator<ConvTransposeAttributes> = {
  type: 'ConvTranspose',
  domain: '',
  infer: ([x, weight], { kernel_shape: kernel, strides, dilations, pads, group, output_padding: extra }) => {
    const dtype = sameDType('convTranspose', [x, weight]);
    const lengths = x.shape
      .slice(2)
      .map(
        (n, i) =>
          (n - 1) * strides[i] + (kernel[i] - 1) * dilations[i] + 1 + extra[i] - pads[i] - pads[i + kernel.length],
      );
    return { shape: [x.shape[0], weight.shape[1] * group, ...lengths], dtype };
  },
  vjp: ([ct], { inputs: [x, weight, bias], attributes: { output_padding: _, ...attributes } }) => {
    const lengths = x.shape.slice(2).map((n): [number, number] => [0, n]);
    return [
      apply(Conv, [ct, weight], attributes).slice([null, null, ...lengths]),
      convWeightCotangent(ct, x, weight.shape, attributes),
      bias && ct.sum(ct.shape.map((__, i) => i).filter((i) => i !== 1)),
    ];
  },
};

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
