import { create, toBinary } from '@bufbuild/protobuf';
import { topological } from '../tensor/graph.js';
import type { DType, NDArray, Shape, Tensor } from '../tensor/index.js';
import { type Attribute, constantKey, constantOf, type Node, type Subgraph } from '../tensor/tensor.js';
import { dtypeCode, rawBytes } from './dtype.js';
import {
  type AttributeProto,
  AttributeProtoSchema,
  AttributeProto_AttributeType as AttributeType,
  type GraphProto,
  GraphProtoSchema,
  type ModelProto,
  ModelProtoSchema,
  type NodeProto,
  NodeProtoSchema,
  type TensorProto,
  TensorProtoSchema,
  type ValueInfoProto,
  ValueInfoProtoSchema,
} from './generated/onnx_pb.js';

/** The operator set version that models are written in. */
export const opset = 21;
/** The version of the file format that goes with it. */
const irVersion = 10n;

/** A value of a graph under the name it has in the model. */
export interface Named {
  readonly name: string;
  readonly tensor: Tensor;
}

export interface GraphSpec {
  readonly name: string;
  readonly inputs: readonly Named[];
  readonly outputs: readonly Named[];
  /** Inputs that the model carries as its weights, by name. */
  readonly weights?: ReadonlyMap<string, NDArray>;
}

/** A graph as an ONNX model message. Every node must be an ONNX operator: barriers are lowered before this. */
export function encodeModel(spec: GraphSpec): ModelProto {
  return create(ModelProtoSchema, {
    irVersion,
    producerName: 'cotangent',
    opsetImport: [
      { domain: '', version: BigInt(opset) },
      { domain: 'com.microsoft', version: 1n },
    ],
    graph: encodeGraph(spec),
  });
}

/** The bytes of a model file. */
export function modelBytes(model: ModelProto): Uint8Array {
  return toBinary(ModelProtoSchema, model);
}

function encodeGraph({ name, inputs, outputs, weights }: GraphSpec): GraphProto {
  const graph = encodeScope({ name, inputs, outputs }, new Names());
  for (const [weight, value] of weights ?? []) graph.initializer.push(encodeTensor(weight, value));
  graph.input = graph.input.filter((i) => !weights?.has(i.name));
  return graph;
}

/** A graph, or the body of a loop, whose names go on from those of the graph around it and whose `captured` values have theirs there. */
function encodeScope({ name, inputs, outputs }: GraphSpec, names: Names, captured: readonly Named[] = []): GraphProto {
  const initializers = new Map<string, TensorProto>();
  const nodes: NodeProto[] = [];
  for (const { name: given, tensor } of [...inputs, ...captured]) names.give(tensor, given);
  // An output that is an input, a constant or an output already needs a node of its own to carry its name.
  const copied: Named[] = [];
  for (const output of outputs) {
    if (names.of(output.tensor) !== undefined || constantOf(output.tensor)) copied.push(output);
    else names.give(output.tensor, output.name);
  }
  const constantName = (value: NDArray, tensor: Tensor): string => {
    const key = value.data.length <= 64 ? constantKey(value) : `#${tensor.node.id}`;
    const known = initializers.get(key);
    if (known) return known.name;
    const fresh = names.fresh('constant');
    initializers.set(key, encodeTensor(fresh, value));
    return fresh;
  };
  const nameOf = (tensor: Tensor | undefined): string => {
    if (!tensor) return '';
    const value = constantOf(tensor);
    if (value) return constantName(value, tensor);
    const known = names.of(tensor);
    if (known === undefined) throw new Error(`encodeModel: ${tensor} is not reachable from the inputs of ${name}`);
    return known;
  };
  const given = new Set([...inputs, ...captured].map((i) => i.tensor.node));
  const order = topological(
    outputs.map((o) => o.tensor),
    given,
  );
  const own = order.filter((node) => node.operator.type !== 'Constant' && !given.has(node));
  const used = new Set([...own.flatMap((node) => node.inputs), ...outputs.map((o) => o.tensor)]);
  for (const node of lastResultsFirst(own)) {
    const scope = scopeOf(node, names);
    const label = names.fresh(scope ? `${scope}/${node.operator.type}` : node.operator.type);
    node.outputs.forEach((y, i) => {
      if (names.of(y) === undefined) names.give(y, i === 0 ? `${label}_out` : `${label}_out${i}`);
    });
    nodes.push(encodeNode(node, outputsOf(node, used), label, nameOf, names));
  }
  for (const { name: given, tensor } of copied) {
    nodes.push(
      create(NodeProtoSchema, {
        opType: 'Identity',
        name: names.fresh('Identity'),
        input: [nameOf(tensor)],
        output: [given],
      }),
    );
  }
  return create(GraphProtoSchema, {
    name,
    node: nodes,
    initializer: [...initializers.values()],
    input: inputs.map((i) => valueInfo(i.name, i.tensor.dtype, i.tensor.shape)),
    output: outputs.map((o) => valueInfo(o.name, o.tensor.dtype, o.tensor.shape)),
  });
}

/**
 * Nodes whose results no other node uses go to the end, those farthest from the inputs first. ONNX Runtime finishes what leads to its last
 * node before it turns to the one before that: so each result is made as soon as it can be, and the memory of what it was made of is free
 * again; the gradients of the last layers and their updates, for instance, before those of the first.
 */
function lastResultsFirst(order: readonly Node[]): readonly Node[] {
  const used = new Set(order.flatMap((node) => node.inputs.map((x) => x?.node)));
  const depth = new Map<Node, number>();
  for (const node of order) depth.set(node, 1 + Math.max(0, ...node.inputs.map((x) => (x && depth.get(x.node)) ?? 0)));
  const results = order.filter((node) => !used.has(node));
  const depthOf = (node: Node) => depth.get(node) as number;
  return [...order.filter((node) => used.has(node)), ...results.sort((a, b) => depthOf(b) - depthOf(a))];
}

