import { rebuild, substitute, topological } from '../tensor/graph.js';
import { isFloat, onesLike, showShape, stack, type Tensor, zeros } from '../tensor/index.js';
import { input } from '../tensor/ops/constant.js';
import { type Attributes, applyAll, constantOf, type Node, type Operator, type Subgraph } from '../tensor/tensor.js';
import { pullback } from './pullback.js';

/** ONNX's names. The first inputs of the node are the state, the next `num_scan_inputs` the sequences, the last what the body captures. */
interface ScanAttributes extends Attributes {
  readonly body: Subgraph;
  readonly num_scan_inputs: number;
  /** 1 for each sequence that is walked from its end, 0 from its beginning; here all agree. */
  readonly scan_input_directions: readonly number[];
  readonly scan_output_directions: readonly number[];
}

/** A loop that stays one node. Its results are the last state, then for each further result of its body all steps' along a first axis. */
export type ScanNode = Node<ScanAttributes>;

export function isScan(node: Node): node is Node & ScanNode {
  return node.operator === (Scan as unknown as Operator);
}

/** What a loop goes over, or its body's stand-ins for that. */
export interface ScanParts {
  readonly carry: readonly Tensor[];
  readonly sequences: readonly Tensor[];
  readonly captured: readonly Tensor[];
}

const Scan: Operator<ScanAttributes> = {
  type: 'Scan',
  domain: '',
  infer(inputs, { body, num_scan_inputs }) {
    const carries = inputs.length - num_scan_inputs - body.captured;
    const [length] = inputs[carries].shape;
    return body.results.map(({ shape, dtype }, i) => ({ shape: i < carries ? shape : [length, ...shape], dtype }));
  },
  vjp(cotangents, node) {
    const factor = partsOf(node).carry.length === 0 ? onlyFactor(cotangents) : undefined;
    if (!factor) return backward(cotangents, node);
    const unit = backward(
      cotangents.map((c) => c && onesLike(c)),
      node,
    );
    return unit.map((x) => x?.mul(factor));
  },
};

/**
 * The scalar that all elements of the one cotangent there is are: where a loss is a function of a sum over steps. The derivative is linear in it,
 * so a loop that goes without it needs nothing that the loop forward makes, and both can be one.
 */
function onlyFactor(cotangents: readonly Tensor[]): Tensor | undefined {
  const [given, ...others] = cotangents.filter((c) => c);
  return given && others.length === 0 ? spreadScalar(given) : undefined;
}

function spreadScalar(x: Tensor): Tensor | undefined {
  const [from] = x.node.inputs;
  if (x.node.operator.type === 'Expand' && from.size === 1) return constantOf(from) ? undefined : from.reshape([]);
  return x.node.operator.type === 'Reshape' ? spreadScalar(from) : undefined;
}

/** The inputs of a loop, or the parameters of its body, by their roles. */
export function partsOf(node: ScanNode, all: readonly Tensor[] = node.inputs): ScanParts {
  const { body, num_scan_inputs } = node.attributes;
  const captured = all.length - body.captured;
  const carries = captured - num_scan_inputs;
  return { carry: all.slice(0, carries), sequences: all.slice(carries, captured), captured: all.slice(captured) };
}

/** Whether the loop runs from the end of its sequences to their beginning. */
export function isReversed(node: ScanNode): boolean {
  return node.attributes.scan_input_directions[0] === 1;
}

/**
 * A loop, given the stand-ins that its body was traced on and what they stand for. Whatever else the body uses is computed once, outside,
 * and captured.
 *
 * @param results of the body: the next state, then what is kept of every step.
 */
export function makeScan(
  parameters: ScanParts,
  results: readonly Tensor[],
  inputs: ScanParts,
  reverse: boolean,
): readonly Tensor[] {
  const own = [...parameters.carry, ...parameters.sequences, ...parameters.captured];
  const captures = outside(results, own);
  const standIns = new Map(captures.map((x) => [x, standIn(x.shape, x.dtype)]));
  const body: Subgraph = {
    parameters: [...own, ...standIns.values()],
    results: substitute(results, standIns),
    captured: parameters.captured.length + captures.length,
  };
  const direction = reverse ? 1 : 0;
  return applyAll(Scan, [...inputs.carry, ...inputs.sequences, ...inputs.captured, ...captures], {
    body,
    num_scan_inputs: inputs.sequences.length,
    scan_input_directions: inputs.sequences.map(() => direction),
    scan_output_directions: results.slice(inputs.carry.length).map(() => direction),
  });
}

