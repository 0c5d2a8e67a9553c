import { create, toBinary } from '@bufbuild/protobuf';
import { defaultBias, defaultWeight } from '../../nn/initializers.js';
import { dtypeCode, rawBytes } from '../../onnx/dtype.js';
import {
  AttributeProtoSchema,
  AttributeProto_AttributeType as AttributeType,
  type GraphProto,
  ModelProtoSchema,
  type NodeProto,
  NodeProtoSchema,
  type TensorProto,
  TensorProtoSchema,
  ValueInfoProtoSchema,
} from '../../onnx/generated/onnx_pb.js';
import { type Key, split } from '../../runtime/random/index.js';
import { castArray, type NDArray, type Shape, showShape } from '../../tensor/index.js';
import { OnnxImportError } from '../error.js';
import { type ImportOptions, parsed } from '../import.js';
import { defaultFeatures } from './features.js';
import { prune } from './prune.js';
import { valueShape } from './value-shape.js';

/** How features of positions become one vector a sample. */
export type Pooling = 'none' | 'mean' | 'first';

export interface HeadOptions extends ImportOptions {
  /** Numbers that the head gives for each sample: classes, or 1 for a regression. */
  readonly outputs: number;
  /** Draws the head's weights, as PyTorch begins a linear layer. */
  readonly key: Key;
  /** Inputs that show names, dtypes and shapes, of at least one sample; their numbers are not looked at. */
  readonly example: Readonly<Record<string, NDArray>>;
  /** Name of a value, or of a node, whose result the head takes. Default: what the model's last linear layer takes, see {@link replaceHead}. */
  readonly features?: string;
  /**
   * `none` for features [n, d]; `mean` over the positions of features [n, d, height, width] or [n, positions, d], there over those that the
   * input `attention_mask` marks, if the model has it; `first` takes the first of [n, positions, d]. Default: `none` or `mean`, by the
   * number of axes.
   */
  readonly pooling?: Pooling;
}

/** A model with a new head. */
export interface WithHead {
  readonly bytes: Uint8Array;
  /** The value that the head takes. */
  readonly features: string;
  /** Its shape for the example. */
  readonly shape: Shape;
  readonly pooling: Pooling;
  /** Names of the head's weight [outputs, d] and bias [outputs]. */
  readonly head: { readonly weight: string; readonly bias: string };
}

/** Since this version of the operator set a linear layer's bias needs no attributes. */
const oldestVersion = 7;

/**
 * The model file with its head replaced: the first output, under its name, becomes a linear map of features. Nodes and weights that nothing
 * needs any more are left out; names of inputs and outputs stay.
 *
 * Features are looked for from the first output backwards: through softmax, reshaping and additions of weights to a Gemm or a MatMul with a
 * weight, or through pooling to a 1 x 1 convolution, whose input is taken. A model that ends otherwise, as an encoder does, has no head yet, and the output itself is taken.
 *
 * ```ts
 * const { bytes } = replaceHead(model, { outputs: 5, key: key(0), example: { images: zerosArray([1, 3, 224, 224]) } });
 * const layer = importOnnx(bytes); // has head.weight and head.bias
 * ```
 *
 * @throws OnnxImportError where the features are no value of the model, or have axes that no pooling leaves as [n, d].
 */
export function replaceHead(bytes: Uint8Array, options: HeadOptions): WithHead {
  const { outputs, key, example, features: asked, pooling: wanted, ...importing } = options;
  if (!Number.isInteger(outputs) || outputs < 1)
    throw new RangeError(`replaceHead: outputs ${outputs} must be a positive integer`);
  const model = parsed(bytes);
  const graph = model.graph as GraphProto;
  const version = Number(model.opsetImport.find(({ domain }) => domain === '' || domain === 'ai.onnx')?.version ?? 1n);
  if (version < oldestVersion)
    throw new OnnxImportError(
      `a new head needs version ${oldestVersion} of the operator set, the model has ${version}`,
    );
  const [output] = graph.output;
  const found = valueNamed(graph, asked) ?? defaultFeatures(graph);
  const { shape, dtype } = valueShape(bytes, found, example, importing);
  const pooling = wanted ?? (shape.length === 2 ? 'none' : 'mean');
  // The output's name goes to the head; what had it gets another, as other outputs may depend on it.
  const before = fresh(graph, `${output.name}/before_head`);
  rename(graph, output.name, before);
  const features = found === output.name ? before : found;
  const tensors = new Tensors(graph);
  const parts = new Parts(tensors, version);
  const pooled = pool(parts, features, shape, pooling, maskOf(graph));
  const size = sizeAfter(found, shape, pooling);
  const [forWeight, forBias] = split(key);
  const stem = freshStem(graph);
  const head = { weight: `${stem}.weight`, bias: `${stem}.bias` };
  tensors.add(head.weight, castArray(defaultWeight(forWeight, [outputs, size]), dtype));
  tensors.add(head.bias, castArray(defaultBias([outputs, size])(forBias, [outputs]), dtype));
  parts.node('Gemm', [pooled, head.weight, head.bias], output.name, { transB: 1 });

  graph.node.push(...parts.nodes);
  graph.valueInfo = graph.valueInfo.filter(({ name }) => name !== output.name);
  graph.output[0] = outputInfo(graph, outputs, dtypeCode[dtype]);
  prune(graph);
  // Before version 4 every initializer had to be an input too.
  if (model.irVersion < 4n) model.irVersion = 4n;
  return { bytes: toBinary(ModelProtoSchema, model), features, shape, pooling, head };
}

