import { isScan, pruneScans, unroll, withResults } from '../autodiff/scan.js';
import { rebuild, topological } from '../tensor/graph.js';
import type { Tensor } from '../tensor/index.js';
import { isBarrier } from '../tensor/ops/barrier.js';
import { applyAll, type Node, type Operator } from '../tensor/tensor.js';
import { kernels64 } from './kernels64.js';

/**
 * The outputs rebuilt without the nodes that only differentiation needs. Taking those away makes equal what they kept apart, so
 * rebuilding through the ordinary constructors shares and simplifies once more. Float64 operators that ONNX Runtime lacks go to the host.
 * Loops compute what is used of them and no more; those with the host in their body are unrolled.
 */
export function lower(outputs: readonly Tensor[]): Tensor[] {
  return pruneScans(lowerNodes(outputs));
}

function lowerNodes(outputs: readonly Tensor[]): Tensor[] {
  return rebuild(outputs, (node, inputs) => {
    const { operator, attributes } = node;
    if (isBarrier(operator)) return inputs.slice(0, node.outputs.length);
    if (node.output.dtype === 'float64' && operator.type in kernels64)
      return applyAll(onHost(node), inputs, attributes);
    if (!isScan(node)) return undefined;
    const { body } = node.attributes;
    const lowered = withResults(node, inputs, lowerNodes(body.results));
    const usesHost = topological(lowered.attributes.body.results).some((inner) => inner.operator.run);
    return usesHost ? unroll(lowered) : lowered.outputs;
  });
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
