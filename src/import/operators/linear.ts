import { einsum, type Tensor } from '../../tensor/index.js';
import type { OnnxOperator, OperatorCall } from '../operator.js';

/** alpha A B + beta C, A and B transposed as told. */
export function gemm(call: OperatorCall): Tensor {
  const [a, b] = [call.tensor(0), call.tensor(1)];
  const left = call.integer('transA', 0) ? a.transpose() : a;
  const right = call.integer('transB', 0) ? b.transpose() : b;
  const product = left.matmul(right).mul(call.float('alpha', 1));
  const c = call.optional(2);
  return c ? product.add(c.mul(call.float('beta', 1))) : product;
}

/** Products of matrices. */
export const linear: readonly OnnxOperator[] = [
  { type: 'MatMul', gradient: 'yes', build: (call) => call.tensor(0).matmul(call.tensor(1)) },
  { type: 'Gemm', gradient: 'yes', build: gemm },
  {
    type: 'Einsum',
    gradient: 'yes',
    since: 12,
    build: (call) => einsum(call.string('equation', ''), ...call.tensors()),
  },
];
