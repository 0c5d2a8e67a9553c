import { fromBinary } from '@bufbuild/protobuf';
import { Context } from '../nn/context.js';
import type { Layer } from '../nn/layer.js';
import { type ModelProto, ModelProtoSchema, type TypeProto, type ValueInfoProto } from '../onnx/generated/onnx_pb.js';
import {
  allocate,
  constant,
  type DType,
  isTensor,
  type NDArray,
  showShape,
  sizeOf,
  type Tensor,
} from '../tensor/index.js';
import { dtypeOf, type HalfPrecision } from './dtype.js';
import { OnnxImportError } from './error.js';
import { everyNode, type Graph, graphOf } from './graph.js';
import type { Value } from './operator.js';
import { unsupportedReason } from './operators/index.js';
import { Application } from './run.js';
import { checkNodes } from './schema.js';
import { type DataSource, lengthsOf, storedTensor } from './tensor-data.js';
import { type Carried, type Named, variablesOf } from './weights.js';

export interface ImportOptions {
  /**
   * The bytes of a file of external data, by the location that the model names. `importOnnxFile` reads it beside the model. Absent: a model
   * that has external data is refused.
   */
  readonly externalData?: (location: string) => Uint8Array;
  /** What becomes of float16 and bfloat16: refused (the default), or weights, inputs and results read as float32. */
  readonly float16?: HalfPrecision;
}

/** An input or output of a model. */
export interface ValueSpec {
  readonly name: string;
  readonly dtype: DType;
  /** A number, the name of a dimension that is bound when the model is applied, or undefined where the model does not say. */
  readonly shape: readonly (number | string | undefined)[] | undefined;
  /** The value is a list of tensors. */
  readonly sequence?: boolean;
  /** It may be left out. */
  readonly optional?: boolean;
}

/** Variables of a model as arrays, and inside a compiled function as tensors, by name. */
export type ImportedVariables = Readonly<Record<string, NDArray>>;
type SymbolicVariables = Readonly<Record<string, Tensor>>;

/** One tensor for a model of one input, or the inputs by name; lists for inputs that are sequences. */
export type ImportedInputs = Tensor | Readonly<Record<string, Tensor | readonly Tensor[]>>;

/**
 * An ONNX model as a layer. Variables are a flat record, `{ 'encoder.weight': ... }`; where they have the names of the file depends on
 * those: names that an exporter made up (`onnx::MatMul_123`) are replaced by the path of the module that uses them, where the nodes tell.
 */
export interface ImportedModel extends Layer<ImportedVariables> {
  readonly name: string;
  readonly inputs: readonly ValueSpec[];
  readonly outputs: readonly ValueSpec[];
  /** Its nodes, those of its own functions in place of their calls. Names are unique. */
  readonly nodes: readonly {
    readonly name: string;
    readonly type: string;
    readonly inputs: readonly string[];
    readonly outputs: readonly string[];
  }[];
  /** Names of what is trained: float tensors that a gradient reaches, but those that steer operators (limits, exponents) and masks. */
  readonly parameters: readonly string[];
  /** Names of state that training moves and no gradient: the running statistics of batch normalisation. */
  readonly buffers: readonly string[];
  /** The file's name of each parameter and buffer. */
  readonly fileNames: ReadonlyMap<string, string>;
  /** Fresh arrays of the weights in the file; nothing is random. */
  init(key?: unknown): ImportedVariables;
  /**
   * The model's first output.
   *
   * In training batch normalisation uses the statistics of the batch and moves its running ones, and dropout drops.
   *
   * @throws OnnxImportError naming the node that does not fit its inputs, an input whose shape the model does not take, a variable that is
   * missing.
   */
  apply(variables: SymbolicVariables, x: ImportedInputs, context?: Context): Tensor;
  /**
   * All outputs by name, or the values asked for: by value name, or by node name (a node's first result). Only what they need is made. A
   * sequence stands there as `name.0`, `name.1`, ...
   */
  outputsOf(
    variables: SymbolicVariables,
    x: ImportedInputs,
    context?: Context,
    values?: readonly string[],
  ): Record<string, Tensor>;
}

