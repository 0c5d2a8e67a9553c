import { gelu, type Tensor } from '../tensor/index.js';
import { splatOf } from '../tensor/ops/constant.js';

/**
 * x (1 + erf(x / sqrt 2)) / 2, which older exporters write out, as the one operator for it: value and derivative take 12 passes over x in place
 * of 15, and need x alone to be kept. In whatever order the factors are; anything else as it is.
 */
export function recognised(y: Tensor): Tensor {
  const cumulative = factorsOf(y).tensors.find((factor) => errorArgument(factor) !== undefined);
  const x = cumulative && scaledBy(Math.SQRT1_2, errorArgument(cumulative) as Tensor);
  if (!x || x.shape.join() !== y.shape.join()) return y;
  const { number, tensors } = factorsOf(y, x);
  const others = tensors.filter((factor) => factor !== cumulative);
  return near(number, 0.5) && tensors.length === 2 && others[0] === x ? gelu(x) : y;
}

/** u of 1 + erf(u). */
function errorArgument({ node: { operator, inputs } }: Tensor): Tensor | undefined {
  if (operator.type !== 'Add') return undefined;
  const at = inputs.findIndex((part) => part.node.operator.type === 'Erf');
  return at >= 0 && splatOf(inputs[1 - at]) === 1 ? inputs[at].node.inputs[0] : undefined;
}

/** x of x times a number, or divided by its reciprocal. */
function scaledBy(factor: number, { node: { operator, inputs } }: Tensor): Tensor | undefined {
  if (operator.type !== 'Mul' && operator.type !== 'Div') return undefined;
  const at = inputs.findIndex((part) => splatOf(part) !== undefined);
  if (at < 0 || (operator.type === 'Div' && at === 0)) return undefined;
  const number = splatOf(inputs[at]) as number;
  return near(operator.type === 'Mul' ? number : 1 / number, factor) ? inputs[1 - at] : undefined;
}

interface Factors {
  readonly number: number;
  readonly tensors: readonly Tensor[];
}

/** What is multiplied with each other in y, two products deep and no deeper than `whole`: its numbers in one, and the rest. */
function factorsOf(y: Tensor, whole?: Tensor, depth = 2): Factors {
  const number = splatOf(y);
  if (number !== undefined) return { number, tensors: [] };
  const { operator, inputs } = y.node;
  if (y === whole || depth === 0 || operator.type !== 'Mul') return { number: 1, tensors: [y] };
  const [a, b] = inputs.map((x) => factorsOf(x, whole, depth - 1));
  return { number: a.number * b.number, tensors: [...a.tensors, ...b.tensors] };
}

/** Equal up to the rounding of single precision. */
const near = (a: number, b: number) => Math.abs(a / b - 1) < 1e-6;
