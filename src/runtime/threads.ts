import { topological } from '../tensor/graph.js';
import type { Node } from '../tensor/tensor.js';
import { multiplyAddsOf } from './operations.js';

/**
 * Up to here ONNX Runtime 1.30 gives an operator to one thread, as measured: elementwise functions and reductions by the number of elements,
 * products by their multiplications.
 */
const fewElements = 4096;
const fewProducts = 65_536;

/**
 * Whether more threads than one could share the work of any of these nodes, or of the bodies of loops among them. Where they could not, a
 * session is better off without them: it makes a thread for every further core, which waits for work at full speed for a while after each run.
 */
export function gainsFromThreads(nodes: Iterable<Node>): boolean {
  for (const node of nodes) {
    if ([...node.inputs, ...node.outputs].some((x) => x && x.size > fewElements)) return true;
    const bodies = Object.values(node.attributes).flatMap((a) =>
      typeof a === 'object' && 'parameters' in a ? [a.results] : [],
    );
    if (
      bodies.length > 0
        ? bodies.some((results) => gainsFromThreads(topological(results)))
        : multiplyAddsOf(node) > fewProducts
    )
      return true;
  }
  return false;
}
