import type { Node, Tensor } from './tensor.js';

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
