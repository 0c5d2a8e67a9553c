import { allocate, type DType, isFloat } from '../dtype.js';
import { showShape, sizeOf, stridesOf } from '../shape.js';
import { apply, applyAll, type Operator, type Tensor } from '../tensor.js';
import { constant, ones, requireFloat, zeros } from './constant.js';
import { convTranspose, type Padding, type PerAxis, padsOf, perAxis } from './convolution.js';
import { type Window, windowedLength } from './convolution-operators.js';

type PoolAttributes = Window & { readonly ceil_mode: number };

export interface PoolOptions {
  /** Default: the kernel, so that windows do not overlap. */
  readonly stride?: PerAxis;
  /** Default 0. */
  readonly padding?: Padding | 'same';
  /** Also take windows that start inside but end outside. Default false. */
  readonly ceilMode?: boolean;
}

function pooledShape(x: Tensor, attributes: PoolAttributes): number[] {
  const { kernel_shape: kernel, strides, pads, ceil_mode } = attributes;
  const lengths = x.shape.slice(2).map((n, i) => {
    const length = windowedLength(n, attributes, i, ceil_mode === 1);
    // A window must start inside the input or its leading padding.
    return ceil_mode === 1 && (length - 1) * strides[i] >= n + pads[i] ? length - 1 : length;
  });
  if (lengths.some((n) => n < 1))
    throw new RangeError(
      `pool: the kernel ${showShape(kernel)} is larger than x ${showShape(x.shape)} with padding ${showShape(pads)}`,
    );
  return [...x.shape.slice(0, 2), ...lengths];
}

const MaxPool: Operator<PoolAttributes> = {
  type: 'MaxPool',
  domain: '',
  infer: ([x], attributes) => {
    const shape = pooledShape(x, attributes);
    return [
      { shape, dtype: x.dtype },
      { shape, dtype: 'int64' },
    ];
  },
  // The second output tells where in the flat input each largest element stood.
  vjp: ([ct], { inputs: [x], outputs: [, indices] }) => [
    ct && isFloat(x.dtype)
      ? zeros([x.size], x.dtype).scatterElements(indices.flatten(), ct.flatten(), 0, 'add').reshape(x.shape)
      : undefined,
  ],
};

const AveragePool: Operator<PoolAttributes & { readonly count_include_pad: number }> = {
  type: 'AveragePool',
  domain: '',
  infer: ([x], attributes) => ({ shape: pooledShape(x, attributes), dtype: x.dtype }),
  vjp: ([ct], { inputs: [x], attributes }) => [averageCotangent(ct, x, attributes)],
};

/** Each cotangent, divided by the size of its window, spread evenly over it. */
function averageCotangent(
  ct: Tensor,
  x: Tensor,
  attributes: PoolAttributes & { readonly count_include_pad: number },
): Tensor {
  const { kernel_shape: kernel, strides, pads } = attributes;
  const [n, channels, ...lengths] = x.shape;
  const share = ct
    .div(windowSizes(ct.shape.slice(2), lengths, attributes, ct.dtype))
    .reshape([n * channels, 1, ...ct.shape.slice(2)]);
  const spread = convTranspose(share, ones([1, 1, ...kernel], x.dtype), undefined, { stride: strides });
  const rank = kernel.length;
  // Cut the padding off; at the far end add what no window reached.
  const ends = lengths.map((length, i): [number, number] => [-pads[i], length + pads[i] - spread.shape[i + 2]]);
  return spread.pad([[0, 0], [0, 0], ...ends.slice(0, rank)]).reshape(x.shape);
}

/** How many elements each window averages over, by output position. */
function windowSizes(
  outputs: readonly number[],
  lengths: readonly number[],
  attributes: PoolAttributes & { readonly count_include_pad: number },
  dtype: DType,
): Tensor {
  const { kernel_shape: kernel, strides, pads, count_include_pad: padded } = attributes;
  const rank = kernel.length;
  const along = outputs.map((count, i) =>
    Array.from({ length: count }, (_, p) => {
      const start = p * strides[i] - pads[i];
      const low = padded ? start : Math.max(0, start);
      return Math.min(padded ? lengths[i] + pads[i + rank] : lengths[i], start + kernel[i]) - low;
    }),
  );
  const data = allocate('float32', sizeOf(outputs));
  const steps = stridesOf(outputs);
  for (let k = 0; k < data.length; k++)
    data[k] = along.reduce((product, counts, i) => product * counts[Math.floor(k / steps[i]) % outputs[i]], 1);
  return constant({ data, shape: outputs, dtype: 'float32' }).cast(dtype);
}