/** The largest model file that the format can hold, and so the most that constants made by nodes may come to. */
const mostBytes = 2 ** 31;

/**
 * An ONNX model as a layer that can be applied, differentiated, trained and exported again.
 *
 * Shapes are bound when it is applied: what the model computes of shapes (Shape, Gather, Concat, Reshape, Range, ...) is worked out then,
 * so dynamic batch and sequence lengths cost nothing.
 *
 * @throws OnnxImportError before anything runs: for operators that are not supported, naming every node; for a graph that is not sorted or
 * uses what nothing makes; for element types that are not supported; for stored numbers that do not fit their shape.
 */
export function importOnnx(bytes: Uint8Array, options: ImportOptions = {}): ImportedModel {
  const source: DataSource = { half: options.float16 ?? 'refuse', external: options.externalData };
  const graph = graphOf(parsed(bytes));
  refuseUnsupported(graph);
  checkNodes(everyNode(graph));
  const carried = carriedTensors(graph, source);
  const { parameters, buffers } = variablesOf(graph, carried);
  const variables = [...parameters, ...buffers];
  return new OnnxLayer(graph, source, carried, variables, parameters.length, graph.name);
}

/** The program that a model file says it was made by: `pytorch`, `cotangent`, ... */
export function modelProducer(bytes: Uint8Array): string {
  return parsed(bytes).producerName;
}

