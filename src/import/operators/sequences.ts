import { concat, constant, isTensor, stack, type Tensor } from '../../tensor/index.js';
import { int64s } from '../../tensor/ops/constant.js';
import { type OnnxOperator, type OperatorCall, type Results, results, type Value } from '../operator.js';
import { pieces } from './movement.js';

/** A concrete position in a sequence, negative ones counted from its end. */
function positionOf(call: OperatorCall, i: number, length: number, missing: number): number {
  const given = call.number(i) ?? missing;
  const at = given < 0 ? given + length : given;
  if (at < 0 || at > length) throw new RangeError(`position ${given} is outside of a sequence of ${length}`);
  return at;
}

function insert(call: OperatorCall): Tensor[] {
  const list = [...call.sequence(0)];
  list.splice(positionOf(call, 2, list.length, list.length), 0, call.tensor(1));
  return list;
}

function erase(call: OperatorCall): Tensor[] {
  const list = [...call.sequence(0)];
  list.splice(positionOf(call, 1, list.length, list.length - 1), 1);
  return list;
}

function element(call: OperatorCall): Tensor {
  const list = call.sequence(0);
  const at = positionOf(call, 1, list.length, 0);
  if (at === list.length) throw new RangeError(`position ${at} is outside of a sequence of ${list.length}`);
  return list[at];
}

function split(call: OperatorCall): Tensor[] {
  const x = call.tensor(0);
  const axis = call.integer('axis', 0);
  const n = x.shape[axis < 0 ? axis + x.rank : axis];
  if (n === undefined) throw new RangeError(`${x} has no axis ${axis}`);
  const told = call.inputs[1] === undefined ? undefined : call.concrete(1);
  const length = Number(told?.data[0] ?? 1);
  if (told?.shape.length === 0 && !(length > 0)) throw new RangeError(`pieces of ${length} do not divide an axis`);
  const lengths =
    told && told.shape.length > 0
      ? call.numbers(1)
      : pieces(n, Math.ceil(n / length)).map((_, i) => Math.min(length, n - i * length));
  const parts = x.split(lengths ?? [], axis);
  return told || call.integer('keepdims', 1) ? parts : parts.map((part) => part.squeeze(axis));
}

function join(call: OperatorCall): Tensor {
  const list = call.sequence(0);
  const axis = call.integer('axis', 0);
  return call.integer('new_axis', 0) ? stack(list, axis) : concat(list, axis);
}

/** A body for each element of a sequence, with the elements of others beside it. */
function map(call: OperatorCall): Results {
  const elements = call.sequence(0);
  call.surroundings.countSteps(elements.length);
  const made = elements.map((_, i) =>
    call.run(
      'body',
      call.inputs.map((x) => (isTensor(x) || !x ? x : x[i])),
    ),
  );
  return results(
    ...call.node.outputs.map((_, k) =>
      made.map((values) => {
        const value = values[k];
        if (isTensor(value)) return value;
        throw new TypeError('its body makes a value that is no tensor');
      }),
    ),
  );
}

function contents(call: OperatorCall): Value {
  const [value] = call.inputs;
  if (value === undefined) throw new TypeError('the optional value is empty');
  return value;
}

/** Lists of tensors, which exist while a graph is made and no longer. */
export const sequences: readonly OnnxOperator[] = [
  { type: 'SequenceEmpty', gradient: 'yes', since: 11, build: () => [] },
  { type: 'SequenceConstruct', gradient: 'yes', since: 11, build: (call) => call.tensors() },
  { type: 'SequenceInsert', gradient: 'yes', since: 11, controls: [2], build: insert },
  { type: 'SequenceErase', gradient: 'yes', since: 11, controls: [1], build: erase },
  { type: 'SequenceAt', gradient: 'yes', since: 11, controls: [1], build: element },
  {
    type: 'SequenceLength',
    gradient: 'none',
    since: 11,
    controls: 'all',
    build: (call) => int64s([call.sequence(0).length]).reshape([]),
  },
  { type: 'SplitToSequence', gradient: 'yes', since: 11, controls: [1], build: split },
  { type: 'ConcatFromSequence', gradient: 'yes', since: 11, build: join },
  { type: 'SequenceMap', gradient: 'yes', since: 17, build: map },
  { type: 'Optional', gradient: 'yes', since: 15, build: (call) => results(call.inputs[0]) },
  { type: 'OptionalGetElement', gradient: 'yes', since: 15, build: contents },
  {
    type: 'OptionalHasElement',
    gradient: 'none',
    since: 15,
    controls: 'all',
    build: (call) => constant(call.inputs[0] !== undefined, 'bool'),
  },
];
