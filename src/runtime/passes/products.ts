import { topological } from '../../tensor/graph.js';
import { sameDType, splatOf } from '../../tensor/ops/constant.js';
import { broadcastShapes, sizeOf } from '../../tensor/shape.js';
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

/** x y + beta z, the matrices x and y transposed where asked, z broadcast. */
const Gemm: Operator<Sides & { readonly beta: number }> = {
  type: 'Gemm',
  domain: '',
  infer: (inputs, sides) => FusedMatMul.infer(inputs.slice(0, 2), sides),
};

/**
 * Products that read their transposed matrices as they lie, so that no transposed copy is made: x^T y, and (x y)^T = y^T x^T where nothing
 * else uses x y. ONNX Runtime has a fusion of its own that misses some of them. What is added to a product of two matrices that has no other
 * use, a bias or a decaying velocity, is where the product begins, unless it is large.
 */
export const products: Pass = (outputs) => {
  const users = usersOf(outputs);
  const usedOnce = (x: Tensor) => users.get(x)?.length === 1;
  return (node, inputs) => {
    const { operator, output } = node;
    if (output.dtype !== 'float32') return undefined;
    if (operator.type === 'MatMul') return [fused(inputs[0], inputs[1])];
    if (operator.type === 'Add') {
      const at = inputs.findIndex((x, i) => isProduct(x) && usedOnce(node.inputs[i]) && fits(inputs[1 - i], x));
      return at < 0 ? undefined : [accumulated(inputs[at], inputs[1 - at], usedOnce(node.inputs[1 - at]))];
    }
    if (!turnsMatrices(node) || !usedOnce(node.inputs[0]) || !isMatMul(inputs[0])) return undefined;
    const [x, y, transA, transB] = factorsOf(inputs[0]);
    return [fused(y, x, 1 - transB, 1 - transA)];
  };
};

/** Elements from which on a term is added afterwards: ONNX Runtime's Gemm begins with a copy of it, which is made on one thread. */
const largeTerm = 2 ** 20;

const isMatMul = (x: Tensor) => x.node.operator.type === 'MatMul' || x.node.operator.type === 'FusedMatMul';
/** A product of two matrices, not of stacks. */
const isProduct = (x: Tensor) => isMatMul(x) && x.node.inputs.every(({ rank }) => rank === 2);
const fits = ({ shape, rank }: Tensor, product: Tensor) =>
  rank <= 2 && sizeOf(shape) < largeTerm && shape.every((n, i) => n === 1 || n === product.shape[2 - rank + i]);

function factorsOf({ node: { inputs, attributes } }: Tensor): [x: Tensor, y: Tensor, transA: number, transB: number] {
  const { transA = 0, transB = 0 } = attributes as Partial<Sides>;
  return [inputs[0], inputs[1], transA, transB];
}

/** A product plus z; where z is a tensor times a number, and nothing else, the number is the operator's own. */
function accumulated(product: Tensor, z: Tensor, zUsedOnce: boolean): Tensor {
  const [x, y, transA, transB] = factorsOf(product);
  const { operator, inputs } = z.node;
  const factor = operator.type === 'Mul' && zUsedOnce ? inputs.findIndex((part) => splatOf(part) !== undefined) : -1;
  const scaled = factor >= 0 && inputs[1 - factor].rank === z.rank;
  const [term, beta] = scaled ? [inputs[1 - factor], splatOf(inputs[factor]) as number] : [z, 1];
  return apply(Gemm, [x, y, term], { transA, transB, beta });
}

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

function usersOf(outputs: readonly Tensor[]): Map<Tensor, Node[]> {
  const users = new Map<Tensor, Node[]>();
  for (const node of topological(outputs))
    for (const x of node.inputs) if (x) users.set(x, [...(users.get(x) ?? []), node]);
  // A result is used by whoever asked for it.
  for (const y of outputs) users.set(y, [...(users.get(y) ?? []), y.node]);
  return users;
}
