import type { GraphProto, NodeProto } from '../../onnx/generated/onnx_pb.js';

/** Operators after a head, which a new one replaces with it: they neither mix features nor make them. */
const behindHead = new Set([
  'Softmax',
  'LogSoftmax',
  'Sigmoid',
  'Identity',
  'Reshape',
  'Flatten',
  'Squeeze',
  'Unsqueeze',
  'Cast',
  'Add',
]);

/** What the last linear layer before the first output takes; the output itself where there is none. */
export function defaultFeatures(graph: GraphProto): string {
  const [{ name: output }] = graph.output;
  const makers = new Map(graph.node.flatMap((node) => node.output.map((name) => [name, node] as const)));
  const weights = new Set(graph.initializer.map(({ name }) => name));
  const isWeight = (name: string): boolean => {
    const maker = makers.get(name);
    return weights.has(name) || (maker !== undefined && carries.has(maker.opType) && maker.input.every(isWeight));
  };
  let name = output;
  for (let node = makers.get(name); node; node = makers.get(name)) {
    if (isLinear(node) && isWeight(node.input[1])) return node.input[0];
    // Of an addition the part that is no weight; where neither is, features come together there.
    const parts = node.opType === 'Add' ? node.input.filter((part) => !isWeight(part)) : node.input.slice(0, 1);
    if (!behindHead.has(node.opType) || parts.length !== 1) break;
    [name] = parts;
  }
  return output;
}

/** Nodes that hand on a weight, or make one. */
const carries = new Set(['Transpose', 'Identity', 'Constant', 'ConstantOfShape', 'Reshape', 'Cast']);

function isLinear({ opType }: NodeProto): boolean {
  return opType === 'Gemm' || opType === 'MatMul';
}
