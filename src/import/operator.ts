import type { Context } from '../nn/context.js';
import type { AttributeProto } from '../onnx/generated/onnx_pb.js';
import { type DType, isTensor, type NDArray, type Tensor, toNumbers } from '../tensor/index.js';
import { concreteOf } from './fold.js';
import type { GraphNode } from './graph.js';

/** What a name of a model stands for: a tensor, or a sequence of them; an optional without contents is undefined. */
export type Value = Tensor | readonly Tensor[] | undefined;

/** How one ONNX operator is made of tensors, in all versions of it that are supported. */
export interface OnnxOperator {
  readonly type: string;
  readonly domain?: '' | 'com.microsoft';
  /**
   * `yes`: differentiable to any order, its piecewise constant parts with derivative 0; `none`: nothing to differentiate, as its results are
   * integers or truths, or constant almost everywhere; `forward only`: it has a derivative that is not known here, so a gradient that would
   * flow through it is an error.
   */
  readonly gradient: 'yes' | 'none' | 'forward only';
  /** Versions of the operator set: from the first one in which it is understood. Default 1. */
  readonly since?: number;
  /** Inputs that steer the operator (limits, exponents, sizes): floats there are never weights. `all`: every input. */
  readonly controls?: readonly number[] | 'all';
  /** Inputs that are state, not trained: running statistics. */
  readonly buffers?: readonly number[];
  /** What is said of it in the table of operators: limits, where its derivative is a choice. */
  readonly note?: string;
  build(call: OperatorCall): Value | readonly Value[] | Results;
}

/** Results of an operator that makes several values; a plain list is one sequence. */
export class Results {
  constructor(readonly values: readonly Value[]) {}
}

/** Several results, in the order of the node's outputs. */
export const results = (...values: Value[]): Results => new Results(values);

/** What an operator learns from its surroundings. */
export interface Surroundings {
  readonly context: Context;
  /** The dtype for one of ONNX's codes. */
  dtype(code: number): DType;
  /** The numbers of a tensor in an attribute. */
  tensor(attribute: AttributeProto): NDArray;
  /** Runs a graph that the node holds. */
  run(body: string, inputs: readonly Value[]): readonly Value[];
  /** Counts the steps of loops, which have a limit in all. */
  countSteps(steps: number): void;
}

const text = new TextDecoder();

/** One application of an operator in a model: its inputs and attributes, asked for by what they should be. */
export class OperatorCall {
  constructor(
    readonly node: GraphNode,
    readonly inputs: readonly Value[],
    readonly surroundings: Surroundings,
  ) {}

  get version(): number {
    return this.node.version;
  }

  get context(): Context {
    return this.surroundings.context;
  }

  /** Whether a result is used. */
  wants(output: number): boolean {
    return Boolean(this.node.outputs[output]);
  }

  /** An input that must be there. */
  tensor(i: number): Tensor {
    const value = this.inputs[i];
    if (isTensor(value)) return value;
    throw new TypeError(value ? `input ${i} is a sequence, not a tensor` : `input ${i} is missing`);
  }

  /** An input that may be left out. */
  optional(i: number): Tensor | undefined {
    return this.inputs[i] === undefined ? undefined : this.tensor(i);
  }

  /** All inputs. */
  tensors(): Tensor[] {
    return this.inputs.map((_, i) => this.tensor(i));
  }

  sequence(i: number): readonly Tensor[] {
    const value = this.inputs[i];
    if (value && !isTensor(value)) return value;
    throw new TypeError(`input ${i} must be a sequence`);
  }

  /** The numbers of an input that shapes the graph, so must not depend on what the program is given. */
  concrete(i: number): NDArray {
    const value = concreteOf(this.tensor(i));
    if (value) return value;
    throw new TypeError(
      `input ${i} ('${this.node.inputs[i]}') must be known when the graph is traced, but depends on the values of inputs or weights; an input that is a shape can be given as a constant`,
    );
  }

  /** The concrete numbers of an input, undefined where it is left out. */
  numbers(i: number): number[] | undefined {
    return this.inputs[i] === undefined ? undefined : toNumbers(this.concrete(i));
  }

  /** One concrete number. */
  number(i: number): number | undefined {
    return this.numbers(i)?.[0];
  }

  /** An input's numbers where it is there, an attribute's where it was one in earlier versions. */
  integersAt(i: number, attribute: string): number[] | undefined {
    return this.numbers(i) ?? this.integers(attribute);
  }

  has(name: string): boolean {
    return this.node.attributes.has(name);
  }

  integer(name: string, missing: number): number {
    const attribute = this.node.attributes.get(name);
    return attribute ? Number(attribute.i) : missing;
  }

  integers(name: string): number[] | undefined {
    return this.node.attributes.get(name)?.ints.map(Number);
  }

  float(name: string, missing: number): number {
    return this.node.attributes.get(name)?.f ?? missing;
  }

  floats(name: string): number[] | undefined {
    return this.node.attributes.get(name)?.floats;
  }

  string(name: string, missing: string): string {
    const attribute = this.node.attributes.get(name);
    return attribute ? text.decode(attribute.s) : missing;
  }

  strings(name: string): string[] | undefined {
    return this.node.attributes.get(name)?.strings.map((s) => text.decode(s));
  }

  array(name: string): NDArray | undefined {
    const attribute = this.node.attributes.get(name);
    return attribute && this.surroundings.tensor(attribute);
  }

  /** The dtype that an attribute names. */
  dtype(name: string, missing?: DType): DType {
    const attribute = this.node.attributes.get(name);
    if (attribute) return this.surroundings.dtype(Number(attribute.i));
    if (missing) return missing;
    throw new TypeError(`the attribute ${name} is missing`);
  }

  run(body: string, inputs: readonly Value[]): readonly Value[] {
    return this.surroundings.run(body, inputs);
  }
}