/** A tensor that stands for a value inside the body of a loop. */
export function standIn(shape: readonly number[], dtype: Tensor['dtype']): Tensor {
  return input('', shape, dtype);
}

/** What `results` use that does not follow from `own`: values of the graph around, the last ones before `own` comes in. */
function outside(results: readonly Tensor[], own: readonly Tensor[]): Tensor[] {
  const inner = new Set(own.map((x) => x.node));
  const found = new Set<Tensor>();
  const order = topological(results, inner);
  for (const node of order) if (node.inputs.some((x) => x && inner.has(x.node))) inner.add(node);
  const use = (x: Tensor | undefined) => {
    if (x && !inner.has(x.node) && !constantOf(x)) found.add(x);
  };
  const given = new Set(own.map((x) => x.node));
  for (const node of order) if (inner.has(node) && !given.has(node)) node.inputs.forEach(use);
  results.forEach(use);
  return [...found];
}

/**
 * The derivative of a loop is a loop the other way: its state is the cotangent of the state and the sums of those of what is captured,
 * and each step computes the forward step anew from the state it began with, which the forward loop keeps as its last results.
 */
function backward(cotangents: readonly Tensor[], node: ScanNode): (Tensor | undefined)[] {
  const { body } = node.attributes;
  const inputs = partsOf(node);
  const inside = partsOf(node, body.parameters);
  const carries = inputs.carry.length;
  const history = node.outputs.slice(node.outputs.length - carries);
  const seeds = body.results.map((y, i) =>
    isFloat(y.dtype) && (i < carries || cotangents[i]) ? standIn(y.shape, y.dtype) : undefined,
  );
  const parts = pullback(body.results, seeds, body.parameters);
  const part = (x: Tensor): Tensor | undefined => parts[body.parameters.indexOf(x)];
  const states = [...inside.carry.keys()].filter((i) => seeds[i]);
  const sequences = inside.sequences.filter(part);
  const captured = inside.captured.filter(part);
  const sums = captured.map((x) => standIn(x.shape, x.dtype));
  const steps = [...seeds.keys()].filter((i) => i >= carries && seeds[i]);
  const seed = (i: number) => seeds[i] as Tensor;
  const parameters: ScanParts = {
    carry: [...states.map(seed), ...sums],
    sequences: [...inside.carry, ...inside.sequences, ...steps.map(seed)],
    captured: inside.captured,
  };
  const results = [
    ...states.map((i) => part(inside.carry[i]) ?? inside.carry[i].zerosLike()),
    ...captured.map((x, k) => sums[k].add(part(x) as Tensor)),
    ...sequences.map((x) => part(x) as Tensor),
    ...parameters.carry,
  ];
  const made = makeScan(
    parameters,
    results,
    {
      carry: [
        ...states.map((i) => cotangents[i] ?? node.outputs[i].zerosLike()),
        ...sums.map((x) => zeros(x.shape, x.dtype)),
      ],
      sequences: [...history, ...inputs.sequences, ...steps.map((i) => cotangents[i])],
      captured: inputs.captured,
    },
    !isReversed(node),
  );
  const order = [...states.map((i) => inside.carry[i]), ...captured, ...sequences];
  return body.parameters.map((x) => {
    const at = order.indexOf(x);
    return at < 0 ? undefined : made[at];
  });
}

/** The same loop over other inputs and with other results of its body, which may use fewer of its parameters. */
export function withResults(node: ScanNode, inputs: readonly Tensor[], results: readonly Tensor[]): ScanNode {
  const parameters = partsOf(node, node.attributes.body.parameters);
  return makeScan(parameters, results, partsOf(node, inputs), isReversed(node))[0].node as unknown as ScanNode;
}

