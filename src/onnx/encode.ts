import { create, toBinary } from '@bufbuild/protobuf';
import { topological } from '../tensor/graph.js';
import type { DType, NDArray, Shape, Tensor } from '../tensor/index.js';
import { type Attribute, constantKey, constantOf, type Node } from '../tensor/tensor.js';
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
  const names = new Names();
  const initializers = new Map<string, TensorProto>();
  const nodes: NodeProto[] = [];
  for (const { name: given, tensor } of inputs) names.give(tensor, given);
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
  const given = new Set(inputs.map((i) => i.tensor.node));
  const order = topological(
    outputs.map((o) => o.tensor),
    given,
  );
  for (const node of order) {
    if (node.operator.type === 'Constant' || given.has(node)) continue;
    const scope = scopeOf(node, names);
    const label = names.fresh(scope ? `${scope}/${node.operator.type}` : node.operator.type);
    node.outputs.forEach((y, i) => {
      if (names.of(y) === undefined) names.give(y, i === 0 ? `${label}_out` : `${label}_out${i}`);
    });
    nodes.push(encodeNode(node, label, node.inputs.map(nameOf), node.outputs.map(nameOf)));
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
  for (const [weight, value] of weights ?? []) initializers.set(`weight ${weight}`, encodeTensor(weight, value));
  return create(GraphProtoSchema, {
    name,
    node: nodes,
    initializer: [...initializers.values()],
    input: inputs.filter((i) => !weights?.has(i.name)).map((i) => valueInfo(i.name, i.tensor.dtype, i.tensor.shape)),
    output: outputs.map((o) => valueInfo(o.name, o.tensor.dtype, o.tensor.shape)),
  });
}

/** Unique names of the values and nodes of one graph. */
class Names {
  readonly #given = new Map<Node, string[]>();
  readonly #used = new Map<string, number>();

  of(tensor: Tensor): string | undefined {
    return this.#given.get(tensor.node)?.[tensor.index];
  }

  give(tensor: Tensor, name: string): void {
    const names = this.#given.get(tensor.node) ?? [];
    names[tensor.index] = name;
    this.#given.set(tensor.node, names);
  }

  fresh(stem: string): string {
    const count = this.#used.get(stem) ?? 0;
    this.#used.set(stem, count + 1);
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

function encodeNode(node: Node, name: string, input: string[], output: string[]): NodeProto {
  const { type, domain } = node.operator;
  if (domain === 'cotangent') throw new Error(`encodeModel: ${type} is no ONNX operator`);
  const attribute = Object.entries(node.attributes).flatMap(([key, value]) =>
    value === undefined ? [] : [encodeAttribute(key, value)],
  );
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
]);

function encodeAttribute(name: string, value: Exclude<Attribute, undefined>): AttributeProto {
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
  if (value.every((v) => typeof v === 'string')) {
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
