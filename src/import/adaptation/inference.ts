import { toBinary } from '@bufbuild/protobuf';
import { type GraphProto, ModelProtoSchema, type NodeProto } from '../../onnx/generated/onnx_pb.js';
import { parsed } from '../import.js';

/**
 * The model file as it is for inference: batch normalisation by its running statistics and dropout that drops nothing, where an exporter
 * left them in training mode. Trained here it trains all the same: that is the context's matter.
 */
export function inferenceForm(bytes: Uint8Array): Uint8Array {
  const model = parsed(bytes);
  if (model.graph) settle(model.graph);
  return toBinary(ModelProtoSchema, model);
}

function settle(graph: GraphProto): void {
  const used = new Set(graph.output.map(({ name }) => name));
  for (const node of graph.node) for (const name of node.input) used.add(name);
  for (const node of graph.node) {
    if (node.opType === 'BatchNormalization') settleNormalization(node, used);
    // The third input of dropout says whether it trains; without it, it does not.
    if (node.opType === 'Dropout') node.input = node.input.slice(0, 2);
    for (const { g } of node.attribute) if (g) settle(g);
  }
}

/** In training mode a node also makes the statistics it would have next; a node for inference must not name them. */
function settleNormalization(node: NodeProto, used: ReadonlySet<string>): void {
  const [result, ...statistics] = node.output;
  if (statistics.some((name) => used.has(name))) return;
  node.output = [result];
  node.attribute = node.attribute.filter(({ name }) => name !== 'training_mode');
}
