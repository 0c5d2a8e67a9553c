import { topological } from '../tensor/graph.js';
import type { Tensor } from '../tensor/index.js';
import { isBarrier } from '../tensor/ops/barrier.js';
import { applyAll, type Node, type Operator } from '../tensor/tensor.js';
import { kernels64 } from './kernels64.js';

/**
 * The outputs rebuilt without the nodes that only differentiation needs. Taking those away makes equal what they kept apart, so
 * rebuilding through the ordinary constructors shares and simplifies once more. Float64 operators that ONNX Runtime lacks go to the host.
 */
export function lower(outputs: readonly Tensor[]): Tensor[] {
  const rebuilt = new Map<Node, readonly Tensor[]>();
  const resolve = (x: Tensor): Tensor => (x && (rebuilt.get(x.node) as readonly Tensor[])[x.index]) as Tensor;
  for (const node of topological(outputs)) {
    const inputs = node.inputs.map(resolve);
    const { operator, attributes } = node;
    if (isBarrier(operator)) rebuilt.set(node, inputs.slice(0, node.outputs.length));
    else if (node.output.dtype === 'float64' && operator.type in kernels64)
      rebuilt.set(node, applyAll(onHost(node), inputs, attributes));
    else if (inputs.every((x, i) => x === node.inputs[i])) rebuilt.set(node, node.outputs);
    else rebuilt.set(node, applyAll(operator, inputs, attributes));
  }
  return outputs.map(resolve);
}

/** The operator of a node, run by its kernel in JavaScript. */
function onHost({ operator: { type }, output: { shape, dtype } }: Node): Operator {
  return {
    type: `${type}.float64`,
    domain: 'cotangent',
    infer: () => ({ shape, dtype }),
    run: (inputs, attributes) => [kernels64[type](inputs, attributes, shape)],
  };
}