/** A value by its name or that of its node. */
function valueNamed(graph: GraphProto, name: string | undefined): string | undefined {
  if (name === undefined) return undefined;
  const made = graph.node.find(({ output }) => output.includes(name));
  if (made) return name;
  const node = graph.node.find((other) => other.name === name);
  if (node) return node.output[0];
  const names = graph.node.map((other) => other.name || other.output[0]);
  throw new OnnxImportError(
    `the model has no value and no node '${name}'; the last are ${names
      .slice(-5)
      .map((other) => `'${other}'`)
      .join(', ')}`,
  );
}

function maskOf(graph: GraphProto): string | undefined {
  return graph.input.find(({ name }) => name === 'attention_mask')?.name;
}

function sizeAfter(name: string, shape: Shape, pooling: Pooling): number {
  const fits = { none: [2], mean: [3, 4], first: [3] }[pooling];
  if (!fits.includes(shape.length))
    throw new OnnxImportError(
      `features '${name}' ${showShape(shape)} cannot be pooled by '${pooling}', which takes ${fits.join(' or ')} axes`,
    );
  return shape.length === 3 ? shape[2] : shape[1];
}

function pool(parts: Parts, x: string, shape: Shape, pooling: Pooling, mask: string | undefined): string {
  if (pooling === 'none') return x;
  if (pooling === 'first')
    return parts.node('Gather', [x, parts.tensors.integers('head/first', 0)], 'head/pooled', { axis: 1 });
  if (shape.length === 4) {
    const mean = parts.node('GlobalAveragePool', [x], 'head/mean');
    return parts.node('Flatten', [mean], 'head/pooled', { axis: 1 });
  }
  if (mask === undefined) return parts.reduce('ReduceMean', 18, x, 1, 'head/pooled', 0);
  // Sum of the marked positions, a product [n, 1, positions] x [n, positions, d], over their number; the mask is float then.
  const float = parts.node('Cast', [mask], 'head/mask', { to: dtypeCode.float32 });
  const row = parts.node('Reshape', [float, parts.tensors.integers('head/row', [0, 1, -1])], 'head/mask_row');
  const sum = parts.node('MatMul', [row, x], 'head/sum');
  const count = parts.reduce('ReduceSum', 13, row, 2, 'head/count', 1);
  const mean = parts.node('Div', [sum, count], 'head/mean');
  return parts.node('Reshape', [mean, parts.tensors.integers('head/flat', [0, -1])], 'head/pooled');
}

/** New initializers of a graph. */
class Tensors {
  constructor(readonly graph: GraphProto) {}

  add(name: string, value: NDArray): string {
    const dims = value.shape.map(BigInt);
    const tensor = { name, dims, dataType: dtypeCode[value.dtype], rawData: rawBytes(value).slice() };
    this.graph.initializer.push(create(TensorProtoSchema, tensor) as TensorProto);
    return name;
  }

  integers(name: string, values: number | readonly number[]): string {
    const data = BigInt64Array.from(typeof values === 'number' ? [values] : values, BigInt);
    return this.add(name, { data, shape: typeof values === 'number' ? [] : [data.length], dtype: 'int64' });
  }
}

/** New nodes, in order. */
class Parts {
  readonly nodes: NodeProto[] = [];

  constructor(
    readonly tensors: Tensors,
    readonly version: number,
  ) {}

  node(
    opType: string,
    input: string[],
    output: string,
    attributes: Readonly<Record<string, number | number[]>> = {},
  ): string {
    const attribute = Object.entries(attributes).map(([name, value]) =>
      typeof value === 'number'
        ? create(AttributeProtoSchema, { name, type: AttributeType.INT, i: BigInt(value) })
        : create(AttributeProtoSchema, { name, type: AttributeType.INTS, ints: value.map(BigInt) }),
    );
    const name = output.startsWith('head/') ? output : `head/${opType}`;
    this.nodes.push(create(NodeProtoSchema, { opType, name, input, output: [output], attribute }));
    return output;
  }

  /** A reduction over one axis, which is an attribute before the version `since` and an input from then on. */
  reduce(opType: string, since: number, x: string, axis: number, output: string, keepdims: 0 | 1): string {
    return this.version < since
      ? this.node(opType, [x], output, { axes: [axis], keepdims })
      : this.node(opType, [x, this.tensors.integers(`${output}_axes`, [axis])], output, { keepdims });
  }
}

function outputInfo(graph: GraphProto, outputs: number, elemType: number) {
  const [{ name, type }] = graph.output;
  const known = type?.value.case === 'tensorType' ? type.value.value.shape?.dim[0] : undefined;
  const batch = known ?? { value: { case: 'dimParam' as const, value: 'batch' } };
  const dim = [batch, { value: { case: 'dimValue' as const, value: BigInt(outputs) } }];
  return create(ValueInfoProtoSchema, {
    name,
    type: { value: { case: 'tensorType', value: { elemType, shape: { dim } } } },
  });
}

function rename(graph: GraphProto, from: string, to: string): void {
  const named = (name: string) => (name === from ? to : name);
  for (const node of graph.node) {
    node.input = node.input.map(named);
    node.output = node.output.map(named);
    for (const { g } of node.attribute) if (g) rename(g, from, to);
  }
}

function fresh(graph: GraphProto, stem: string): string {
  const taken = namesOf(graph);
  let name = stem;
  for (let i = 1; taken.has(name); i++) name = `${stem}_${i}`;
  return name;
}

function freshStem(graph: GraphProto): string {
  const taken = namesOf(graph);
  let stem = 'head';
  for (let i = 1; taken.has(`${stem}.weight`) || taken.has(`${stem}.bias`); i++) stem = `head_${i}`;
  return stem;
}

function namesOf(graph: GraphProto): Set<string> {
  return new Set([...graph.initializer.map(({ name }) => name), ...graph.node.flatMap(({ output }) => output)]);
}
