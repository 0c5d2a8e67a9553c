import { isTensor, stack, type Tensor, zeros } from '../../tensor/index.js';
import { constant } from '../../tensor/ops/constant.js';
import { concreteOf } from '../fold.js';
import { type OnnxOperator, type OperatorCall, type Results, results, type Value } from '../operator.js';

/** A truth where it is known when the graph is made. */
function truthOf(value: Value): boolean | undefined {
  const known = value && isTensor(value) ? concreteOf(value) : undefined;
  return known && Boolean(known.data[0]);
}

/** The branch taken, where that is known; otherwise both are computed, and each result is taken from one. */
function branch(call: OperatorCall): Results {
  const condition = call.tensor(0);
  const known = truthOf(condition);
  if (known !== undefined) return results(...call.run(known ? 'then_branch' : 'else_branch', []));
  const [yes, no] = [call.run('then_branch', []), call.run('else_branch', [])];
  return results(
    ...yes.map((x, i) => {
      const y = no[i];
      const shown = (value: Value) => (isTensor(value) ? `${value}` : value ? 'a sequence' : 'nothing');
      if (!isTensor(x) || !isTensor(y) || x.dtype !== y.dtype || x.shape.join() !== y.shape.join())
        throw new RangeError(`its condition depends on values, and its branches make ${shown(x)} and ${shown(y)}`);
      return condition.reshape([]).where(x, y);
    }),
  );
}

/** What the steps of a loop gave one after the other, along a new axis. */
function gathered(steps: readonly Value[], axis = 0): Tensor {
  return stack(
    steps.map((step) => {
      if (!isTensor(step)) throw new TypeError('what a loop collects must be tensors');
      return step;
    }),
    axis,
  );
}

/** Steps with a state, as many as are known when the graph is made. */
function loop(call: OperatorCall): Results {
  const most = call.number(0) ?? Number.POSITIVE_INFINITY;
  let going: Value = call.inputs[1] ?? constant(true, 'bool');
  let state = call.inputs.slice(2);
  const collected: Value[][] = [];
  const step = (i: number) => {
    const count = constant({ data: BigInt64Array.of(BigInt(i)), shape: [], dtype: 'int64' });
    const [next, ...made] = call.run('body', [count, going, ...state]);
    return { next, state: made.slice(0, state.length), kept: made.slice(state.length) };
  };
  for (let i = 0; i < most; i++) {
    const known = truthOf(going);
    if (known === undefined)
      throw new TypeError('whether the loop goes on depends on values, so its steps cannot be counted');
    if (!known) break;
    call.surroundings.countSteps(1);
    const made = step(i);
    going = made.next;
    state = made.state;
    made.kept.forEach((value, k) => {
      collected[k] = [...(collected[k] ?? []), value];
    });
  }
  if (collected.length > 0 || call.node.outputs.length <= state.length)
    return results(...state, ...collected.map((steps) => gathered(steps)));
  // No step: what would have been collected has the shape of one, and no elements.
  const empty = step(0).kept.map((x) => (x && isTensor(x) ? zeros([0, ...x.shape], x.dtype) : undefined));
  return results(...state, ...empty);
}

/** A loop over slices of its inputs. */
function scan(call: OperatorCall): Results {
  const count = call.integer('num_scan_inputs', 0);
  const [states, sequences] = [call.inputs.slice(0, -count), call.tensors().slice(-count)];
  const axes = call.integers('scan_input_axes') ?? sequences.map(() => 0);
  const directions = call.integers('scan_input_directions') ?? sequences.map(() => 0);
  const lengths = sequences.map((x, k) => x.shape[axes[k] < 0 ? axes[k] + x.rank : axes[k]]);
  if (new Set(lengths).size !== 1) throw new RangeError(`its sequences have the lengths ${lengths.join(', ')}`);
  const [n] = lengths;
  call.surroundings.countSteps(n);
  let state: readonly Value[] = states;
  const collected: Value[][] = [];
  for (let i = 0; i < n; i++) {
    const slices = sequences.map((x, k) => x.at(directions[k] ? n - 1 - i : i, axes[k]));
    const made = call.run('body', [...state, ...slices]);
    state = made.slice(0, states.length);
    made.slice(states.length).forEach((value, k) => {
      collected[k] = [...(collected[k] ?? []), value];
    });
  }
  const outward = call.integers('scan_output_axes') ?? collected.map(() => 0);
  const reversed = call.integers('scan_output_directions') ?? collected.map(() => 0);
  return results(
    ...state,
    ...collected.map((steps, k) => gathered(reversed[k] ? [...steps].reverse() : steps, outward[k])),
  );
}

/** Branches and loops, as far as which way they go is known when the graph is made. */
export const controlFlow: readonly OnnxOperator[] = [
  {
    type: 'If',
    gradient: 'yes',
    controls: [0],
    note: 'a condition that depends on values: both branches, of equal shapes, and a choice',
    build: branch,
  },
  {
    type: 'Loop',
    gradient: 'yes',
    controls: [0, 1],
    note: 'unrolled; how often it runs must be known when the model is applied',
    build: loop,
  },
  { type: 'Scan', gradient: 'yes', since: 9, note: 'unrolled', build: scan },
];
