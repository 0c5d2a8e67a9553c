import type { NDArray } from '../array.js';
import { type Attributes, applyAll, type Inputs, type Node, type Operator, type Spec, type Tensor } from '../tensor.js';

/** A function on concrete arrays that takes part in symbolic programs. */
export interface HostOperator<A extends Attributes> {
  /** For messages and graphs. */
  readonly name: string;
  /** Shapes and dtypes of the results. */
  infer(inputs: Inputs, attributes: A): Spec | readonly Spec[];
  /** What it computes. Must depend on nothing but its arguments, and must not change them. */
  run(inputs: readonly NDArray[], attributes: A): readonly NDArray[];
  /** Whether leading axes, equal for all inputs, are a stack of problems: `vmap` then adds one instead of running it once an example. */
  readonly stacked?: boolean;
  /** Derivative rule, written in tensors like every other; absent: no derivative. */
  vjp?(cotangents: readonly Tensor[], node: Node<A>): readonly (Tensor | undefined)[];
}

/**
 * An operator that runs on the host, for what ONNX has no operator for. A program that uses it is cut there: it runs as several
 * sessions with the host in between. Random draws, whose inputs are the program's own, come before the first session and cost no cut.
 */
export function hostOp<A extends Attributes = Attributes>(
  definition: HostOperator<A>,
): (inputs: readonly Tensor[], attributes: A) => readonly Tensor[] {
  const { name, ...rules } = definition;
  const operator: Operator<A> = { type: name, domain: 'cotangent', ...rules };
  return (inputs, attributes) => applyAll(operator, inputs, attributes);
}
