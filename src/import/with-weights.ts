import { create, toBinary } from '@bufbuild/protobuf';
import {
  AttributeProtoSchema,
  AttributeProto_AttributeType as AttributeType,
  type GraphProto,
  TensorProto_DataLocation as Location,
  ModelProtoSchema,
  type NodeProto,
  type TensorProto,
  TensorProtoSchema,
} from '../onnx/generated/onnx_pb.js';
import { type NDArray, showShape } from '../tensor/index.js';
import { OnnxImportError } from './error.js';
import { type ImportedVariables, type ImportOptions, importOnnx, parsed } from './import.js';
import { storedBytes, storedTensor } from './tensor-data.js';

/** The largest file that the format can hold. */
const mostBytes = 2 ** 31 - 1;

/**
 * The model file with other weights, everything else as it was: graph, names of inputs and outputs, metadata. Weights that were float16 are
 * rounded to it. External data comes into the file.
 *
 * @param variables parameters and buffers under the names that {@link importOnnx} gave them; those left out stay as they are.
 * @param options as for `importOnnx`.
 * @throws OnnxImportError naming a variable that the model does not have or that has another shape, and where the file would pass 2 GB.
 */
export function withWeights(bytes: Uint8Array, variables: ImportedVariables, options: ImportOptions = {}): Uint8Array {
  const imported = importOnnx(bytes, options);
  const current = imported.init();
  const replacements = new Map<string, NDArray>();
  for (const [name, value] of Object.entries(variables)) {
    const file = imported.fileNames.get(name);
    if (file === undefined) throw new OnnxImportError(`${imported.name} has no variable '${name}'`);
    const { shape, dtype } = current[name];
    if (value.shape.join() !== shape.join() || value.dtype !== dtype)
      throw new OnnxImportError(
        `the variable '${name}' ${value.dtype}${showShape(value.shape)} must be ${dtype}${showShape(shape)}`,
      );
    replacements.set(file, value);
  }
  const model = parsed(bytes);
  const graph = model.graph as GraphProto;
  const source = { half: options.float16 ?? 'refuse', external: options.externalData } as const;
  graph.initializer = graph.initializer.map((tensor) => {
    const value = replacements.get(tensor.name);
    if (value) return restored(tensor, value);
    return tensor.dataLocation === Location.EXTERNAL ? restored(tensor, storedTensor(tensor, source).read()) : tensor;
  });
  const before = usedNames(graph);
  graph.node = graph.node.map((node) => withConstant(node, replacements.get(node.output[0])));
  const after = usedNames(graph);
  const idle = (name: string) => before.has(name) && !after.has(name);
  // Files of old list initializers among the inputs: one without a use would have to be given when the model is run.
  const dropped = new Set(graph.initializer.map(({ name }) => name).filter(idle));
  graph.initializer = graph.initializer.filter(({ name }) => !dropped.has(name));
  graph.input = graph.input.filter(({ name }) => !dropped.has(name));
  const size = graph.initializer.reduce((total, { rawData }) => total + rawData.length, 0);
  if (size > mostBytes) throw new OnnxImportError(`${size} bytes of weights do not fit a file of 2 GB`);
  return toBinary(ModelProtoSchema, model);
}

/** Names that the nodes of a graph, and those inside of them, take. */
function usedNames(graph: GraphProto, names = new Set<string>()): Set<string> {
  for (const { name } of graph.output) names.add(name);
  for (const node of graph.node) {
    for (const name of node.input) names.add(name);
    for (const { g } of node.attribute) if (g) usedNames(g, names);
  }
  return names;
}

function restored(tensor: TensorProto, value: NDArray): TensorProto {
  return create(TensorProtoSchema, {
    name: tensor.name,
    docString: tensor.docString,
    metadataProps: tensor.metadataProps,
    dims: value.shape.map(BigInt),
    dataType: tensor.dataType,
    rawData: storedBytes(value, tensor.dataType),
  });
}

/** A node that makes a weight, as one that makes the new one. */
function withConstant(node: NodeProto, value: NDArray | undefined): NodeProto {
  const given = node.attribute.find((a) => a.name === 'value')?.t;
  if (!value || !given) return node;
  const attribute = create(AttributeProtoSchema, {
    name: 'value',
    type: AttributeType.TENSOR,
    t: restored(given, value),
  });
  return { ...node, opType: 'Constant', input: [], attribute: [attribute] };
}