/** The message of a model file. */
export function parsed(bytes: Uint8Array): ModelProto {
  try {
    return fromBinary(ModelProtoSchema, bytes);
  } catch (error) {
    throw new OnnxImportError(`the ${bytes.length} bytes are no ONNX model: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

function refuseUnsupported(graph: Graph): void {
  const refused = new Map<string, string[]>();
  for (const node of everyNode(graph)) {
    const reason = unsupportedReason(node);
    if (reason) refused.set(reason, [...(refused.get(reason) ?? []), node.label]);
  }
  if (refused.size === 0) return;
  const list = [...refused].map(([reason, labels]) => {
    const more = labels.length > 5 ? ` and ${labels.length - 5} more` : '';
    return `${reason} at ${labels
      .slice(0, 5)
      .map((label) => `'${label}'`)
      .join(', ')}${more}`;
  });
  throw new OnnxImportError(`operators that are not supported: ${list.join('; ')}`);
}

/** What a model carries: its initializers, and what Constant and ConstantOfShape nodes make outside of functions and loops. */
function carriedTensors(graph: Graph, source: DataSource): Map<string, Carried> {
  const carried = new Map<string, Carried>();
  for (const [name, tensor] of graph.initializers)
    carried.set(name, { ...storedTensor(tensor, source), name, fromNode: false });
  let bytes = 0;
  for (const node of graph.nodes) {
    const [name] = node.outputs;
    const value = node.attributes.get('value')?.t;
    if (node.domain !== '' || node.inlined || !name || !value) continue;
    if (node.type === 'Constant') carried.set(name, { ...storedTensor(value, source, name), name, fromNode: true });
    if (node.type !== 'ConstantOfShape') continue;
    const sizes = carried.get(node.inputs[0]);
    if (sizes?.dtype !== 'int64') continue;
    const shape = lengthsOf(`node '${node.label}' (ConstantOfShape)`, Array.from(sizes.read().data as BigInt64Array));
    const filling = storedTensor(value, source, name);
    bytes += sizeOf(shape) * 4;
    if (bytes > mostBytes)
      throw new OnnxImportError(
        `node '${node.label}' (ConstantOfShape) makes ${showShape(shape)}: too much for a model`,
      );
    const { dtype } = filling;
    const read = (): NDArray => {
      const data = allocate(dtype, sizeOf(shape));
      data.fill(filling.read().data[0] as never);
      return { data, shape, dtype } as NDArray;
    };
    carried.set(name, { name, shape, dtype, read, fromNode: true });
  }
  return carried;
}

class OnnxLayer implements ImportedModel {
  readonly inputs: readonly ValueSpec[];
  readonly outputs: readonly ValueSpec[];
  readonly nodes: ImportedModel['nodes'];
  readonly parameters: readonly string[];
  readonly buffers: readonly string[];
  readonly fileNames: ReadonlyMap<string, string>;
  /** What is neither parameter nor buffer, made when first used. */
  readonly #constants = new Map<string, Tensor>();

  constructor(
    readonly graph: Graph,
    readonly source: DataSource,
    readonly carried: ReadonlyMap<string, Carried>,
    readonly variables: readonly Named[],
    trained: number,
    readonly name: string,
  ) {
    const spec = (value: ValueInfoProto) => specOf(value, source);
    this.inputs = graph.inputs.filter(({ name }) => !graph.initializers.has(name)).map(spec);
    this.outputs = graph.outputs.map(spec);
    this.nodes = graph.nodes.map(({ label, type, inputs, outputs }) => ({ name: label, type, inputs, outputs }));
    this.parameters = variables.slice(0, trained).map((v) => v.name);
    this.buffers = variables.slice(trained).map((v) => v.name);
    this.fileNames = new Map(variables.map((v) => [v.name, v.tensor.name]));
  }

  init(): ImportedVariables {
    return Object.fromEntries(this.variables.map(({ name, tensor }) => [name, tensor.read()]));
  }

  apply(variables: SymbolicVariables, x: ImportedInputs, context?: Context): Tensor {
    const [{ name }] = this.outputs;
    const [first] = Object.values(this.outputsOf(variables, x, context, [name]));
    return first;
  }

  outputsOf(
    variables: SymbolicVariables,
    x: ImportedInputs,
    context: Context = new Context(),
    values: readonly string[] = this.outputs.map((o) => o.name),
  ): Record<string, Tensor> {
    const given = new Map<string, Value>();
    for (const { name, tensor } of this.variables) given.set(tensor.name, variableOf(variables, name, tensor));
    for (const [name, tensor] of this.carried) if (!given.has(name)) given.set(name, this.#constant(name, tensor));
    this.#bind(given, x);
    const wanted = values.map((name) => this.#valueName(name));
    const found = new Application(this.source, context).run(this.graph, given, wanted);
    for (const { name, dtype } of this.outputs) {
      const value = found[wanted.indexOf(name)];
      if (isTensor(value) && value.dtype !== dtype)
        throw new OnnxImportError(`the output '${name}' is said to be ${dtype}, and the graph makes ${value.dtype}`);
    }
    return Object.fromEntries(values.flatMap((name, i) => entriesOf(name, found[i])));
  }

  #constant(name: string, tensor: Carried): Tensor {
    let made = this.#constants.get(name);
    if (!made) {
      made = constant(tensor.read());
      this.#constants.set(name, made);
    }
    return made;
  }

  /** A value's name, or for a node's the name of its first result. */
  #valueName(name: string): string {
    if (this.carried.has(name) || this.inputs.some((i) => i.name === name)) return name;
    for (const node of this.graph.nodes) if (node.outputs.includes(name)) return name;
    const node = this.graph.nodes.find(({ label }) => label === name);
    const result = node?.outputs.find((output) => output !== '');
    if (result) return result;
    throw new OnnxImportError(`${this.name} has no value and no node '${name}'`);
  }

  /** Gives the inputs their values, which must have the shapes that the model takes. */
  #bind(given: Map<string, Value>, x: ImportedInputs): void {
    const values = isTensor(x) ? this.#single(x) : x;
    const dimensions = new Map<string, number>();
    for (const spec of this.inputs) {
      const value = values[spec.name];
      if (value === undefined && spec.optional) {
        given.set(spec.name, undefined);
        continue;
      }
      if (value === undefined) throw new OnnxImportError(`${this.name}: the input '${spec.name}' is missing`);
      // Elements of a sequence may differ in what a named dimension is.
      if (isTensor(value)) this.#check(spec, value, dimensions);
      else for (const tensor of value) this.#check(spec, tensor, new Map());
      given.set(spec.name, value);
    }
    for (const name of Object.keys(values)) {
      if (!this.inputs.some((i) => i.name === name))
        throw new OnnxImportError(
          `${this.name} has no input '${name}', but ${this.inputs.map((i) => `'${i.name}'`).join(', ')}`,
        );
    }
  }

  #single(x: Tensor): Record<string, Tensor> {
    if (this.inputs.length === 1) return { [this.inputs[0].name]: x };
    throw new OnnxImportError(
      `${this.name} has ${this.inputs.length} inputs; give them by name: ${this.inputs.map((i) => `'${i.name}'`).join(', ')}`,
    );
  }

  #check({ name, dtype, shape }: ValueSpec, tensor: Tensor, dimensions: Map<string, number>): void {
    const told = `${this.name}: the input '${name}' ${tensor.dtype}${showShape(tensor.shape)}`;
    if (tensor.dtype !== dtype) throw new OnnxImportError(`${told} must be ${dtype}`);
    if (!shape) return;
    const shown = `[${shape.map((n) => n ?? '?').join(', ')}]`;
    if (tensor.rank !== shape.length) throw new OnnxImportError(`${told} must have the shape ${shown}`);
    shape.forEach((n, i) => {
      const length = tensor.shape[i];
      if (typeof n === 'number' && n !== length) throw new OnnxImportError(`${told} must have the shape ${shown}`);
      if (typeof n !== 'string') return;
      const known = dimensions.get(n) ?? length;
      if (known !== length)
        throw new OnnxImportError(
          `${told} has ${length} for ${n}, which another axis of ${shown} or of another input makes ${known}`,
        );
      dimensions.set(n, length);
    });
  }
}

function variableOf(variables: SymbolicVariables, name: string, { shape, dtype }: Carried): Tensor {
  const value = variables[name];
  if (!isTensor(value)) throw new OnnxImportError(`the variable '${name}' is missing`);
  if (value.dtype !== dtype || value.shape.join() !== shape.join())
    throw new OnnxImportError(
      `the variable '${name}' ${value.dtype}${showShape(value.shape)} must be ${dtype}${showShape(shape)}`,
    );
  return value;
}

function entriesOf(name: string, value: Value): [string, Tensor][] {
  if (value === undefined) throw new OnnxImportError(`the value '${name}' is empty`);
  return isTensor(value) ? [[name, value]] : value.map((tensor, i): [string, Tensor] => [`${name}.${i}`, tensor]);
}

function specOf({ name, type }: ValueInfoProto, { half }: DataSource): ValueSpec {
  const what = `'${name}'`;
  const tensorType = (of: TypeProto | undefined, sequence: boolean): ValueSpec => {
    if (of?.value.case === 'sequenceType' && !sequence) return tensorType(of.value.value.elemType, true);
    if (of?.value.case === 'optionalType') return { ...tensorType(of.value.value.elemType, sequence), optional: true };
    if (of?.value.case !== 'tensorType')
      throw new OnnxImportError(`${what} is neither a tensor nor a sequence of tensors`);
    const { elemType, shape } = of.value.value;
    const dims = shape?.dim.map(({ value }) => {
      if (value.case === 'dimParam') return value.value || undefined;
      return value.case === 'dimValue' ? lengthsOf(what, [value.value])[0] : undefined;
    });
    return { name, dtype: dtypeOf(what, elemType, half), shape: dims, ...(sequence && { sequence }) };
  };
  return tensorType(type, false);
}
