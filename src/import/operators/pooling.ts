import { averagePool, conv, maxPool, ones, showShape, sizeOf, type Tensor, zeros } from '../../tensor/index.js';
import { type OnnxOperator, type OperatorCall, type Results, results } from '../operator.js';
import { forwardOnly } from './forward-only.js';
import { type WindowOptions, windowOf } from './window.js';

interface Pooling extends WindowOptions {
  readonly x: Tensor;
  readonly kernel: readonly number[];
  readonly ceilMode: boolean;
}

function poolingOf(call: OperatorCall): Pooling {
  const x = call.tensor(0);
  const kernel = call.integers('kernel_shape') ?? [];
  if (kernel.length !== x.rank - 2)
    throw new RangeError(`the kernel ${showShape(kernel)} does not fit x ${showShape(x.shape)}`);
  return { x, kernel, ceilMode: call.integer('ceil_mode', 0) === 1, ...windowOf(call, x.shape.slice(2), kernel) };
}

function largest(call: OperatorCall): Results {
  const { x, kernel, ...options } = poolingOf(call);
  const y = maxPool(x, kernel, options);
  if (!call.wants(1)) return results(y);
  const attributes = {
    kernel_shape: kernel,
    strides: options.stride,
    dilations: options.dilation,
    pads: [...options.padding.map(([before]) => before), ...options.padding.map(([, after]) => after)],
    ceil_mode: options.ceilMode,
    storage_order: call.integer('storage_order', 0),
  };
  const [, positions] = forwardOnly('MaxPool', [x], attributes, [y, { shape: y.shape, dtype: 'int64' }]);
  return results(y, positions);
}

/** The mean of windows, by a convolution with ones where their elements do not lie side by side. */
function average(call: OperatorCall): Tensor {
  const { x, kernel, ...options } = poolingOf(call);
  const countPadding = call.integer('count_include_pad', 0) === 1;
  if (options.dilation.every((n) => n === 1)) return averagePool(x, kernel, { ...options, countPadding });
  const counted = countPadding ? x.onesLike().pad([[0, 0], [0, 0], ...options.padding], 1) : x.onesLike();
  const sums = windowSums(x, kernel, options);
  return sums.div(
    windowSums(counted, kernel, countPadding ? { ...options, padding: kernel.map(() => [0, 0]) } : options),
  );
}

function windowSums(x: Tensor, kernel: readonly number[], options: Omit<Pooling, 'x' | 'kernel'>): Tensor {
  const [n, channels, ...lengths] = x.shape;
  // Windows that begin inside and end outside are whole once zeros are added at the end.
  const padding = options.padding.map(([before, after], i): [number, number] => {
    const reach = (kernel[i] - 1) * options.dilation[i] + 1;
    const steps = (lengths[i] + before + after - reach) / options.stride[i];
    const last = Math.ceil(steps);
    const starts = options.ceilMode && last * options.stride[i] < lengths[i] + before ? last : Math.floor(steps);
    return [before, Math.max(after, starts * options.stride[i] + reach - lengths[i] - before)];
  });
  const y = conv(x.reshape([n * channels, 1, ...lengths]), ones([1, 1, ...kernel], x.dtype), undefined, {
    stride: options.stride,
    dilation: options.dilation,
    padding,
  });
  return y.reshape([n, channels, ...y.shape.slice(2)]);
}

/** (sum |x|^p)^(1/p) over windows. */
function powerPool(call: OperatorCall): Tensor {
  const { x, kernel, ...options } = poolingOf(call);
  const p = call.version >= 2 ? call.integer('p', 2) : call.float('p', 2);
  const powers = windowSums(p === 2 ? x.square() : x.abs().pow(p), kernel, options);
  return root(powers, p);
}

/** x^(1/p), with gradient 0 at 0. */
function root(x: Tensor, p: number): Tensor {
  const zero = x.equal(0);
  return zero.where(0, zero.where(1, x).pow(1 / p));
}

function overPositions(call: OperatorCall, reduce: (x: Tensor, axes: number[]) => Tensor): Tensor {
  const x = call.tensor(0);
  if (x.rank < 3) throw new RangeError(`x ${showShape(x.shape)} must be [n, channels, ...lengths]`);
  return reduce(x, x.shape.map((_, i) => i).slice(2));
}

/** Where the positions of a MaxPool stood, filled with what was pooled. */
function unpool(call: OperatorCall): Tensor {
  const [x, positions] = [call.tensor(0), call.tensor(1)];
  const kernel = call.integers('kernel_shape') ?? [];
  const { stride, padding } = windowOf(call, x.shape.slice(2), kernel);
  const natural = x.shape.slice(2).map((n, i) => (n - 1) * stride[i] + kernel[i] - padding[i][0] - padding[i][1]);
  const shape = call.numbers(2) ?? [...x.shape.slice(0, 2), ...natural];
  // Positions count within the natural shape, which a given one surrounds.
  const source = [...x.shape.slice(0, 2), ...natural];
  const flat = x.reshape([-1]);
  const empty = zeros([sizeOf(source)], x.dtype);
  const placed = empty.scatterElements(positions.reshape([-1]), flat, 0).reshape(source);
  return placed.pad(shape.map((n, i) => [0, n - source[i]]));
}

/** Pooling. */
export const pooling: readonly OnnxOperator[] = [
  { type: 'MaxPool', gradient: 'yes', note: 'to the first largest element of a window', build: largest },
  { type: 'AveragePool', gradient: 'yes', build: average },
  { type: 'LpPool', gradient: 'yes', note: '0 where a window is 0', build: powerPool },
  {
    type: 'GlobalMaxPool',
    gradient: 'yes',
    note: 'shared among ties',
    build: (call) => overPositions(call, (x, axes) => x.max(axes, { keepDims: true })),
  },
  {
    type: 'GlobalAveragePool',
    gradient: 'yes',
    build: (call) => overPositions(call, (x, axes) => x.mean(axes, { keepDims: true })),
  },
  {
    type: 'GlobalLpPool',
    gradient: 'yes',
    note: '0 where all is 0',
    build: (call) => overPositions(call, (x, axes) => x.norm(axes, { keepDims: true, p: call.integer('p', 2) })),
  },
  { type: 'MaxUnpool', gradient: 'yes', since: 9, controls: [2], build: unpool },
];
