import { arange, constant, showShape, type Tensor } from '../../tensor/index.js';
import { type OnnxOperator, type OperatorCall, type Results, results } from '../operator.js';
import { bounded } from './limits.js';

/** Indices along an axis, negative ones counted from its end. */
function wrapped(indices: Tensor, n: number): Tensor {
  return indices.less(0).where(indices.add(n), indices);
}

function gatherND(call: OperatorCall): Tensor {
  const [x, indices] = [call.tensor(0), call.tensor(1)];
  const batch = call.integer('batch_dims', 0);
  if (batch === 0) return x.gatherND(indices);
  // The batch axes become leading entries of the tuples.
  const lead = x.shape.slice(0, batch);
  const own = lead.map((n, k) => {
    const shape = indices.shape.map((m, i) => (i === k ? n : i === indices.rank - 1 ? 1 : m));
    const along = constant({
      data: BigInt64Array.from({ length: n }, (_, i) => BigInt(i)),
      shape: [n],
      dtype: 'int64',
    });
    return along.reshape(indices.shape.map((_, i) => (i === k ? n : 1))).broadcastTo(shape);
  });
  return x.gatherND([...own, indices.cast('int64')].reduce((a, b) => a.concat(b, -1)));
}

function topK(call: OperatorCall): Results {
  const x = call.tensor(0);
  const k = call.version >= 10 ? (call.number(1) ?? 0) : call.integer('k', 0);
  const [values, indices] = x.topK(k, call.integer('axis', -1), { largest: call.integer('largest', 1) === 1 });
  return results(values, indices);
}

function oneHot(call: OperatorCall): Tensor {
  const indices = call.tensor(0);
  const depth = bounded('depth', call.number(1) ?? 0);
  const values = call.tensor(2);
  const [off, on] = [values.at(0), values.at(1)];
  const axis = call.integer('axis', -1);
  const whole = wrapped(indices.cast('int64'), depth).oneHot(depth, 'bool');
  return whole.where(on, off).moveAxis(-1, axis < 0 ? axis + indices.rank + 1 : axis);
}

/** What stands where a condition holds that is known when the model is applied. */
function compress(call: OperatorCall): Tensor {
  const kept = call.numbers(1)?.flatMap((value, i) => (value ? [i] : [])) ?? [];
  const positions = constant({ data: BigInt64Array.from(kept, BigInt), shape: [kept.length], dtype: 'int64' });
  return call.has('axis')
    ? call.tensor(0).gather(positions, call.integer('axis', 0))
    : call.tensor(0).flatten().gather(positions);
}

/** The first `lengths` elements of each example in the opposite order. */
function reverseSequence(call: OperatorCall): Tensor {
  const [x, lengths] = [call.tensor(0), call.tensor(1).cast('int32')];
  const [batch, time] = [call.integer('batch_axis', 1), call.integer('time_axis', 0)];
  if (batch + time !== 1 || batch * time !== 0) throw new RangeError(`axes ${batch} and ${time} must be 0 and 1`);
  const steps = x.shape.map((_, i) => (i === time ? -1 : 1));
  const examples = x.shape.map((_, i) => (i === batch ? -1 : 1));
  const at = arange(x.shape[time]).reshape(steps);
  const ends = lengths.reshape(examples);
  const from = at.less(ends).where(ends.sub(1).sub(at), at);
  return x.takeAlongAxis(from.broadcastTo(x.shape), time);
}

/** A cache with an update written into it, at a position of each example. */
function tensorScatter(call: OperatorCall): Tensor {
  const [cache, update] = [call.tensor(0), call.tensor(1)];
  const given = call.integer('axis', -2);
  const axis = given < 0 ? given + cache.rank : given;
  if (!(axis > 0 && axis < cache.rank))
    throw new RangeError(`${showShape(cache.shape)} has no axis ${given} for a sequence`);
  if (
    update.rank !== cache.rank ||
    update.shape.some((n, i) => (i === axis ? n > cache.shape[i] : n !== cache.shape[i]))
  )
    throw new RangeError(`the update ${showShape(update.shape)} does not fit the cache ${showShape(cache.shape)}`);
  const start = call
    .optional(2)
    ?.cast('int32')
    .reshape(cache.shape.map((_, i) => (i === 0 ? -1 : 1)));
  const steps = arange(update.shape[axis]).reshape(cache.shape.map((_, i) => (i === axis ? -1 : 1)));
  const at = start ? steps.add(start) : steps;
  const positions = call.string('mode', 'linear') === 'circular' ? at.mod(cache.shape[axis]) : at;
  return cache.scatterElements(positions.broadcastTo(update.shape), update, axis);
}

/** Rows or elements of a tensor. */
export const indexing: readonly OnnxOperator[] = [
  {
    type: 'Gather',
    gradient: 'yes',
    controls: [1],
    note: 'repeated indices add up',
    build: (call) => call.tensor(0).gather(call.tensor(1), call.integer('axis', 0)),
  },
  {
    type: 'GatherElements',
    gradient: 'yes',
    since: 11,
    controls: [1],
    note: 'repeated indices add up',
    build: (call) => call.tensor(0).takeAlongAxis(call.tensor(1), call.integer('axis', 0)),
  },
  { type: 'GatherND', gradient: 'yes', since: 11, controls: [1], note: 'repeated indices add up', build: gatherND },
  { type: 'TopK', gradient: 'yes', controls: [1], note: 'back to where each element stood', build: topK },
  { type: 'OneHot', gradient: 'yes', since: 9, controls: [1], build: oneHot },
  {
    type: 'Compress',
    gradient: 'yes',
    since: 9,
    controls: [1],
    note: 'where the condition is known when the model is applied',
    build: compress,
  },
  { type: 'ReverseSequence', gradient: 'yes', since: 10, controls: [1], build: reverseSequence },
  { type: 'TensorScatter', gradient: 'yes', since: 24, controls: [2], build: tensorScatter },
];
