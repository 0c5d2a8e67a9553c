import { topological } from '../../tensor/graph.js';
import { sameDType } from '../../tensor/ops/constant.js';
import { broadcastShapes } from '../../tensor/shape.js';
import { apply, type Node, type Operator, type Tensor } from '../../tensor/tensor.js';
import type { Pass } from './rewrite.js';

type Sides = { readonly transA: number; readonly transB: number };

/** A product of matrices, of which either may be taken transposed. ONNX Runtime's own. */
const FusedMatMul: Operator<Sides> = {
  type: 'FusedMatMul',
  domain: 'com.microsoft',
  infer: ([x, y], { transA, transB }) => {
    const [a, b] = [transA ? turned(x.shape) : x.shape, transB ? turned(y.shape) : y.shape];
    const batch = broadcastShapes('matmul', a.slice(0, -2), b.slice(0, -2));
    return { shape: [...batch, a[a.length - 2], b[b.length - 1]], dtype: sameDType('matmul', [x, y]) };
  },
};

function turned(shape: readonly number[]): number[] {
  return [...shape.slice(0, -2), shape[shape.length - 1], shape[shape.length - 2]];
}

/**
 * Products that read their transposed matrices as they lie, so that no transposed copy is made: x^T y, and (x y)^T = y^T x^T where nothing
 * else uses x y. ONNX Runtime has a fusion of its own that misses some of them; a product with a bias is left to it.
 */
export const products: Pass = (outputs) => {
  const users = usersOf(outputs);
  return (node, inputs) => {
    if (node.output.dtype !== 'float32') return undefined;
    if (node.operator.type === 'MatMul' && !hasBias(node, users)) return [fused(inputs[0], inputs[1])];
    if (!turnsMatrices(node) || users.get(node.inputs[0])?.length !== 1) return undefined;
    const { operator, inputs: factors, attributes } = inputs[0].node;
    const { transA, transB } = attributes as Sides;
    if (operator.type === 'MatMul') return [fused(factors[1], factors[0], 1, 1)];
    return operator.type === 'FusedMatMul' ? [fused(factors[1], factors[0], 1 - transB, 1 - transA)] : undefined;
  };
};

/** The product of x and y, either transposed where its number is 1 and once more where it is a transposed matrix itself. */
function fused(x: Tensor, y: Tensor, turnX = 0, turnY = 0): Tensor {
  const [[a, transA], [b, transB]] = [[x, turnX] as const, [y, turnY] as const].map(([z, turn]): [Tensor, number] =>
    turnsMatrices(z.node) ? [z.node.inputs[0], 1 - turn] : [z, turn],
  );
  return transA || transB ? apply(FusedMatMul, [a, b], { transA, transB }) : a.matmul(b);
}

/** Whether a node exchanges the last two axes and nothing else. */
function turnsMatrices({ operator, attributes, output: { rank } }: Node): boolean {
  const perm = attributes.perm as readonly number[];
  return (
    operator.type === 'Transpose' &&
    rank >= 2 &&
    perm[rank - 1] === rank - 2 &&
    perm[rank - 2] === rank - 1 &&
    perm.slice(0, -2).every((axis, i) => axis === i)
  );
}

/** Whether a product of two matrices does nothing but have a vector added to it. */
function hasBias({ inputs: [x, y], output }: Node, users: ReadonlyMap<Tensor, readonly Node[]>): boolean {
  const [user, ...others] = users.get(output) ?? [];
  const isAdded = x.rank === 2 && y.rank === 2 && others.length === 0 && user?.operator.type === 'Add';
  return isAdded && user.inputs.some((other) => other.rank === 1);
}

function usersOf(outputs: readonly Tensor[]): Map<Tensor, Node[]> {
  const users = new Map<Tensor, Node[]>();
  for (const node of topological(outputs))
    for (const x of node.inputs) if (x) users.set(x, [...(users.get(x) ?? []), node]);
  // A result is used by whoever asked for it.
  for (const y of outputs) users.set(y, [...(users.get(y) ?? []), y.node]);
  return users;
}
