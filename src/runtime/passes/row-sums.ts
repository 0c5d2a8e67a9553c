import { ones, type Tensor } from '../../tensor/index.js';
import { integersOf } from '../../tensor/ops/constant.js';
import { apply, type Operator } from '../../tensor/tensor.js';
import type { Pass } from './rewrite.js';

/** A row of ones by a matrix: no product to whoever counts them. */
export const RowSum: Operator = {
  type: 'MatMul',
  domain: '',
  infer: ([, x]) => ({ shape: [1, x.shape[1]], dtype: x.dtype }),
};

/**
 * Sums over the first axes, a bias's gradient for instance, as products with a row of ones. ONNX Runtime shares such a sum out among its
 * threads by columns, a few at a time, so that each goes through all of memory: two threads take three to eight times as long as one. Its
 * products of a row read what they add up as it lies. Either way the rows are added one after the other.
 */
export const rowSums: Pass =
  () =>
  ({ operator, output }, inputs) => {
    if (operator.type !== 'ReduceSum' || output.dtype !== 'float32') return undefined;
    const [x, axes] = inputs;
    const columns = columnsLeft(x, integersOf('ReduceSum', axes));
    if (columns === undefined || columns === 1) return undefined;
    const rows = x.size / columns;
    return [apply(RowSum, [ones([1, rows]), x.reshape([rows, columns])], {}).reshape(output.shape)];
  };

/** How many sums there are where only first axes are summed over, those of length 1 aside. */
function columnsLeft({ shape }: Tensor, axes: readonly number[]): number | undefined {
  const summed = shape.map((n, i) => n > 1 && axes.includes(i));
  const left = shape.map((n, i) => n > 1 && !axes.includes(i));
  return left.indexOf(true) > summed.lastIndexOf(true)
    ? shape.reduce((product, n, i) => (left[i] ? product * n : product), 1)
    : undefined;
}
