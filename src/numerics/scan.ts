import { makeScan, requireSameState, standIn } from '../autodiff/scan.js';
import { concat, stack, type Tensor } from '../tensor/index.js';
import { leavesOf, mapTree, unflatten } from '../tensor/tree.js';

export interface ScanOptions {
  /**
   * Whether every step becomes nodes of the graph, or one ONNX Scan repeats them. Unrolled steps cost less each and can be simplified
   * together; a graph of very many takes long to make. Default: unrolled up to 64 steps.
   */
  readonly unroll?: boolean;
  /** From the last element to the first; outputs stay at the place of their element. Default false. */
  readonly reverse?: boolean;
  /**
   * Keep for the derivative only the state before every sqrt(n)-th step and compute those between again: memory of 2 sqrt(n) states in
   * place of n, for one more forward pass. Not unrolled then. Default false.
   */
  readonly checkpoint?: boolean;
}

/** Steps that are unrolled unless the caller says otherwise. */
const unrolledAtMost = 64;

/**
 * Applies `step` along the first axis of the leaves of `inputs`: carry, output = step(carry, inputs[i]) for each i. Returns the last carry
 * and the outputs along a new first axis.
 *
 * Derivatives of any order go through the steps; what `step` closes over is differentiated too. Where its body needs the host (matrix
 * decompositions, random draws, float64 operators that ONNX Runtime lacks) the loop is unrolled whatever `unroll` says.
 *
 * @throws RangeError when the leaves of `inputs` differ in length, there is nothing to go over, or a step changes the shape or dtype of
 * the carry.
 */
export function scan<C, X, Y>(
  step: (carry: C, input: X) => readonly [carry: C, output: Y],
  carry: C,
  inputs: X,
  options: ScanOptions = {},
): [carry: C, outputs: Y] {
  const lengths = leavesOf<Tensor>(inputs).map(({ value }) => value.shape[0]);
  const n = lengths[0];
  if (!n || lengths.some((length) => length !== n))
    throw new RangeError(
      `scan: inputs have the lengths ${lengths.join(', ') || 'of nothing'}; they must agree and not be 0`,
    );
  const { checkpoint = false, unroll = n <= unrolledAtMost, reverse = false } = options;
  if (checkpoint) return checkpointed(step, carry, inputs, n, reverse);
  return unroll ? unrolled(step, carry, inputs, n, reverse) : looped(step, carry, inputs, reverse);
}

function unrolled<C, X, Y>(
  step: (carry: C, input: X) => readonly [C, Y],
  carry: C,
  inputs: X,
  n: number,
  reverse: boolean,
): [C, Y] {
  let state = carry;
  const outputs: Y[] = [];
  for (let k = 0; k < n; k++) {
    const i = reverse ? n - 1 - k : k;
    const [next, output] = step(state, mapTree(inputs, (leaf: Tensor) => leaf.at(i)) as X);
    requireSameCarry(state, next);
    state = next;
    outputs[i] = output;
  }
  return [state, joined(outputs, stack)];
}

function looped<C, X, Y>(step: (carry: C, input: X) => readonly [C, Y], carry: C, inputs: X, reverse: boolean): [C, Y] {
  const state = tensors(carry);
  const sequences = tensors(inputs);
  const parameters = {
    carry: state.map((x) => standIn(x.shape, x.dtype)),
    sequences: sequences.map((x) => standIn(x.shape.slice(1), x.dtype)),
    captured: [],
  };
  const [next, output] = step(unflatten(carry, parameters.carry) as C, unflatten(inputs, parameters.sequences) as X);
  requireSameCarry(carry, next);
  // The state before each step is kept for the derivative; a program without one drops it again.
  const results = [...tensors(next), ...tensors(output), ...parameters.carry];
  const made = makeScan(parameters, results, { carry: state, sequences, captured: [] }, reverse);
  const outputs = made.slice(state.length, made.length - state.length);
  return [unflatten(carry, made.slice(0, state.length)) as C, unflatten(output, outputs) as Y];
}

/** A loop over runs of sqrt(n) steps, each a loop itself, whose derivative knows only the state before each run. */
function checkpointed<C, X, Y>(
  step: (carry: C, input: X) => readonly [C, Y],
  carry: C,
  inputs: X,
  n: number,
  reverse: boolean,
): [C, Y] {
  const length = Math.ceil(Math.sqrt(n));
  const runs = Math.floor(n / length);
  const part = (from: number, to: number) => mapTree(inputs, (leaf: Tensor) => leaf.slice([[from, to]])) as X;
  const whole = mapTree(part(0, runs * length), (leaf: Tensor) =>
    leaf.reshape([runs, length, ...leaf.shape.slice(1)]),
  ) as X;
  const ofRuns = (state: C): [C, Y] => {
    const [next, outputs] = looped((c: C, run: X) => looped(step, c, run, reverse), state, whole, reverse);
    return [next, mapTree(outputs, (leaf: Tensor) => leaf.reshape([runs * length, ...leaf.shape.slice(2)])) as Y];
  };
  if (runs * length === n) return ofRuns(carry);
  const rest = part(runs * length, n);
  if (reverse) {
    const [state, last] = looped(step, carry, rest, reverse);
    const [end, first] = ofRuns(state);
    return [end, joined([first, last], concat)];
  }
  const [state, first] = ofRuns(carry);
  const [end, last] = looped(step, state, rest, reverse);
  return [end, joined([first, last], concat)];
}

function tensors(tree: unknown): Tensor[] {
  return leavesOf<Tensor>(tree).map(({ value }) => value);
}

function joined<Y>(outputs: readonly Y[], join: (parts: readonly Tensor[]) => Tensor): Y {
  const columns = outputs.map(tensors);
  return unflatten(
    outputs[0],
    columns[0].map((_, k) => join(columns.map((row) => row[k]))),
  ) as Y;
}

function requireSameCarry(carry: unknown, next: unknown): void {
  const paths = leavesOf(carry).map(({ path }) => path);
  requireSameState('scan', paths, tensors(carry), tensors(next));
}
