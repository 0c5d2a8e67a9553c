import { isBuffer } from '../nn/context.js';
import { isFloat } from '../tensor/index.js';
import type { Graph, GraphNode } from './graph.js';
import { operatorOf } from './operators/index.js';
import type { StoredTensor } from './tensor-data.js';

/** A tensor that the model carries: an initializer, or what a Constant or ConstantOfShape node makes. */
export interface Carried extends StoredTensor {
  /** Its name in the file. */
  readonly name: string;
  /** The initializer is a node's result, so its name says nothing. */
  readonly fromNode: boolean;
}

/** Where a value is used: as which input of which node. */
interface Use {
  readonly node: GraphNode;
  readonly input: number;
}

/** The variables of a model: what is trained, and what is state; all else that it carries is constant. */
export interface Variables {
  readonly parameters: readonly Named[];
  readonly buffers: readonly Named[];
}

export interface Named {
  /** Unique, readable. */
  readonly name: string;
  readonly tensor: Carried;
}

/**
 * Which of the tensors that a model carries are weights.
 *
 * A float tensor is a parameter when a gradient can reach it from an output: along a way through differentiable operators that enters none
 * of them where an input steers (limits, exponents, sizes). Running statistics are buffers, by use or by
 * PyTorch's names. Some tensors are constants all the same:
 *
 * - a single number of an elementwise operator that has no name of its own (the 8 in scores / 8),
 * - what is added to mask: all elements 0 or at most -100,
 * - frequencies: what is multiplied by positions and then goes into sines and cosines, nowhere else,
 * - the ones and zeros of an InstanceNormalization that stands for a normalisation in groups.
 */
export function variablesOf(graph: Graph, carried: ReadonlyMap<string, Carried>): Variables {
  const flowing = reachedByGradient(graph);
  const uses = usesOf(graph);
  const taken = new Set<string>();
  const parameters: Named[] = [];
  const buffers: Named[] = [];
  for (const [name, tensor] of carried) {
    if (!isFloat(tensor.dtype)) continue;
    const users = uses.get(name) ?? [];
    // Where batch normalisation was taken apart, the names of its statistics are all that tells them from weights.
    const isState = isBuffer(name) || users.some(({ node, input }) => operatorOf(node).buffers?.includes(input));
    if (!isState && (!flowing.has(name) || isConstant(tensor, endUses(name, uses), uses))) continue;
    const readable = unique(readableName(tensor, endUses(name, uses)[0] ?? users[0]), taken);
    (isState ? buffers : parameters).push({ name: readable, tensor });
  }
  return { parameters, buffers };
}

/** Names of values that a gradient from the outputs reaches, as far as operators say, whatever their dtype. */
function reachedByGradient(graph: Graph): Set<string> {
  const reached = new Set(graph.outputs.map((o) => o.name));
  for (let i = graph.nodes.length - 1; i >= 0; i--) {
    const node = graph.nodes[i];
    if (!node.outputs.some((name) => reached.has(name))) continue;
    const { gradient, controls, buffers } = operatorOf(node);
    for (const body of node.bodies.values()) for (const name of body.captured) reached.add(name);
    if (gradient !== 'yes' || controls === 'all') continue;
    node.inputs.forEach((name, input) => {
      if (!controls?.includes(input) && !buffers?.includes(input)) reached.add(name);
    });
  }
  return reached;
}

function usesOf(graph: Graph): Map<string, Use[]> {
  const uses = new Map<string, Use[]>();
  for (const node of graph.nodes) {
    node.inputs.forEach((name, input) => {
      const known = uses.get(name);
      if (known) known.push({ node, input });
      else uses.set(name, [{ node, input }]);
    });
  }
  return uses;
}

/** Operators that hand a weight on in another form, so that what uses it is behind them. */
const forms = new Set([
  'Transpose',
  'Reshape',
  'Unsqueeze',
  'Squeeze',
  'Identity',
  'Cast',
  'Expand',
  'DequantizeLinear',
]);

/** The uses of a value where it is more than brought into another form. */
function endUses(name: string, uses: ReadonlyMap<string, readonly Use[]>): Use[] {
  const found: Use[] = [];
  const seen = new Set([name]);
  const open = [name];
  for (let value = open.pop(); value !== undefined; value = open.pop()) {
    for (const use of uses.get(value) ?? []) {
      const [next] = use.node.outputs;
      if (!forms.has(use.node.type) || use.input !== 0) found.push(use);
      else if (!seen.has(next)) {
        seen.add(next);
        open.push(next);
      }
    }
  }
  return found;
}

const elementwise = new Set(['Add', 'Sub', 'Mul', 'Div', 'Max', 'Min', 'Where', 'Sum', 'Mean', 'MatMul']);

