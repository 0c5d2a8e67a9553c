import { topological } from '../onnx/encode.js';
import type { Tensor } from '../tensor/index.js';
import { isBarrier } from '../tensor/ops/barrier.js';
import { applyAll, type Node } from '../tensor/tensor.js';

/**
 * The outputs rebuilt without the nodes that only differentiation needs. Taking those away makes equal what they kept apart, so
 * rebuilding through the ordinary constructors shares and simplifies once more.
 */
export function lower(outputs: readonly Tensor[]): Tensor[] {
  const rebuilt = new Map<Node, readonly Tensor[]>();
  const resolve = (x: Tensor): Tensor => (x && (rebuilt.get(x.node) as readonly Tensor[])[x.index]) as Tensor;
  for (const node of topological(outputs)) {
    const inputs = node.inputs.map(resolve);
    if (isBarrier(node.operator)) rebuilt.set(node, inputs.slice(0, node.outputs.length));
    else if (inputs.every((x, i) => x === node.inputs[i])) rebuilt.set(node, node.outputs);
    else rebuilt.set(node, applyAll(node.operator, inputs, node.attributes));
  }
  return outputs.map(resolve);
}
