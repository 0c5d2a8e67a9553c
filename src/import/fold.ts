import { topological } from '../tensor/graph.js';
import { constant, type NDArray, type Tensor } from '../tensor/index.js';
import { constantOf, type Node } from '../tensor/tensor.js';
import { hostKernels } from './host-kernels.js';

/** What is computed in advance has at most this many elements. */
const mostElements = 2 ** 22;
/** What is computed in advance as soon as it is made, asked for or not, has at most this many. */
const eagerElements = 1024;

/** What nodes come to; undefined for those that depend on the program's inputs, or whose operator is not computed here. */
const known = new WeakMap<Node, NDArray | undefined>();

/** The numbers of a tensor that depends on constants alone. */
export function concreteOf(tensor: Tensor): NDArray | undefined {
  const value = constantOf(tensor);
  if (value) return value;
  const seen = { has: (node: Node) => known.has(node) } as ReadonlySet<Node>;
  for (const node of topological([tensor], seen)) if (!known.has(node)) known.set(node, computed(node));
  return tensor.index === 0 ? known.get(tensor.node) : undefined;
}

function computed(node: Node): NDArray | undefined {
  const kernel = node.operator.domain === '' ? hostKernels[node.operator.type] : undefined;
  if (!kernel || node.output.size > mostElements) return undefined;
  const inputs: (NDArray | undefined)[] = [];
  for (const x of node.inputs) {
    const value = x && (constantOf(x) ?? (x.index === 0 ? known.get(x.node) : undefined));
    if (x && !value) return undefined;
    inputs.push(value);
  }
  return kernel(inputs as NDArray[], node.attributes, node.output.shape);
}

/** A small tensor that depends on constants alone as a constant, anything else as it is. */
export function folded(tensor: Tensor): Tensor {
  if (tensor.size > eagerElements || constantOf(tensor)) return tensor;
  if (!tensor.node.inputs.every((x) => !x || constantOf(x))) return tensor;
  const value = concreteOf(tensor);
  return value ? constant(value) : tensor;
}
