import { applyAll, type Node, type Tensor } from './tensor.js';

/** All nodes that lead to `outputs`, inputs before users, looking no further back than `given`. */
export function topological(outputs: readonly Tensor[], given?: ReadonlySet<Node>): Node[] {
  const seen = new Set<Node>();
  const stack = outputs.map((t) => t.node);
  while (stack.length > 0) {
    const node = stack.pop() as Node;
    if (seen.has(node)) continue;
    seen.add(node);
    if (given?.has(node)) continue;
    for (const x of node.inputs) if (x && !seen.has(x.node)) stack.push(x.node);
  }
  return [...seen].sort((a, b) => a.id - b.id);
}

/**
 * The graph of `outputs` built anew, inputs before users: `replace` says what becomes of a node whose inputs have become `inputs`;
 * where it says nothing the node's operator is applied to them. What did not change stays the very same.
 */
export function rebuild(
  outputs: readonly Tensor[],
  replace: (node: Node, inputs: readonly Tensor[]) => readonly Tensor[] | undefined,
  given?: ReadonlySet<Node>,
): Tensor[] {
  const rebuilt = new Map<Node, readonly Tensor[]>();
  const resolve = (x: Tensor): Tensor => (x && (rebuilt.get(x.node) as readonly Tensor[])[x.index]) as Tensor;
  for (const node of topological(outputs, given)) {
    const inputs = given?.has(node) ? node.inputs : node.inputs.map(resolve);
    const same = inputs.every((x, i) => x === node.inputs[i]);
    rebuilt.set(
      node,
      replace(node, inputs) ?? (same ? node.outputs : applyAll(node.operator, inputs, node.attributes)),
    );
  }
  return outputs.map(resolve);
}

/** The outputs with other tensors in the place of some that they lead back to. */
export function substitute(outputs: readonly Tensor[], replacements: ReadonlyMap<Tensor, Tensor>): Tensor[] {
  const replaced = new Set([...replacements.keys()].map((x) => x.node));
  const instead = (node: Node) => node.outputs.map((y) => replacements.get(y) ?? y);
  return rebuild(outputs, (node) => (replaced.has(node) ? instead(node) : undefined), replaced);
}
