import { type Shape, sizeOf, stridesOf } from '../shape.js';
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
export type ConvAttributes = Window & { readonly group: number };
export type ConvTransposeAttributes = ConvAttributes & { readonly output_padding: readonly number[] };

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

/** {@link conv}'s operator. With its two gradients, {@link ConvInputGradient} and {@link ConvWeightGradient}, it is closed under differentiation. */
export const Conv: Operator<ConvAttributes> = {
  type: 'Conv',
  domain: '',
  infer: ([x, weight, bias], attributes) => {
    const dtype = sameDType('conv', bias ? [x, weight, bias] : [x, weight]);
    const lengths = x.shape.slice(2).map((n, i) => windowedLength(n, attributes, i));
    return { shape: [x.shape[0], weight.shape[0], ...lengths], dtype };
  },
  vjp: ([ct], { inputs: [x, weight, bias], attributes }) => [
    apply(ConvInputGradient, [ct, weight], { ...attributes, lengths: x.shape.slice(2) }),
    apply(ConvWeightGradient, [x, ct], attributes),
    bias && ct.sum(ct.shape.map((_, i) => i).filter((i) => i !== 1)),
  ],
};

export type ConvInputGradientAttributes = ConvAttributes & { readonly lengths: readonly number[] };

/** Each element of the first input, a cotangent of {@link Conv}'s result, spread back over the inputs (of spatial `lengths`) that made it. */
export const ConvInputGradient: Operator<ConvInputGradientAttributes> = {
  type: 'ConvInputGradient',
  domain: 'cotangent',
  infer: ([ct, weight], { lengths, group }) => ({
    shape: [ct.shape[0], weight.shape[1] * group, ...lengths],
    dtype: sameDType('conv', [ct, weight]),
  }),
  vjp: ([g], { inputs: [ct, weight], attributes: { lengths: _, ...attributes } }) => [
    apply(Conv, [g, weight], attributes),
    apply(ConvWeightGradient, [g, ct], attributes),
  ],
  inOnnx: ([ct, weight], { lengths, ...attributes }) => inputGradient(ct, weight, lengths, attributes),
};

/** dL/dweight[o, c, tap] = sum over n and positions of ct[n, o, p] x[n, c, p * stride + tap * dilation]. */
export const ConvWeightGradient: Operator<ConvAttributes> = {
  type: 'ConvWeightGradient',
  domain: 'cotangent',
  infer: ([x, ct], { kernel_shape, group }) => ({
    shape: [ct.shape[1], x.shape[1] / group, ...kernel_shape],
    dtype: sameDType('conv', [x, ct]),
  }),
  vjp: ([g], { inputs: [x, ct], attributes }) => [
    apply(ConvInputGradient, [ct, g], { ...attributes, lengths: x.shape.slice(2) }),
    apply(Conv, [x, g], attributes),
  ],
  inOnnx: ([x, ct], attributes) => {
    const { kernel_shape: kernel, group } = attributes;
    const shape = [ct.shape[1], x.shape[1] / group, ...kernel];
    return sizeOf(kernel) <= mostTaps && (group === 1 || (shape[0] / group) * shape[1] >= leastProduct)
      ? weightGradientByTaps(x, ct, shape, attributes)
      : weightGradientByConvolution(x, ct, shape, attributes);
  },
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

function inputGradient(ct: Tensor, weight: Tensor, lengths: readonly number[], attributes: ConvAttributes): Tensor {
  const mirrored = mirroredWindow(attributes);
  if (mirrored) return apply(Conv, [ct, mirroredWeight(weight, attributes.group)], mirrored);
  const { strides, pads, dilations, kernel_shape: kernel } = attributes;
  const rank = kernel.length;
  // Inputs at the far end that no window reached.
  const missed = kernel.map(
    (k, i) => lengths[i] + pads[i] + pads[i + rank] - ((ct.shape[i + 2] - 1) * strides[i] + (k - 1) * dilations[i] + 1),
  );
  if (missed.every((n, i) => n < strides[i]))
    return apply(ConvTranspose, [ct, weight], { ...attributes, output_padding: missed });
  const reached = apply(ConvTranspose, [ct, weight], { ...attributes, output_padding: kernel.map(() => 0) });
  return reached.pad([[0, 0], [0, 0], ...missed.map((n): [number, number] => [0, n])]);
}

/** Above this many taps a kernel is better handled whole. */
const mostTaps = 32;
/** Groups with fewer weights a tap are better handled together. */
const leastProduct = 64;

/**
 * One matrix product a tap: the cotangent by the elements of x that met the tap. ONNX Runtime's products run near the machine's peak,
 * twice to three times as fast as the convolution below. Where images are large each sample is a product of its own and nothing is
 * transposed; where they are small all samples make one product.
 */
function weightGradientByTaps(
  x: Tensor,
  ct: Tensor,
  [outputs, channels, ...kernel]: Shape,
  { strides, dilations, pads, group }: ConvAttributes,
): Tensor {
  const [n, , ...positions] = ct.shape;
  const p = sizeOf(positions);
  const together = p < 32;
  const padded = x.pad([[0, 0], [0, 0], ...kernel.map((_, i): [number, number] => [pads[i], pads[i + kernel.length]])]);
  const arrange = (t: Tensor) =>
    together
      ? t.swapAxes(0, 1).reshape([1, group, t.shape[1] / group, n * p])
      : t.reshape([n, group, t.shape[1] / group, p]);
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
    const product = rows.matmul(arrange(met).swapAxes(-1, -2)).sum(0);
    return product.reshape([outputs, channels, 1]);
  });
  return concat(parts, 2).reshape([outputs, channels, ...kernel]);
}

/**
 * A convolution of x by the cotangent in which batch and channels change places and stride and dilation do too. Groups become groups of
 * the batch.
 */
function weightGradientByConvolution(
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

export const ConvTranspose: Operator<ConvTransposeAttributes> = {
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
      apply(ConvWeightGradient, [ct, x], attributes),
      bias && ct.sum(ct.shape.map((__, i) => i).filter((i) => i !== 1)),
    ];
  },
};
