import { isFloat, showShape, type Tensor } from '../../tensor/index.js';
import type { OnnxOperator, OperatorCall } from '../operator.js';

type Reduce = (x: Tensor, axes: number[], options: { keepDims: boolean }) => Tensor;

function reducing(type: string, reduce: Reduce, note?: string): OnnxOperator {
  return {
    type,
    gradient: 'yes',
    controls: [1],
    note,
    build: (call) => {
      const x = call.tensor(0);
      const axes = call.integersAt(1, 'axes');
      if (!axes?.length && call.integer('noop_with_empty_axes', 0))
        return type === 'ReduceSum' ? x : reduce(x, [], { keepDims: true });
      const all = x.shape.map((_, i) => i);
      return reduce(x, axes?.length ? axes : all, { keepDims: call.integer('keepdims', 1) === 1 });
    },
  };
}

/** The mean; integers are divided and cut off. */
const mean: Reduce = (x, axes, options) => {
  if (isFloat(x.dtype)) return x.mean(axes, options);
  const total = x.sum(axes, options);
  return total.div(x.size / total.size);
};

/** The 2-norm, with gradient 0 where it is 0; integers are cut off. */
const euclidean: Reduce = (x, axes, options) =>
  isFloat(x.dtype) ? x.norm(axes, options) : x.square().sum(axes, options).cast('float64').sqrt().cast(x.dtype);

function extreme(
  type: string,
  pick: (x: Tensor, axis: number, options: { keepDims: boolean }) => Tensor,
): OnnxOperator {
  return {
    type,
    gradient: 'none',
    build: (call) => {
      const x = call.tensor(0);
      const axis = call.integer('axis', 0);
      const options = { keepDims: call.integer('keepdims', 1) === 1 };
      if (!call.integer('select_last_index', 0)) return pick(x, axis, options).cast('int64');
      const at = axis < 0 ? axis + x.rank : axis;
      return pick(x.flip(at), at, options)
        .neg()
        .add(x.shape[at] - 1)
        .cast('int64');
    },
  };
}

/** exp(x) over its sum along an axis; before version 13 over all axes from there on. */
function alongAxis(type: string, fn: (x: Tensor, axis: number) => Tensor): OnnxOperator {
  return {
    type,
    gradient: 'yes',
    build: (call) => {
      const x = call.tensor(0);
      if (call.version >= 13) return fn(x, call.integer('axis', -1));
      const axis = call.integer('axis', 1);
      const from = axis < 0 ? axis + x.rank : axis;
      if (from === x.rank - 1) return fn(x, from);
      const rows = x.shape.slice(0, from).reduce((a, b) => a * b, 1);
      return fn(x.reshape([rows, x.size / Math.max(1, rows)]), 1).reshape(x.shape);
    },
  };
}

/** 1 at the largest element, 0 elsewhere. */
function hardmax(x: Tensor, axis: number): Tensor {
  const at = axis < 0 ? axis + x.rank : axis;
  return x.argmax(at).oneHot(x.shape[at]).cast(x.dtype).moveAxis(-1, at);
}

function cumulative(call: OperatorCall): Tensor {
  return call.tensor(0).cumsum(call.number(1) ?? 0, {
    exclusive: call.integer('exclusive', 0) === 1,
    reverse: call.integer('reverse', 0) === 1,
  });
}

/** Reductions, and what goes along an axis. */
export const reduction: readonly OnnxOperator[] = [
  reducing('ReduceSum', (x, axes, options) => x.sum(axes, options)),
  reducing('ReduceMean', mean),
  reducing('ReduceProd', (x, axes, options) => x.prod(axes, options), 'also at zeros, in O(n^2)'),
  reducing('ReduceMax', (x, axes, options) => extremeOf(x, axes, options, 'max'), 'shared among ties'),
  reducing('ReduceMin', (x, axes, options) => extremeOf(x, axes, options, 'min'), 'shared among ties'),
  reducing('ReduceL1', (x, axes, options) => x.abs().sum(axes, options), '0 at 0'),
  reducing('ReduceL2', euclidean, '0 where all is 0'),
  reducing('ReduceSumSquare', (x, axes, options) => x.square().sum(axes, options)),
  reducing('ReduceLogSum', (x, axes, options) => x.sum(axes, options).log()),
  reducing('ReduceLogSumExp', (x, axes, options) =>
    isFloat(x.dtype) && x.size === 0
      ? x.sum(axes, options).log()
      : isFloat(x.dtype)
        ? x.logSumExp(axes, options)
        : x.cast('float64').logSumExp(axes, options).cast(x.dtype),
  ),
  extreme('ArgMax', (x, axis, options) => x.argmax(axis, options)),
  extreme('ArgMin', (x, axis, options) => x.argmin(axis, options)),
  alongAxis('Softmax', (x, axis) => x.softmax(axis)),
  alongAxis('LogSoftmax', (x, axis) => x.logSoftmax(axis)),
  { ...alongAxis('Hardmax', hardmax), gradient: 'none' },
  { type: 'CumSum', gradient: 'yes', since: 11, controls: [1], build: cumulative },
];

function extremeOf(x: Tensor, axes: number[], options: { keepDims: boolean }, which: 'max' | 'min'): Tensor {
  if (x.size === 0) {
    // The largest of nothing is what everything exceeds.
    if (x.dtype === 'bool')
      return x
        .cast('int32')
        .sum(axes, options)
        .equal(which === 'max' ? 1 : 0);
    if (!isFloat(x.dtype)) throw new RangeError(`x ${showShape(x.shape)} has no elements to reduce`);
    return x.sum(axes, options).add(which === 'max' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY);
  }
  if (x.dtype === 'bool') return which === 'max' ? x.any(axes, options) : x.all(axes, options);
  return x[which](axes, options);
}
