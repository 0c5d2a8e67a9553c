import type { GraphProto, NodeProto, TensorProto } from '../../onnx/generated/onnx_pb.js';

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

/** Operators between a convolution that classifies each position and the output, as in SqueezeNet. */
const behindMap = new Set(['GlobalAveragePool', 'AveragePool', 'ReduceMean', 'Relu', 'Dropout']);

/** What the last linear layer, or 1 x 1 convolution, before the first output takes; the output itself where there is none. */
export function defaultFeatures(graph: GraphProto): string {
  const [{ name: output }] = graph.output;
  const makers = new Map(graph.node.flatMap((node) => node.output.map((name) => [name, node] as const)));
  const weights = new Map(graph.initializer.map((tensor) => [tensor.name, tensor]));
  const isWeight = (name: string): boolean => {
    const maker = makers.get(name);
    return weights.has(name) || (maker !== undefined && carries.has(maker.opType) && maker.input.every(isWeight));
  };
  let name = output;
  for (let node = makers.get(name); node; node = makers.get(name)) {
    if (isLinear(node) && isWeight(node.input[1])) return node.input[0];
    if (node.opType === 'Conv' && ofPositions(weights.get(node.input[1]))) return node.input[0];
    // Of an addition the part that is no weight; where neither is, features come together there.
    const parts = node.opType === 'Add' ? node.input.filter((part) => !isWeight(part)) : node.input.slice(0, 1);
    if (!(behindHead.has(node.opType) || behindMap.has(node.opType)) || parts.length !== 1) break;
    [name] = parts;
  }
  return output;
}

/** Nodes that hand on a weight, or make one. */
const carries = new Set(['Transpose', 'Identity', 'Constant', 'ConstantOfShape', 'Reshape', 'Cast']);

/** Whether a kernel looks at one position alone. */
function ofPositions(kernel: TensorProto | undefined): boolean {
  return kernel !== undefined && kernel.dims.length > 2 && kernel.dims.slice(2).every((n) => n === 1n);
}

function isLinear({ opType }: NodeProto): boolean {
  return opType === 'Gemm' || opType === 'MatMul';
}
