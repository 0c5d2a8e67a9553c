import type { GraphProto, NodeProto } from '../../onnx/generated/onnx_pb.js';

/** Leaves out nodes that lead to no output, and what the model carries for them alone. */
export function prune(graph: GraphProto): void {
  const needed = new Set(graph.output.map(({ name }) => name));
  const kept: NodeProto[] = [];
  for (let i = graph.node.length - 1; i >= 0; i--) {
    const node = graph.node[i];
    if (!node.output.some((name) => needed.has(name))) continue;
    kept.push(node);
    for (const name of takenBy(node)) needed.add(name);
  }
  graph.node = kept.reverse();
  graph.initializer = graph.initializer.filter(({ name }) => needed.has(name));
  const made = new Set([...kept.flatMap(({ output }) => output), ...graph.output.map(({ name }) => name)]);
  graph.valueInfo = graph.valueInfo.filter(({ name }) => made.has(name));
}

/** Names that a node takes, and those that the graphs within it take from around. */
function takenBy(node: NodeProto): string[] {
  const inner = node.attribute.flatMap(({ g }) =>
    g ? [...g.node.flatMap(takenBy), ...g.output.map((o) => o.name)] : [],
  );
  return [...node.input, ...inner];
}
