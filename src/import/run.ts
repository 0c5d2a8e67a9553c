import type { Context } from '../nn/context.js';
import type { AttributeProto } from '../onnx/generated/onnx_pb.js';
import { constant, type DType, isTensor, type NDArray } from '../tensor/index.js';
import { dtypeOf } from './dtype.js';
import { OnnxImportError } from './error.js';
import { folded } from './fold.js';
import type { Graph, GraphNode } from './graph.js';
import { OperatorCall, Results, type Surroundings, type Value } from './operator.js';
import { operatorOf } from './operators/index.js';
import { recognised } from './recognise.js';
import { typeFault } from './schema.js';
import { type DataSource, storedTensor } from './tensor-data.js';

/** Steps that loops may have in all when they are unrolled. */
const mostSteps = 10_000;

/** Nodes that one application may make, those of loops once for each of their steps. */
const mostApplied = 500_000;

/** A name's value in the graph at hand or one around it. */
type Lookup = (name: string) => Value;

/** One application of a model: what its nodes make of the values of its inputs and weights. */
export class Application {
  #steps = 0;
  #applied = 0;
  /** Numbers of attributes, read once. */
  static readonly #attributes = new WeakMap<AttributeProto, NDArray>();

  constructor(
    readonly source: DataSource,
    readonly context: Context,
  ) {}

  /**
   * The values of the names asked for; nodes that none of them needs are left out. `given` has inputs, weights and constants, and receives
   * every value made.
   */
  run(graph: Graph, given: Map<string, Value>, wanted: readonly string[], outer?: Lookup): Value[] {
    const lookup: Lookup = (name) => {
      if (name === '') return undefined;
      if (given.has(name)) return given.get(name);
      if (outer) return outer(name);
      throw new OnnxImportError(`there is no value '${name}'`);
    };
    for (const node of neededNodes(graph, given, wanted)) this.#apply(node, given, lookup);
    return wanted.map(lookup);
  }

  #apply(node: GraphNode, values: Map<string, Value>, lookup: Lookup): void {
    if (++this.#applied > mostApplied)
      throw new OnnxImportError(
        `node '${node.label}' (${node.type}): more than ${mostApplied} nodes once loops are unrolled`,
      );
    const operator = operatorOf(node);
    const surroundings: Surroundings = {
      context: this.context,
      dtype: (code) => this.#dtype(node, code),
      tensor: (attribute) => this.#tensor(node, attribute),
      run: (name, inputs) => this.#runBody(node, name, inputs, lookup),
      countSteps: (steps) => {
        this.#steps += steps;
        if (this.#steps > mostSteps)
          throw new RangeError(`loops of more than ${mostSteps} steps in all are not unrolled`);
      },
    };
    let made: Value | readonly Value[] | Results;
    try {
      const inputs = node.inputs.map(lookup);
      const fault = typeFault(node, inputs);
      if (fault) throw new TypeError(fault);
      made = operator.build(new OperatorCall(node, inputs, surroundings));
    } catch (error) {
      if (error instanceof OnnxImportError) throw error;
      throw new OnnxImportError(`node '${node.label}' (${node.type}): ${(error as Error).message}`, { cause: error });
    }
    const list = made instanceof Results ? made.values : [made as Value];
    node.outputs.forEach((name, i) => {
      if (!name) return;
      const value = list[i];
      values.set(name, isTensor(value) ? recognised(folded(value)) : value);
    });
  }

  #dtype(node: GraphNode, code: number): DType {
    return dtypeOf(`node '${node.label}' (${node.type})`, code, this.source.half);
  }

  #tensor(node: GraphNode, attribute: AttributeProto): NDArray {
    const known = Application.#attributes.get(attribute);
    if (known) return known;
    if (!attribute.t) throw new TypeError(`the attribute ${attribute.name} is no tensor`);
    const value = storedTensor(attribute.t, this.source, `${node.label}/${attribute.name}`).read();
    Application.#attributes.set(attribute, value);
    return value;
  }

  #runBody(node: GraphNode, name: string, inputs: readonly Value[], outer: Lookup): readonly Value[] {
    const body = node.bodies.get(name);
    if (!body) throw new TypeError(`the graph ${name} is missing`);
    const given = new Map<string, Value>();
    for (const [key, tensor] of body.initializers) given.set(key, constant(storedTensor(tensor, this.source).read()));
    body.inputs.forEach((input, i) => {
      given.set(input.name, inputs[i]);
    });
    return this.run(
      body,
      given,
      body.outputs.map((o) => o.name),
      outer,
    );
  }
}

/** The nodes that lead to the names asked for, in the order of the graph. */
export function neededNodes(
  graph: Graph,
  given: { has(name: string): boolean },
  wanted: readonly string[],
): GraphNode[] {
  const needed = new Set(wanted);
  const nodes: GraphNode[] = [];
  for (let i = graph.nodes.length - 1; i >= 0; i--) {
    const node = graph.nodes[i];
    if (!node.outputs.some((name) => needed.has(name) && !given.has(name))) continue;
    nodes.push(node);
    for (const name of node.inputs) needed.add(name);
    for (const body of node.bodies.values()) for (const name of body.captured) needed.add(name);
  }
  return nodes.reverse();
}
