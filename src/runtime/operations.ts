import { isScan, partsOf } from '../autodiff/scan.js';
import { topological } from '../tensor/graph.js';
import type { Tensor } from '../tensor/index.js';
import type { Node } from '../tensor/tensor.js';
import { RowSum } from './passes/row-sums.js';

/**
 * Multiplications, each with its addition, that the matrix products and convolutions of a graph take: where the time of most programs should
 * go. Bodies of loops count once a step; everything else counts as nothing.
 */
export function multiplyAdds(outputs: readonly Tensor[]): number {
  return topological(outputs).reduce((sum, node) => sum + multiplyAddsOf(node), 0);
}

/** {@link multiplyAdds} of one node. */
export function multiplyAddsOf(node: Node): number {
  if (isScan(node)) return partsOf(node).sequences[0].shape[0] * multiplyAdds(node.attributes.body.results);
  const { operator, inputs, attributes, output } = node;
  const [x, weight] = inputs;
  switch (operator.type) {
    case 'MatMul':
    case 'FusedMatMul':
    case 'Gemm':
      return operator === RowSum ? 0 : output.size * x.shape[attributes.transA ? x.rank - 2 : x.rank - 1];
    case 'Conv':
      return (output.size * weight.size) / weight.shape[0];
    case 'ConvTranspose':
      return (x.size * weight.size) / weight.shape[0];
    default:
      return 0;
  }
}
