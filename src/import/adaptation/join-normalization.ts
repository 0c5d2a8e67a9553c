import { create, toBinary } from '@bufbuild/protobuf';
import {
  AttributeProtoSchema,
  AttributeProto_AttributeType as AttributeType,
  type GraphProto,
  ModelProtoSchema,
  type NodeProto,
  NodeProtoSchema,
  type TensorProto,
  TensorProto_DataType,
} from '../../onnx/generated/onnx_pb.js';
import { parsed } from '../import.js';
import { prune } from './prune.js';

/**
 * The model file with batch normalisation as nodes of its own where it stands as x scale + (bias - mean scale) with
 * scale = weight / sqrt(variance + epsilon), as Cotangent exports it. It computes the same; but only such a node says that its statistics
 * are those of a batch, so only it can be trained on them.
 */
export function joinNormalization(bytes: Uint8Array): Uint8Array {
  const model = parsed(bytes);
  const graph = model.graph as GraphProto;
  const makers = new Map(graph.node.flatMap((node) => node.output.map((name) => [name, node] as const)));
  const weights = new Map(graph.initializer.map((tensor) => [tensor.name, tensor]));
  graph.node = graph.node.map((node) => joined(node, makers, weights) ?? node);
  prune(graph);
  return toBinary(ModelProtoSchema, model);
}

type Makers = ReadonlyMap<string, NodeProto>;

/** Operands of a sum or product in either order. */
function ordered(node: NodeProto | undefined): [string, string][] {
  const [a, b] = node?.input ?? [];
  return a === undefined || b === undefined
    ? []
    : [
        [a, b],
        [b, a],
      ];
}

function joined(sum: NodeProto, makers: Makers, weights: ReadonlyMap<string, TensorProto>): NodeProto | undefined {
  const by = (opType: string, name: string | undefined) => {
    const node = makers.get(name ?? '');
    return node?.opType === opType ? node : undefined;
  };
  // A value a channel is brought to the axes of x.
  const behindReshape = (name: string) => by('Reshape', name)?.input[0] ?? name;
  if (sum.opType !== 'Add') return undefined;
  for (const [scaled, shifted] of ordered(sum))
    for (const [x, factor] of ordered(by('Mul', scaled)))
      for (const [bias, centred] of ordered(by('Add', behindReshape(shifted)))) {
        const scale = behindReshape(factor);
        for (const [mean, again] of ordered(by('Mul', by('Neg', centred)?.input[0])))
          for (const [weight, inverse] of ordered(by('Mul', scale))) {
            const deviation = by('Sqrt', by('Reciprocal', inverse)?.input[0]);
            for (const [variance, small] of ordered(by('Add', deviation?.input[0]))) {
              const epsilon = singleFloat(weights.get(small));
              const known = [weight, bias, mean, variance].every((name) => weights.has(name));
              if (again === scale && known && epsilon !== undefined && isMean(mean))
                return normalization([x, weight, bias, mean, variance], sum, epsilon);
            }
          }
      }
  return undefined;
}

/** The name is what tells statistics from other vectors. */
function isMean(name: string): boolean {
  return name.endsWith('running_mean');
}

function singleFloat(tensor: TensorProto | undefined): number | undefined {
  if (tensor?.dataType !== TensorProto_DataType.FLOAT || tensor.rawData.length !== 4) return undefined;
  return new DataView(tensor.rawData.buffer, tensor.rawData.byteOffset).getFloat32(0, true);
}

function normalization(input: string[], { name, output }: NodeProto, epsilon: number): NodeProto {
  const attribute = [create(AttributeProtoSchema, { name: 'epsilon', type: AttributeType.FLOAT, f: epsilon })];
  return create(NodeProtoSchema, { opType: 'BatchNormalization', name, input, output, attribute });
}
