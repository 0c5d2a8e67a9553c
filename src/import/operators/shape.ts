import { arange, constant, type NDArray, showShape, sizeOf, type Tensor } from '../../tensor/index.js';
import { int64s } from '../../tensor/ops/constant.js';
import type { OnnxOperator, OperatorCall } from '../operator.js';

function shapeOf(call: OperatorCall): Tensor {
  const { shape } = call.tensor(0);
  const clamp = (i: number) => Math.min(Math.max(i < 0 ? i + shape.length : i, 0), shape.length);
  return int64s(shape.slice(clamp(call.integer('start', 0)), clamp(call.integer('end', shape.length))));
}

function constantValue(call: OperatorCall): Tensor {
  const value = call.array('value');
  if (value) return constant(value);
  const float = (data: number[], shape: number[]) =>
    constant({ data: Float32Array.from(data), shape, dtype: 'float32' });
  if (call.has('value_float')) return float([call.float('value_float', 0)], []);
  const floats = call.floats('value_floats');
  if (floats && call.has('value_floats')) return float(floats, [floats.length]);
  if (call.has('value_int')) return int64s([call.integer('value_int', 0)]).reshape([]);
  if (call.has('value_ints')) return int64s(call.integers('value_ints') ?? []);
  throw new TypeError('its value is neither a tensor nor numbers');
}

function constantOfShape(call: OperatorCall): Tensor {
  const value = call.array('value');
  const filling = value ? constant({ ...value, shape: [] }) : constant(0, 'float32');
  const shape = call.numbers(0) ?? [];
  if (!(sizeOf(shape) <= 2 ** 31)) throw new RangeError(`${showShape(shape)} is more than a model can hold`);
  return filling.broadcastTo(shape);
}

/** Length of a range; what a model may ask for is limited, as its numbers are made here. */
const longestRange = 2 ** 26;

function range(call: OperatorCall): Tensor {
  const [start, limit, step] = [0, 1, 2].map((i) => call.number(i) ?? 0);
  if (!(Math.abs((limit - start) / step) <= longestRange))
    throw new RangeError(`a range from ${start} to ${limit} in steps of ${step} is too long`);
  return arange(start, limit, step, call.tensor(0).dtype);
}

/** The positions of what is not 0, [rank, count], whose number the values decide: they must be known. */
function nonZero(call: OperatorCall): Tensor {
  const x: NDArray = call.concrete(0);
  const found: number[] = [];
  x.data.forEach((value: number | bigint, i: number) => {
    if (value) found.push(i);
  });
  const strides = x.shape.map((_, k) => x.shape.slice(k + 1).reduce((a, b) => a * b, 1));
  const data = x.shape.flatMap((n, k) => found.map((i) => BigInt(Math.floor(i / strides[k]) % n)));
  return constant({ data: BigInt64Array.from(data), shape: [x.shape.length, found.length], dtype: 'int64' });
}

function eyeLike(call: OperatorCall): Tensor {
  const x = call.tensor(0);
  const [n, m] = x.shape;
  if (x.rank !== 2) throw new RangeError(`${x} must have two axes`);
  const k = call.integer('k', 0);
  const dtype = call.dtype('dtype', x.dtype);
  return arange(n).expandDims(1).add(k).equal(arange(m)).cast(dtype);
}

/** What a model asks of shapes, and constants. */
export const shapes: readonly OnnxOperator[] = [
  { type: 'Shape', gradient: 'none', controls: 'all', build: shapeOf },
  { type: 'Size', gradient: 'none', controls: 'all', build: (call) => int64s([call.tensor(0).size]).reshape([]) },
  { type: 'Constant', gradient: 'yes', build: constantValue },
  { type: 'ConstantOfShape', gradient: 'yes', since: 9, controls: 'all', build: constantOfShape },
  { type: 'Range', gradient: 'none', since: 11, controls: 'all', build: range },
  {
    type: 'NonZero',
    gradient: 'none',
    since: 9,
    controls: 'all',
    note: 'of what is known when the model is applied, as it decides shapes',
    build: nonZero,
  },
  { type: 'EyeLike', gradient: 'none', since: 9, controls: 'all', build: eyeLike },
  {
    type: 'Cast',
    gradient: 'yes',
    note: 'between floats; none to and from others',
    build: (call) => call.tensor(0).cast(call.dtype('to')),
  },
  {
    type: 'CastLike',
    gradient: 'yes',
    since: 15,
    controls: [1],
    note: 'between floats; none to and from others',
    build: (call) => call.tensor(0).cast(call.tensor(1).dtype),
  },
];