/** The results of a loop with its body once for every step. */
export function unroll(node: ScanNode): readonly Tensor[] {
  const { body } = node.attributes;
  const { carry, sequences, captured } = partsOf(node);
  const [length] = sequences[0].shape;
  const steps = Array.from({ length }, (_, i) => i);
  const kept: (readonly Tensor[])[] = [];
  let state = carry;
  for (const i of isReversed(node) ? steps.reverse() : steps) {
    const values = [...state, ...sequences.map((x) => x.at(i)), ...captured];
    const results = substitute(body.results, new Map(body.parameters.map((x, k) => [x, values[k]])));
    state = results.slice(0, carry.length);
    kept[i] = results.slice(carry.length);
  }
  return [...state, ...kept[0].map((_, k) => stack(kept.map((row) => row[k])))];
}

/** The outputs with every loop on their way cut down to what they need: results that no one uses go, and what only those needed. */
export function pruneScans(outputs: readonly Tensor[]): Tensor[] {
  const order = topological(outputs);
  if (!order.some(isScan)) return [...outputs];
  const used = new Set(outputs);
  const live = new Map<Node, Liveness>();
  for (const node of order.reverse()) {
    if (!node.outputs.some((y) => used.has(y))) continue;
    const liveness = isScan(node) ? livenessOf(node, used) : undefined;
    if (liveness) live.set(node, liveness);
    node.inputs.forEach((x, i) => {
      if (x && (liveness?.inputs[i] ?? true)) used.add(x);
    });
  }
  return rebuild(outputs, (node, inputs) => {
    const liveness = live.get(node);
    return liveness && isScan(node) ? pruned(node, inputs, liveness) : undefined;
  });
}

/** Which inputs and results of a loop are needed. */
interface Liveness {
  readonly inputs: readonly boolean[];
  readonly results: readonly boolean[];
}

function livenessOf(node: ScanNode, used: ReadonlySet<Tensor>): Liveness {
  const { parameters, results } = node.attributes.body;
  const { carry, sequences } = partsOf(node);
  const needed = node.outputs.map((y) => used.has(y));
  for (;;) {
    const bodyResults = pruneScans(results.filter((_, i) => needed[i]));
    const reached = new Set(topological(bodyResults));
    const inputs = parameters.map((x) => reached.has(x.node));
    const further = carry.findIndex((_, i) => inputs[i] && !needed[i]);
    if (further < 0) {
      // A state that is a result goes in, read or not; and the length of the loop is that of a sequence.
      for (const i of carry.keys()) inputs[i] ||= needed[i];
      if (!sequences.some((_, i) => inputs[carry.length + i])) inputs[carry.length + lightest(sequences)] = true;
      return { inputs, results: needed };
    }
    needed[further] = true;
  }
}

function lightest(sequences: readonly Tensor[]): number {
  return sequences.reduce((best, x, i) => (x.size < sequences[best].size ? i : best), 0);
}

function pruned(node: ScanNode, inputs: readonly Tensor[], needed: Liveness): readonly Tensor[] {
  const { body } = node.attributes;
  const { carry, sequences } = partsOf(node);
  const captured = carry.length + sequences.length;
  const choose = (all: readonly Tensor[]): ScanParts => {
    const keep = (from: number, to?: number) => all.slice(from, to).filter((_, i) => needed.inputs[from + i]);
    return { carry: keep(0, carry.length), sequences: keep(carry.length, captured), captured: keep(captured) };
  };
  const results = pruneScans(body.results.filter((_, i) => needed.results[i]));
  const made = makeScan(choose(body.parameters), results, choose(inputs), isReversed(node));
  let next = 0;
  // No one asks for the results that are gone.
  return node.outputs.map((y, i) => (needed.results[i] ? made[next++] : y));
}

/** @throws RangeError unless the next state has the shapes and dtypes of the state. */
export function requireSameState(
  who: string,
  paths: readonly string[],
  state: readonly Tensor[],
  next: readonly Tensor[],
): void {
  if (next.length !== state.length)
    throw new RangeError(`${who}: the state has ${state.length} tensors, a step makes it ${next.length}`);
  state.forEach((x, i) => {
    const y = next[i];
    if (y.dtype !== x.dtype || y.shape.join() !== x.shape.join())
      throw new RangeError(
        `${who}: the state${paths[i] && ` at ${paths[i]}`} begins as ${x.dtype}${showShape(x.shape)}, a step makes it ${y.dtype}${showShape(y.shape)}`,
      );
  });
}
