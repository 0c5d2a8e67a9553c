import { create } from '@bufbuild/protobuf';
import {
  AttributeProtoSchema,
  AttributeProto_AttributeType as AttributeType,
  type GraphProto,
  type ModelProto,
  type NodeProto,
  NodeProtoSchema,
  type TensorProto,
  TensorProto_DataType,
  TensorProtoSchema,
  type ValueInfoProto,
} from './generated/onnx_pb.js';

/** A length that may change from call to call: its name, and the axis of an input to read it from. */
export interface DynamicLength {
  readonly name: string;
  readonly input: string;
  readonly axis: number;
}

/** `slope * n + offset`, with the dynamic length n. */
interface Linear {
  readonly slope: bigint;
  readonly offset: bigint;
}

/**
 * One model for every length, from models of the same program at three.
 *
 * Programs have static shapes, so a length appears in a model only as numbers in int64 constants (targets of reshapes, bounds of
 * slices) and in the shapes of inputs and outputs. Between two lengths those numbers give a line; the third checks it. In the result
 * each such constant is computed from the shape of the input.
 *
 * @throws Error when the program depends on the length in any other way, such as a float constant or another choice of operators.
 */
export function generalize(
  models: readonly [ModelProto, ModelProto, ModelProto],
  lengths: readonly [number, number, number],
  dynamic: DynamicLength,
): ModelProto {
  const [first, ...others] = models.map((model) => model.graph as GraphProto);
  for (const other of others) requireSameProgram(first, other, dynamic.name);
  const lines = new Map<string, (Linear | bigint)[]>();
  for (const initializer of first.initializer) {
    const values = [initializer, ...others.map((graph) => initializerOf(graph, initializer.name))];
    if (values.every((value) => sameBytes(value.rawData, initializer.rawData))) continue;
    if (initializer.dataType !== TensorProto_DataType.INT64) {
      throw new Error(
        `export: a constant of the program (${initializer.name}) depends on ${dynamic.name}, so one model cannot serve every length`,
      );
    }
    const columns = values.map(int64sOf);
    lines.set(
      initializer.name,
      columns[0].map((_, i) =>
        lineThrough(
          columns.map((column) => column[i]),
          lengths,
          dynamic.name,
        ),
      ),
    );
  }
  const computed = computeShapes(first, lines, dynamic);
  first.initializer = [
    ...first.initializer.filter((i) => !lines.has(i.name) || computed.open.has(i.name)),
    ...computed.initializers,
  ];
  for (const initializer of first.initializer) {
    if (computed.open.has(initializer.name))
      initializer.rawData = bytesOf((lines.get(initializer.name) ?? []).map((v) => (typeof v === 'bigint' ? v : -1n)));
  }
  first.node = [...computed.nodes, ...first.node];
  [...first.input, ...first.output].forEach((value, i) => {
    const same = others.map((graph) => [...graph.input, ...graph.output][i]);
    nameDimensions(value, same, lengths, dynamic.name);
  });
  return models[0];
}

function requireSameProgram(a: GraphProto, b: GraphProto, name: string): void {
  const shape = (graph: GraphProto) =>
    graph.node.map(
      (node) =>
        `${node.opType}(${node.input.join()})->${node.output.join()} ${node.attribute.map((t) => `${t.name}=${t.i}${t.f}${t.ints.join()}`).join()}`,
    );
  const [left, right] = [shape(a), shape(b)];
  const at = left.findIndex((line, i) => line !== right[i]);
  if (at >= 0 || left.length !== right.length || a.initializer.length !== b.initializer.length) {
    throw new Error(
      `export: the program depends on ${name} in more than its shapes (at ${a.node[Math.max(at, 0)]?.name}), so one model cannot serve every length`,
    );
  }
}