/** Whether a tensor that a gradient reaches is no weight all the same. */
function isConstant(tensor: Carried, ends: readonly Use[], uses: ReadonlyMap<string, readonly Use[]>): boolean {
  const only = (types: ReadonlySet<string>) => ends.every(({ node }) => types.has(node.type));
  const single = tensor.shape.every((n) => n === 1);
  const unnamed = isAnonymous(tensor) || /^[a-z_]+_\d+$/.test(tensor.name);
  if (single && unnamed && ends.every((use) => elementwise.has(use.node.type) || steers(use))) return true;
  if (only(masking) && tensor.shape.length > 1 && isMask(tensor)) return true;
  if (isAnonymous(tensor) && only(instance) && isSplat(tensor)) return true;
  return ends.length > 0 && ends.every(({ node }) => products.has(node.type) && onlySines(node.outputs[0], uses));
}

/** Whether a use is of the kind that must be known when the graph is made. */
function steers({ node, input }: Use): boolean {
  const { controls } = operatorOf(node);
  return controls === 'all' || (controls?.includes(input) ?? false);
}

const masking = new Set(['Add', 'Where', 'Trilu', 'Slice', 'Mul', 'Concat', 'Gather', 'Attention']);
const instance = new Set(['InstanceNormalization']);
const products = new Set(['Mul', 'MatMul', 'Div', 'Einsum']);

function isMask(tensor: Carried): boolean {
  let masked = false;
  for (const x of tensor.read().data as Float32Array) {
    if (x === 0) continue;
    if (!(x <= -100)) return false;
    masked = true;
  }
  return masked;
}

/** Whether all elements are 1, or all 0. */
function isSplat(tensor: Carried): boolean {
  const data = tensor.read().data as Float32Array;
  return (data[0] === 0 || data[0] === 1) && data.every((x) => x === data[0]);
}

/** Whether a value, joined with others perhaps, goes into sines and cosines and nowhere else. */
function onlySines(name: string, uses: ReadonlyMap<string, readonly Use[]>, depth = 0): boolean {
  const ends = endUses(name, uses);
  return (
    ends.length > 0 &&
    ends.every(({ node }) => {
      if (node.type === 'Sin' || node.type === 'Cos') return true;
      return node.type === 'Concat' && depth < 4 && onlySines(node.outputs[0], uses, depth + 1);
    })
  );
}

/** Names that an exporter made up: `onnx::MatMul_123`, `123`, `val_12`, `/block/Constant_4_output_0`, results of Constant nodes. */
const madeUp =
  /^(onnx::\w+|\d+|_?val_\d+|constant\w*|const_\w*|scalar_tensor\w*|_inlfunc\w*)$|(^|\/)Constant(_\d+)?(_output_\d+)?$/i;

function isAnonymous({ name, fromNode }: Carried): boolean {
  return fromNode || madeUp.test(name);
}

/** What a weight is to the operator that uses it, by PyTorch's names. */
function roleOf({ node, input }: Use): string {
  const roles: Readonly<Record<string, readonly string[]>> = {
    Add: ['bias', 'bias'],
    Conv: ['input', 'weight', 'bias'],
    ConvTranspose: ['input', 'weight', 'bias'],
    Gemm: ['input', 'weight', 'bias'],
    LSTM: ['input', 'weight_ih', 'weight_hh', 'bias'],
    GRU: ['input', 'weight_ih', 'weight_hh', 'bias'],
    RNN: ['input', 'weight_ih', 'weight_hh', 'bias'],
    BatchNormalization: ['input', 'weight', 'bias', 'running_mean', 'running_var'],
    LayerNormalization: ['input', 'weight', 'bias'],
    InstanceNormalization: ['input', 'weight', 'bias'],
    GroupNormalization: ['input', 'weight', 'bias'],
  };
  return roles[node.type]?.[input] ?? 'weight';
}

/**
 * The name of a variable: the file's, without what a compiler put in front, or for a made-up one the path of the module that uses it:
 * `/encoder/layer.0/query/MatMul` uses `encoder.layer.0.query.weight`.
 */
function readableName(tensor: Carried, use: Use | undefined): string {
  if (!isAnonymous(tensor) || !use) return tensor.name;
  const module = use.node.module ?? modulePath(use.node.label);
  if (module) return `${module}.${roleOf(use)}`;
  return tensor.fromNode || /^\d+$/.test(tensor.name) ? tensor.name : `${use.node.label}.${roleOf(use)}`;
}

/** The path of a module in the name of a node, as PyTorch's tracing exporter writes it. */
function modulePath(label: string): string {
  const parts = label.split('/').filter(Boolean).slice(0, -1);
  // Members of a list repeat its name: /blocks/blocks.0/Conv.
  return parts.filter((part, i) => !parts[i + 1]?.startsWith(`${part}.`)).join('.');
}

function unique(name: string, taken: Set<string>): string {
  let fresh = name;
  for (let i = 1; taken.has(fresh); i++) fresh = `${name}_${i}`;
  taken.add(fresh);
  return fresh;
}
