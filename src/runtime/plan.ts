import { encodeModel, modelBytes, type Named } from '../onnx/encode.js';
import { topological } from '../tensor/graph.js';
import type { NDArray, Tensor } from '../tensor/index.js';
import { constantOf, type Node } from '../tensor/tensor.js';
import type { Engine, Session, SessionOptions } from './engine.js';
import { gainsFromThreads } from './threads.js';

/** A part of a program that runs as one ONNX Runtime session. */
interface Segment {
  readonly session: Session;
  readonly inputs: readonly Named[];
  readonly outputs: readonly Named[];
}

/** A program cut into what the host computes and what sessions do, in the order in which they run. */
export interface Plan {
  readonly stages: readonly { readonly host: readonly Node[]; readonly segment?: Segment }[];
  readonly nodes: number;
}

/** Host operators have `run`; everything else that is not an input or a constant belongs to a session. */
function isHost(node: Node): boolean {
  return node.operator.run !== undefined;
}

function isGiven(node: Node): boolean {
  return node.operator.type === 'Input' || node.operator.type === 'Constant';
}

/**
 * Stage k is the host operators that need nothing later than session k - 1, then session k. A graph node runs in the session of its
 * latest input; a host operator that uses one waits for that session to end.
 */
export async function plan(
  engine: Engine,
  name: string,
  outputs: readonly Named[],
  names: ReadonlyMap<Tensor, string>,
  options: SessionOptions,
): Promise<Plan> {
  const nodes = topological(outputs.map((o) => o.tensor)).filter((node) => !isGiven(node));
  const level = new Map<Node, number>();
  for (const node of nodes) {
    const waits = isHost(node) ? 1 : 0;
    const levels = node.inputs.map((x) =>
      !x || isGiven(x.node) ? 0 : (level.get(x.node) ?? 0) + (isHost(x.node) ? 0 : waits),
    );
    level.set(node, Math.max(0, ...levels));
  }
  const count = Math.max(-1, ...level.values()) + 1;
  const stages: { host: Node[]; segment?: Segment }[] = [];
  for (let k = 0; k < count; k++) {
    const members = nodes.filter((node) => level.get(node) === k);
    const graph = new Set(members.filter((node) => !isHost(node)));
    const segment =
      graph.size > 0 ? await makeSegment(engine, `${name}_${k}`, graph, nodes, outputs, names, options) : undefined;
    stages.push({ host: members.filter(isHost), segment });
  }
  return { stages, nodes: nodes.length };
}

async function makeSegment(
  engine: Engine,
  name: string,
  members: ReadonlySet<Node>,
  all: readonly Node[],
  results: readonly Named[],
  names: ReadonlyMap<Tensor, string>,
  options: SessionOptions,
): Promise<Segment> {
  const needed = new Set<Tensor>();
  const made = new Set<Tensor>();
  for (const node of all) {
    for (const x of node.inputs) {
      if (!x || constantOf(x)) continue;
      if (members.has(node) && !members.has(x.node)) needed.add(x);
      if (!members.has(node) && members.has(x.node)) made.add(x);
    }
  }
  for (const { tensor } of results) if (members.has(tensor.node)) made.add(tensor);
  const nameOf = (prefix: string) => (tensor: Tensor, i: number) => ({
    name: names.get(tensor) ?? `${prefix}_${i}`,
    tensor,
  });
  const resultName = new Map(results.map((r) => [r.tensor, r.name]));
  const inputs = [...needed].map(nameOf('between'));
  const outputs = [...made].map((tensor, i) => ({ name: `${resultName.get(tensor) ?? `carried_${i}`}`, tensor }));
  const model = encodeModel({ name, inputs, outputs: distinctNames(outputs, inputs) });
  // Some fused operators exist in float32 only, and ONNX Runtime fuses float64 into them all the same.
  const double = [...members].some((node) => node.outputs.some((y) => y.dtype === 'float64'));
  const threads = options.threads ?? (gainsFromThreads(members) ? undefined : 1);
  const session = await engine.createSession(modelBytes(model), { ...options, threads, fuse: !double });
  return { session, inputs, outputs: distinctNames(outputs, inputs) };
}

/** A result may be called what an argument is called; in a model every name is one value. */
export function distinctNames(outputs: readonly Named[], inputs: readonly Named[]): Named[] {
  const taken = new Set(inputs.map((i) => i.name));
  return outputs.map(({ name, tensor }) => {
    let fresh = name;
    while (taken.has(fresh)) fresh = `${fresh}_out`;
    taken.add(fresh);
    return { name: fresh, tensor };
  });
}

/** Runs a plan. `values` holds the inputs and receives everything computed; `into` offers arrays to write results into. */
export async function runPlan(
  program: Plan,
  values: Map<Tensor, NDArray>,
  into: ReadonlyMap<Tensor, NDArray>,
): Promise<void> {
  const valueOf = (x: Tensor): NDArray => (constantOf(x) ?? values.get(x)) as NDArray;
  for (const { host, segment } of program.stages) {
    for (const node of host) {
      const results = node.operator.run?.(node.inputs.map(valueOf), node.attributes) ?? [];
      node.outputs.forEach((y, i) => {
        values.set(y, results[i]);
      });
    }
    if (!segment) continue;
    const results = await segment.session.run(
      segment.inputs.map(({ tensor }) => valueOf(tensor)),
      segment.outputs.map(({ tensor }) => into.get(tensor)),
    );
    segment.outputs.forEach(({ tensor }, i) => {
      values.set(tensor, results[i]);
    });
  }
}
