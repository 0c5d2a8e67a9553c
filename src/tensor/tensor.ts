import type { NDArray } from './array.js';
import type { DType } from './dtype.js';
import { type Shape, showShape, sizeOf } from './shape.js';

/** Attribute values, as ONNX has them. */
export type Attribute =
  | number
  | string
  | boolean
  | readonly number[]
  | readonly string[]
  | NDArray
  | Subgraph
  | undefined;

/**
 * A function of tensors as a graph of its own: what a loop repeats. `results` lead back to `parameters` and constants alone. The last
 * `captured` parameters stand for values of the graph around it, which the node takes as its last inputs.
 */
export interface Subgraph {
  readonly parameters: readonly Tensor[];
  readonly results: readonly Tensor[];
  readonly captured: number;
}
export type Attributes = Readonly<Record<string, Attribute>>;

/** Shape and dtype: all that is known of a value before the program runs. */
export interface Spec {
  readonly shape: Shape;
  readonly dtype: DType;
}

/** Inputs of a node; an optional ONNX input that is left out is `undefined`. */
export type Inputs = readonly Tensor[];

/**
 * An operator: what it makes of shapes and dtypes, and its derivative.
 *
 * `type` and `domain` are ONNX's. The domain `cotangent` is for nodes that never reach a model: program inputs, barriers of
 * differentiation, operators that stand for others (with `inOnnx`), and host operators, which have a `run` of their own.
 */
export interface Operator<A extends Attributes = Attributes> {
  readonly type: string;
  readonly domain: '' | 'com.microsoft' | 'cotangent';
  /** Shape-and-dtype rule; throws when the inputs do not fit. */
  infer(inputs: Inputs, attributes: A): Spec | readonly Spec[];
  /**
   * Derivative rule: cotangents of the outputs (in a node of several outputs those that no one uses are `undefined`) to
   * cotangents of the inputs, written in differentiable operators. `undefined` is zero. Absent: no derivative (as for comparisons).
   */
  vjp?(cotangents: readonly Tensor[], node: Node<A>): readonly (Tensor | undefined)[];
  /** A simpler value equal to this node's, if there is one; tried before the node is made. */
  simplify?(inputs: Inputs, attributes: A): Tensor | undefined;
  /** Operators of the domain `cotangent` that stand for others: what takes their place in a model. */
  inOnnx?(inputs: Inputs, attributes: A): Tensor;
  /** Host operators: what it computes, on concrete arrays. */
  run?(inputs: readonly NDArray[], attributes: A): readonly NDArray[];
  /** Host operators: whether leading axes, equal for all inputs, are a stack of problems that it solves one by one itself. */
  readonly stacked?: boolean;
  /** Set where two nodes of equal inputs must stay two nodes. */
  readonly distinct?: boolean;
}

let created = 0;

/** One application of an operator. Immutable; made by {@link apply} only. */
export class Node<A extends Attributes = Attributes> {
  /** Grows with every node made, so inputs always have a smaller one: sorting by it is a topological order. */
  readonly id: number = created++;
  readonly outputs: readonly Tensor[];
  /** Nodes that use this one, by what they compute: where {@link apply} finds that a node exists already. */
  readonly users = new Map<string, Node>();

  constructor(
    readonly operator: Operator<A>,
    readonly inputs: Inputs,
    readonly attributes: A,
    specs: readonly Spec[],
  ) {
    this.outputs = specs.map((spec, index) => new Tensor(this as unknown as Node, index, spec));
  }

  /** The first output; the only one of most operators. */
  get output(): Tensor {
    return this.outputs[0];
  }
}

/**
 * A symbolic tensor: one output of one node of the graph. It has a shape and a dtype but no numbers; those exist only when a
 * compiled program runs. Operators come as methods (`x.matmul(w).add(b).relu()`) and as functions (`matmul(x, w)`).
 */
export class Tensor {
  readonly shape: Shape;
  readonly dtype: DType;

  constructor(
    readonly node: Node,
    readonly index: number,
    spec: Spec,
  ) {
    this.shape = spec.shape;
    this.dtype = spec.dtype;
  }

  /** Number of axes. */
  get rank(): number {
    return this.shape.length;
  }

  /** Number of elements. */
  get size(): number {
    return sizeOf(this.shape);
  }

  toString(): string {
    return `Tensor(${this.node.operator.type}: ${this.dtype}${showShape(this.shape)})`;
  }
}

/** Whether `value` is a symbolic {@link Tensor}. */
export function isTensor(value: unknown): value is Tensor {
  return value instanceof Tensor;
}

/**
 * The node that applies `operator` to `inputs`: simplified where a rule says so, and the same node as before where one of equal
 * operator, inputs and attributes exists. Each node is kept by the newest of its inputs, so a graph is freed with its last user.
 */
export function applyAll<A extends Attributes>(
  operator: Operator<A>,
  inputs: Inputs,
  attributes: A,
): readonly Tensor[] {
  const simpler = operator.simplify?.(inputs, attributes);
  if (simpler) return [simpler];
  const last = operator.distinct ? undefined : newest(inputs);
  const key = last && `${operator.domain}.${operator.type}(${inputs.map(inputKey).join()})${attributesKey(attributes)}`;
  const known = key === undefined ? undefined : last?.users.get(key);
  // Two host operators may share a name: only the very same operator is the same node.
  if (known && known.operator === (operator as unknown as Operator)) return known.outputs;
  const specs = operator.infer(inputs, attributes);
  const node = new Node(operator, inputs, attributes, Array.isArray(specs) ? specs : [specs]);
  if (last && key !== undefined) last.users.set(key, node as unknown as Node);
  return node.outputs;
}

/** {@link applyAll} for operators of one output. */
export function apply<A extends Attributes>(operator: Operator<A>, inputs: Inputs, attributes: A): Tensor {
  return applyAll(operator, inputs, attributes)[0];
}

/** The numbers of a constant; `undefined` for anything else. */
export function constantOf(tensor: Tensor | undefined): NDArray | undefined {
  return tensor?.node.operator.type === 'Constant' ? (tensor.node.attributes.value as NDArray) : undefined;
}

function newest(inputs: Inputs): Node | undefined {
  let result: Node | undefined;
  for (const input of inputs) {
    if (input && !constantOf(input) && (!result || input.node.id > result.id)) result = input.node;
  }
  return result;
}

/** Constants up to this many elements are compared by value, larger ones by identity. */
const smallConstant = 64;

function inputKey(input: Tensor | undefined): string {
  if (!input) return '';
  const value = constantOf(input);
  if (value && value.data.length <= smallConstant) return constantKey(value);
  return input.index === 0 ? `${input.node.id}` : `${input.node.id}:${input.index}`;
}

/** Equal for constants of equal dtype, shape and elements. */
export function constantKey({ dtype, shape, data }: NDArray): string {
  return `${dtype}[${shape.join()}]${Array.from(data as ArrayLike<number | bigint>, attributeKey).join()}`;
}

function attributesKey(attributes: Attributes): string {
  let key = '';
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined) continue;
    key += `;${name}=${valueKey(value)}`;
  }
  return key;
}

function valueKey(value: NonNullable<Attribute>): string {
  if (typeof value !== 'object') return attributeKey(value);
  if ('dtype' in value) return constantKey(value);
  if ('parameters' in value) return [...value.parameters, ...value.results].map(inputKey).join();
  return value.map(attributeKey).join();
}

function attributeKey(value: number | bigint | string | boolean): string {
  return Object.is(value, -0) ? '-0' : `${value}`;
}
