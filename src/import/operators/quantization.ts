import { showShape, type Tensor } from '../../tensor/index.js';
import { type OnnxOperator, type OperatorCall, type Results, results } from '../operator.js';

/** A scale or zero point as it broadcasts against x: one for all, one for each element of an axis, or one for a block of them. */
function spread(call: OperatorCall, value: Tensor, x: Tensor): Tensor {
  if (value.size === 1) return value.reshape([]);
  const given = call.integer('axis', 1);
  const axis = given < 0 ? given + x.rank : given;
  const block = call.integer('block_size', 0);
  if (block > 0) {
    if (value.rank !== x.rank || !(axis < x.rank) || Math.ceil(x.shape[axis] / block) !== value.shape[axis])
      throw new RangeError(`${showShape(value.shape)} do not fit blocks of ${block} in x ${showShape(x.shape)}`);
    const whole = value.repeat(block, axis);
    return whole.slice(x.shape.map((n, i) => (i === axis ? [0, n] : null)));
  }
  if (value.rank !== 1 || value.size !== x.shape[axis])
    throw new RangeError(`${showShape(value.shape)} do not fit axis ${axis} of x ${showShape(x.shape)}`);
  return value.reshape(x.shape.map((_, i) => (i === axis ? -1 : 1)));
}

/** round(x / scale) + zero point, within 0 and 255. */
const quantized = (x: Tensor, scale: Tensor, zero: Tensor | number) =>
  x.div(scale).round().add(zero).clip(0, 255).cast('uint8');

function quantize(call: OperatorCall): Tensor {
  const x = call.tensor(0).cast(call.tensor(1).dtype);
  const zero = call.optional(2);
  // Without a zero point the type is that of an attribute, which 0 leaves at uint8.
  const code = call.integer('output_dtype', 0);
  if (code !== 0 && call.dtype('output_dtype') !== 'uint8')
    throw new TypeError(`results of ${call.dtype('output_dtype')} are not supported`);
  return quantized(x, spread(call, call.tensor(1), x), zero ? spread(call, zero, x).cast(x.dtype) : 0);
}

function dequantize(call: OperatorCall): Tensor {
  const scale = call.tensor(1);
  const x = call.tensor(0);
  const zero = call.optional(2);
  const from = zero ? x.cast('int32').sub(spread(call, zero, x).cast('int32')) : x;
  return from.cast(scale.dtype).mul(spread(call, scale, x));
}

/** Quantised by the range of its own values, which 0 always is in. */
function quantizeDynamically(call: OperatorCall): Results {
  const x = call.tensor(0);
  const [low, high] = [x.min().minimum(0), x.max().maximum(0)];
  const scale = high.sub(low).div(255);
  const safe = scale.equal(0).where(1, scale);
  const zero = low.neg().div(safe).round().clip(0, 255);
  return results(quantized(x, safe, zero), scale, zero.cast('uint8'));
}

/** Quantisation to unsigned bytes. */
export const quantization: readonly OnnxOperator[] = [
  {
    type: 'QuantizeLinear',
    gradient: 'none',
    since: 10,
    controls: [1, 2],
    note: 'to uint8; its derivative is 0, not straight-through',
    build: quantize,
  },
  { type: 'DequantizeLinear', gradient: 'yes', since: 10, controls: [2], note: 'of the scale', build: dequantize },
  {
    type: 'DynamicQuantizeLinear',
    gradient: 'none',
    since: 11,
    note: 'its derivative is 0',
    build: quantizeDynamically,
  },
];