function poolAttributes(
  who: string,
  x: Tensor,
  kernel: PerAxis,
  options: PoolOptions & { dilation?: PerAxis },
): PoolAttributes {
  const rank = x.rank - 2;
  if (rank < 1) throw new RangeError(`${who}: x ${showShape(x.shape)} must be [n, channels, ...lengths]`);
  const kernel_shape = perAxis(who, 'kernel', kernel, rank, 1);
  const strides = perAxis(who, 'stride', options.stride ?? kernel_shape, rank, 1);
  const dilations = perAxis(who, 'dilation', options.dilation, rank, 1);
  const pads = padsOf(who, options.padding, x.shape.slice(2), kernel_shape, strides, dilations);
  return { kernel_shape, strides, dilations, pads, ceil_mode: options.ceilMode ? 1 : 0 };
}

/**
 * The largest element of each window of `kernel` over the spatial axes of `x` [n, channels, ...lengths]. Padding never wins.
 * The cotangent goes to the first largest element of a window.
 */
export function maxPool(
  x: Tensor,
  kernel: PerAxis,
  options: PoolOptions & { readonly dilation?: PerAxis } = {},
): Tensor {
  return applyAll(MaxPool, [x], poolAttributes('maxPool', x, kernel, options))[0];
}

/**
 * The mean of each window of `kernel` over the spatial axes of `x` [n, channels, ...lengths], float32. Zeros of the padding count
 * unless `countPadding` is false; what lies beyond the padding (`ceilMode`) never does.
 */
export function averagePool(
  x: Tensor,
  kernel: PerAxis,
  options: PoolOptions & { readonly countPadding?: boolean } = {},
): Tensor {
  requireFloat('averagePool', 'x', x);
  const attributes = {
    ...poolAttributes('averagePool', x, kernel, options),
    count_include_pad: options.countPadding === false ? 0 : 1,
  };
  return apply(AveragePool, [x], attributes);
}

/** Windows as PyTorch's adaptive pooling lays them: output i covers floor(i n / m) to ceil((i + 1) n / m). */
function adaptive(
  x: Tensor,
  lengths: PerAxis,
  reduceWindow: (window: Tensor, axis: number) => Tensor,
  who: string,
): Tensor {
  const targets = perAxis(who, 'lengths', lengths, x.rank - 2, 1);
  return targets.reduce((y, m, i) => {
    const axis = i + 2;
    const n = y.shape[axis];
    if (n % m === 0) {
      return reduceWindow(
        y.reshape([...y.shape.slice(0, axis), m, n / m, ...y.shape.slice(axis + 1)]),
        axis + 1,
      ).squeeze(axis + 1);
    }
    const windows = Array.from({ length: m }, (_, k): [number, number] => [
      Math.floor((k * n) / m),
      Math.ceil(((k + 1) * n) / m),
    ]);
    return windows
      .map((range) => reduceWindow(y.slice(y.shape.map((_, k) => (k === axis ? range : null))), axis))
      .reduce((a, b) => a.concat(b, axis));
  }, x);
}

/** Mean over windows that divide each spatial axis of `x` [n, channels, ...] into the given number of parts. */
export function adaptiveAveragePool(x: Tensor, lengths: PerAxis): Tensor {
  return adaptive(x, lengths, (window, axis) => window.mean(axis, { keepDims: true }), 'adaptiveAveragePool');
}

/** Maximum over windows that divide each spatial axis of `x` [n, channels, ...] into the given number of parts. */
export function adaptiveMaxPool(x: Tensor, lengths: PerAxis): Tensor {
  return adaptive(x, lengths, (window, axis) => window.max(axis, { keepDims: true }), 'adaptiveMaxPool');
}