/** The body of a loop. What it captures it knows by the names of the graph around it. */
function encodeBody(label: string, { parameters, results }: Subgraph, captured: readonly string[], names: Names) {
  const own = parameters.length - captured.length;
  const spec: GraphSpec = {
    name: label,
    inputs: parameters.slice(0, own).map((tensor, i) => ({ name: `${label}/in_${i}`, tensor })),
    outputs: results.map((tensor, i) => ({ name: `${label}/out_${i}`, tensor })),
  };
  return encodeScope(
    spec,
    names.inner(),
    captured.map((name, i) => ({ name, tensor: parameters[own + i] })),
  );
}

/** Names of the values of one graph; made up ones are unique in the whole model. */
class Names {
  readonly #given = new Map<Node, string[]>();

  constructor(readonly used = new Map<string, number>()) {}

  /** For a graph inside this one, which may hold the same nodes once more. */
  inner(): Names {
    return new Names(this.used);
  }

  of(tensor: Tensor): string | undefined {
    return this.#given.get(tensor.node)?.[tensor.index];
  }

  give(tensor: Tensor, name: string): void {
    const names = this.#given.get(tensor.node) ?? [];
    names[tensor.index] = name;
    this.#given.set(tensor.node, names);
  }

  fresh(stem: string): string {
    const count = this.used.get(stem) ?? 0;
    this.used.set(stem, count + 1);
    return `${stem}_${count}`;
  }
}

/** The module a node belongs to, read off the path of a parameter it uses: `layer1.0.conv1` of `layer1.0.conv1.weight`. */
function scopeOf(node: Node, names: Names): string {
  for (const x of node.inputs) {
    if (x?.node.operator.type !== 'Input') continue;
    const dot = names.of(x)?.lastIndexOf('.') ?? -1;
    if (dot > 0) return names.of(x)?.slice(0, dot) ?? '';
  }
  return '';
}

/** The outputs that a node has in a model. ONNX Runtime pools several times as fast where no one asks for positions. */
function outputsOf(node: Node, used: ReadonlySet<Tensor>): readonly Tensor[] {
  return node.operator.type === 'MaxPool' && !used.has(node.outputs[1]) ? [node.output] : node.outputs;
}

function encodeNode(
  node: Node,
  outputs: readonly Tensor[],
  name: string,
  nameOf: (x: Tensor | undefined) => string,
  names: Names,
): NodeProto {
  const { type, domain } = node.operator;
  if (domain === 'cotangent') throw new Error(`encodeModel: ${type} is no ONNX operator`);
  let input = node.inputs.map(nameOf);
  const output = outputs.map((y) => nameOf(y));
  const attribute = Object.entries(node.attributes).flatMap(([key, value]) => {
    if (value === undefined) return [];
    if (typeof value !== 'object' || !('parameters' in value)) return [encodeAttribute(key, value)];
    const own = input.length - value.captured;
    const g = encodeBody(name, value, input.slice(own), names);
    input = input.slice(0, own);
    return [create(AttributeProtoSchema, { name: key, type: AttributeType.GRAPH, g })];
  });
  return create(NodeProtoSchema, { opType: type, domain, name, input, output, attribute });
}

/** Attributes that ONNX defines as floats even where their value is whole. */
const floatAttributes = new Set([
  'alpha',
  'beta',
  'gamma',
  'lambd',
  'bias',
  'epsilon',
  'momentum',
  'cubic_coeff_a',
  'extrapolation_value',
  'scale',
  'softcap',
  'spatial_scale',
]);

function encodeAttribute(name: string, value: Exclude<Attribute, Subgraph | undefined>): AttributeProto {
  if (name === 'to' && typeof value === 'string') return encodeAttribute(name, dtypeCode[value as DType]);
  const text = new TextEncoder();
  if (typeof value === 'string')
    return create(AttributeProtoSchema, { name, type: AttributeType.STRING, s: text.encode(value) });
  if (typeof value === 'boolean') return encodeAttribute(name, value ? 1 : 0);
  if (typeof value === 'number') {
    return floatAttributes.has(name)
      ? create(AttributeProtoSchema, { name, type: AttributeType.FLOAT, f: value })
      : create(AttributeProtoSchema, { name, type: AttributeType.INT, i: BigInt(value) });
  }
  if ('dtype' in value)
    return create(AttributeProtoSchema, { name, type: AttributeType.TENSOR, t: encodeTensor(name, value) });
  if (value.length > 0 && value.every((v) => typeof v === 'string')) {
    return create(AttributeProtoSchema, {
      name,
      type: AttributeType.STRINGS,
      strings: value.map((v) => text.encode(v)),
    });
  }
  const numbers = value as readonly number[];
  return floatAttributes.has(name)
    ? create(AttributeProtoSchema, { name, type: AttributeType.FLOATS, floats: [...numbers] })
    : create(AttributeProtoSchema, { name, type: AttributeType.INTS, ints: numbers.map(BigInt) });
}

function encodeTensor(name: string, value: NDArray): TensorProto {
  return create(TensorProtoSchema, {
    name,
    dims: value.shape.map(BigInt),
    dataType: dtypeCode[value.dtype],
    rawData: rawBytes(value),
  });
}

function valueInfo(name: string, dtype: DType, shape: Shape): ValueInfoProto {
  return create(ValueInfoProtoSchema, {
    name,
    type: {
      value: {
        case: 'tensorType',
        value: {
          elemType: dtypeCode[dtype],
          shape: { dim: shape.map((n) => ({ value: { case: 'dimValue' as const, value: BigInt(n) } })) },
        },
      },
    },
  });
}