function initializerOf(graph: GraphProto, name: string): TensorProto {
  const found = graph.initializer.find((i) => i.name === name);
  if (!found) throw new Error(`export: the constant ${name} exists for some lengths only`);
  return found;
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

function int64sOf(tensor: TensorProto): bigint[] {
  return Array.from(new BigInt64Array(tensor.rawData.slice().buffer));
}

function bytesOf(values: readonly bigint[]): Uint8Array {
  return new Uint8Array(BigInt64Array.from(values).buffer);
}

function lineThrough(values: readonly bigint[], lengths: readonly number[], name: string): Linear | bigint {
  const [v0, v1, v2] = values;
  if (v0 === v1 && v1 === v2) return v0;
  const [n0, n1, n2] = lengths.map(BigInt);
  const slope = (v1 - v0) / (n1 - n0);
  const offset = v0 - slope * n0;
  if (slope * n1 + offset !== v1 || slope * n2 + offset !== v2) {
    throw new Error(
      `export: a shape grows with ${name} in a way that is not linear (${values.join(', ')} at ${lengths.join(', ')})`,
    );
  }
  return { slope, offset };
}

interface Computed {
  readonly nodes: NodeProto[];
  readonly initializers: TensorProto[];
  /** Reshape targets with a single unknown, which ONNX itself works out when it is written as -1. */
  readonly open: ReadonlySet<string>;
}

function computeShapes(
  graph: GraphProto,
  lines: ReadonlyMap<string, (Linear | bigint)[]>,
  dynamic: DynamicLength,
): Computed {
  const nodes: NodeProto[] = [];
  const initializers = new Map<string, TensorProto>();
  const open = new Set<string>();
  const constant = (values: readonly bigint[]): string => {
    const name = `${dynamic.name}/${values.join('_')}`;
    initializers.set(
      name,
      create(TensorProtoSchema, {
        name,
        dims: [BigInt(values.length)],
        dataType: TensorProto_DataType.INT64,
        rawData: bytesOf(values),
      }),
    );
    return name;
  };
  const made = new Set<string>();
  const emit = (opType: string, input: string[], output: string, attributes: Record<string, number> = {}): string => {
    if (made.has(output)) return output;
    made.add(output);
    const attribute = Object.entries(attributes).map(([name, i]) =>
      create(AttributeProtoSchema, { name, type: AttributeType.INT, i: BigInt(i) }),
    );
    nodes.push(create(NodeProtoSchema, { opType, name: output, input, output: [output], attribute }));
    return output;
  };
  const length = () => emit('Shape', [dynamic.input], dynamic.name, { start: dynamic.axis, end: dynamic.axis + 1 });
  const term = (value: Linear | bigint): string => {
    if (typeof value === 'bigint') return constant([value]);
    const scaled =
      value.slope === 1n
        ? length()
        : emit('Mul', [length(), constant([value.slope])], `${dynamic.name}/times_${value.slope}`);
    return value.offset === 0n
      ? scaled
      : emit('Add', [scaled, constant([value.offset])], `${scaled}/plus_${value.offset}`);
  };
  for (const [name, values] of lines) {
    const users = graph.node.filter((node) => node.input.includes(name));
    const unknowns = values.filter((v) => typeof v !== 'bigint').length;
    if (
      unknowns === 1 &&
      !values.includes(0n) &&
      users.every((node) => node.opType === 'Reshape' && node.input[0] !== name)
    ) {
      open.add(name);
      continue;
    }
    const terms = values.map(term);
    const scalar = graph.initializer.find((i) => i.name === name)?.dims.length === 0;
    if (scalar) emit('Squeeze', terms, name);
    else emit('Concat', terms, name, { axis: 0 });
  }
  return { nodes, initializers: [...initializers.values()], open };
}

function nameDimensions(
  value: ValueInfoProto,
  others: readonly ValueInfoProto[],
  lengths: readonly number[],
  name: string,
): void {
  const dims = (info: ValueInfoProto) =>
    info.type?.value.case === 'tensorType' ? (info.type.value.value.shape?.dim ?? []) : [];
  dims(value).forEach((dim, i) => {
    const values = [dim, ...others.map((other) => dims(other)[i])].map((d) =>
      d.value.case === 'dimValue' ? d.value.value : 0n,
    );
    const line = lineThrough(values, lengths, name);
    if (typeof line === 'bigint') return;
    const text = line.slope === 1n ? name : `${line.slope}*${name}`;
    dim.value = { case: 'dimParam', value: line.offset === 0n ? text : `${text}+${line.offset}` };
  });
}
