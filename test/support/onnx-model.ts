import { create, toBinary } from '@bufbuild/protobuf';
import type { DType, NDArray } from '../../src/index.js';
import { dtypeCode, rawBytes } from '../../src/onnx/dtype.js';
import {
  type AttributeProto,
  AttributeProtoSchema,
  AttributeProto_AttributeType as AttributeType,
  type FunctionProto,
  type GraphProto,
  GraphProtoSchema,
  ModelProtoSchema,
  type NodeProto,
  NodeProtoSchema,
  type TensorProto,
  TensorProtoSchema,
  type ValueInfoProto,
  ValueInfoProtoSchema,
} from '../../src/onnx/generated/onnx_pb.js';

/** ONNX models by hand, for tests. */

type AttributeValue = number | string | readonly number[] | NDArray | GraphProto;

/** Numbers that are floats to ONNX even where they are whole. */
export const float = (f: number): AttributeProto => create(AttributeProtoSchema, { type: AttributeType.FLOAT, f });
/** Numbers that are a list of floats to ONNX, whole or not. */
export const floats = (values: number[]): AttributeProto =>
  create(AttributeProtoSchema, { type: AttributeType.FLOATS, floats: values });

export const strings = (values: string[]): AttributeProto =>
  create(AttributeProtoSchema, {
    type: AttributeType.STRINGS,
    strings: values.map((v) => new TextEncoder().encode(v)),
  });

function attribute(name: string, value: AttributeValue | AttributeProto): AttributeProto {
  if (typeof value === 'number')
    return Number.isInteger(value)
      ? create(AttributeProtoSchema, { name, type: AttributeType.INT, i: BigInt(value) })
      : create(AttributeProtoSchema, { name, type: AttributeType.FLOAT, f: value });
  if (typeof value === 'string')
    return create(AttributeProtoSchema, { name, type: AttributeType.STRING, s: new TextEncoder().encode(value) });
  if ('$typeName' in value && value.$typeName === 'onnx.AttributeProto') return { ...value, name };
  if ('$typeName' in value && value.$typeName === 'onnx.GraphProto')
    return create(AttributeProtoSchema, { name, type: AttributeType.GRAPH, g: value });
  if ('dtype' in value)
    return create(AttributeProtoSchema, { name, type: AttributeType.TENSOR, t: tensor(name, value) });
  return create(AttributeProtoSchema, { name, type: AttributeType.INTS, ints: (value as number[]).map(BigInt) });
}

export function node(
  opType: string,
  input: string[],
  output: string[],
  attributes: Readonly<Record<string, AttributeValue | AttributeProto>> = {},
  options: { readonly name?: string; readonly domain?: string } = {},
): NodeProto {
  const list = Object.entries(attributes).map(([name, value]) => attribute(name, value));
  return create(NodeProtoSchema, { opType, input, output, attribute: list, ...options });
}

export function tensor(name: string, value: NDArray): TensorProto {
  return create(TensorProtoSchema, {
    name,
    dims: value.shape.map(BigInt),
    dataType: dtypeCode[value.dtype],
    rawData: rawBytes(value).slice(),
  });
}

/** `value('x', 'float32', ['batch', 3])`; without a shape nothing is said of it. */
export function value(name: string, dtype: DType | number = 'float32', shape?: (number | string)[]): ValueInfoProto {
  const dim = shape?.map((n) => ({
    value:
      typeof n === 'number'
        ? ({ case: 'dimValue', value: BigInt(n) } as const)
        : ({ case: 'dimParam', value: n } as const),
  }));
  const elemType = typeof dtype === 'number' ? dtype : dtypeCode[dtype];
  return create(ValueInfoProtoSchema, {
    name,
    type: { value: { case: 'tensorType', value: { elemType, ...(dim && { shape: { dim } }) } } },
  });
}

export interface GraphParts {
  readonly inputs?: readonly ValueInfoProto[];
  readonly outputs: readonly ValueInfoProto[];
  readonly nodes: readonly NodeProto[];
  readonly initializers?: readonly TensorProto[];
}

export function graph({ inputs = [], outputs, nodes, initializers = [] }: GraphParts): GraphProto {
  return create(GraphProtoSchema, {
    name: 'test',
    input: [...inputs],
    output: [...outputs],
    node: [...nodes],
    initializer: [...initializers],
  });
}

/** The bytes of a model file. */
export function modelFile(
  parts: GraphParts,
  options: { readonly opset?: number; readonly functions?: FunctionProto[]; readonly domains?: readonly string[] } = {},
): Uint8Array {
  const { opset = 21, functions = [], domains = ['com.microsoft'] } = options;
  const opsetImport = [{ domain: '', version: BigInt(opset) }, ...domains.map((domain) => ({ domain, version: 1n }))];
  return toBinary(
    ModelProtoSchema,
    create(ModelProtoSchema, { irVersion: 10n, opsetImport, functions, graph: graph(parts) }),
  );
}
