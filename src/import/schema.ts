import { type AttributeProto, AttributeProto_AttributeType as AttributeType } from '../onnx/generated/onnx_pb.js';
import { type DType, isTensor } from '../tensor/index.js';
import { OnnxImportError } from './error.js';
import { schemas } from './generated/schemas.js';
import type { GraphNode } from './graph.js';
import type { Value } from './operator.js';

/** How many inputs or outputs an operator has, and the types of each. */
interface Arity {
  readonly least: number;
  readonly most: number;
  readonly types: readonly string[];
}

/** What ONNX says of one version of an operator. */
interface Schema {
  readonly since: number;
  readonly removed: boolean;
  readonly inputs: Arity;
  readonly outputs: Arity;
  readonly attributes: ReadonlyMap<string, { readonly type: string; readonly required: boolean }>;
  /** The letters of the types that a variable may stand for. */
  readonly variables: ReadonlyMap<string, string>;
}

const words = (text: string) => text.split(' ').filter((word) => word !== '');

function arity(text: string): Arity {
  const [least, most, ...types] = words(text);
  return { least: Number(least), most: most === '*' ? Number.POSITIVE_INFINITY : Number(most), types };
}

function parsed(line: string): Schema {
  const [since, inputs, outputs, attributes, variables] = line.split('|').map((part) => part.trim());
  return {
    since: Number.parseInt(since, 10),
    removed: since.endsWith('x'),
    inputs: arity(inputs),
    outputs: arity(outputs),
    attributes: new Map(
      words(attributes).map((word) => {
        const [name, type] = word.split(':');
        return [name.replace('!', ''), { type, required: name.endsWith('!') }];
      }),
    ),
    variables: new Map(words(variables).map((word) => word.split(':') as [string, string])),
  };
}

const known = new Map<string, readonly Schema[]>();

/** What holds for the operator of a node in the version of the operator set that its model names; undefined for operators that are not ONNX's. */
function schemaOf({ domain, type, version }: GraphNode): Schema | undefined {
  if (domain !== '' || !Object.hasOwn(schemas, type)) return undefined;
  const versions = known.get(type) ?? schemas[type].map(parsed);
  known.set(type, versions);
  return versions.findLast(({ since }) => since <= version);
}

const attributeTypes: Readonly<Record<string, AttributeType>> = {
  f: AttributeType.FLOAT,
  i: AttributeType.INT,
  s: AttributeType.STRING,
  t: AttributeType.TENSOR,
  g: AttributeType.GRAPH,
  fs: AttributeType.FLOATS,
  is: AttributeType.INTS,
  ss: AttributeType.STRINGS,
  ts: AttributeType.TENSORS,
  gs: AttributeType.GRAPHS,
  st: AttributeType.SPARSE_TENSOR,
  tp: AttributeType.TYPE_PROTO,
};

/** The field that holds an attribute's value, by its type. */
const fieldOf: Readonly<Record<number, keyof AttributeProto>> = {
  [AttributeType.FLOAT]: 'f',
  [AttributeType.INT]: 'i',
  [AttributeType.STRING]: 's',
  [AttributeType.TENSOR]: 't',
  [AttributeType.GRAPH]: 'g',
  [AttributeType.FLOATS]: 'floats',
  [AttributeType.INTS]: 'ints',
  [AttributeType.STRINGS]: 'strings',
};

/** Whether a field is in the file: a list with elements, a number or text that is set at all. */
function isSet(attribute: AttributeProto, field: keyof AttributeProto): boolean {
  const value = attribute[field];
  return Array.isArray(value) ? value.length > 0 : Object.hasOwn(attribute, field) && value !== undefined;
}

/** Where a node is not what ONNX says of its operator: its version, the number of inputs and outputs, its attributes. */
function faultOf(node: GraphNode): string | undefined {
  const schema = schemaOf(node);
  if (!schema) {
    const since = node.domain === '' && Object.hasOwn(schemas, node.type) ? parsed(schemas[node.type][0]).since : 0;
    // ONNX Runtime has it in every version of the operator set, and its optimizer writes it there.
    if (node.type === 'LayerNormalization') return undefined;
    return since > 0 ? `is of operator set ${node.version}, which had no ${node.type} before ${since}` : undefined;
  }
  if (schema.removed) return `is of operator set ${node.version}, which has no ${node.type} since ${schema.since}`;
  return (
    countFault('inputs', node.inputs, schema.inputs) ??
    countFault('outputs', node.outputs, schema.outputs) ??
    attributesFault(node.type, node.attributes, schema)
  );
}

/** @throws OnnxImportError naming the first node that is not what ONNX says of its operator. */
export function checkNodes(nodes: Iterable<GraphNode>): void {
  for (const node of nodes) {
    const fault = faultOf(node);
    if (fault) throw new OnnxImportError(`node '${node.label}' (${node.type}) ${fault}`);
  }
}

function countFault(what: string, { length }: readonly string[], { least, most }: Arity): string | undefined {
  if (length >= least && length <= most) return undefined;
  const wanted =
    least === most ? `${least}` : most === Number.POSITIVE_INFINITY ? `${least} or more` : `${least} to ${most}`;
  return `has ${length} ${what} and must have ${wanted}`;
}

/** What attributes that are words may say, by attribute or by operator and attribute. */
const choices: Readonly<Record<string, readonly string[]>> = {
  auto_pad: ['NOTSET', 'SAME_UPPER', 'SAME_LOWER', 'VALID'],
  approximate: ['none', 'tanh'],
  direction: ['forward', 'reverse', 'bidirectional'],
  'BitShift.direction': ['LEFT', 'RIGHT'],
  reduction: ['none', 'mean', 'sum'],
  'ScatterElements.reduction': ['none', 'add', 'mul', 'max', 'min'],
  'ScatterND.reduction': ['none', 'add', 'mul', 'max', 'min'],
  keep_aspect_ratio_policy: ['stretch', 'not_larger', 'not_smaller'],
  nearest_mode: ['round_prefer_floor', 'round_prefer_ceil', 'floor', 'ceil'],
  padding_mode: ['zeros', 'border', 'reflection'],
  'DepthToSpace.mode': ['DCR', 'CRD'],
  'SpaceToDepth.mode': ['DCR', 'CRD'],
  'GridSample.mode': ['linear', 'bilinear', 'nearest', 'cubic', 'bicubic'],
  'Pad.mode': ['constant', 'reflect', 'edge', 'wrap'],
  'Resize.mode': ['nearest', 'linear', 'cubic'],
  'Upsample.mode': ['nearest', 'linear', 'bilinear'],
  'RoiAlign.mode': ['avg', 'max'],
  'TensorScatter.mode': ['linear', 'circular'],
};

const text = new TextDecoder();

function unknownChoice(type: string, attributes: ReadonlyMap<string, AttributeProto>): string | undefined {
  for (const [name, { s }] of attributes) {
    const known = choices[`${type}.${name}`] ?? choices[name];
    const said = text.decode(s);
    if (known && !known.includes(said)) return `has '${name}' as '${said.slice(0, 40)}', not ${known.join(', ')}`;
  }
  return undefined;
}

function attributesFault(
  type: string,
  attributes: ReadonlyMap<string, AttributeProto>,
  { attributes: allowed }: Schema,
): string | undefined {
  for (const [name, attribute] of attributes) {
    const letters = allowed.get(name)?.type;
    if (letters === undefined) return `has the attribute '${name}', which the operator does not know`;
    const wanted = attributeTypes[letters];
    // The first version of the format had no types there.
    if (attribute.type !== AttributeType.UNDEFINED && attribute.type !== wanted)
      return `has '${name}' as an attribute of type ${AttributeType[attribute.type] ?? attribute.type}, not ${AttributeType[wanted]}`;
  }
  for (const [name, attribute] of attributes) {
    const field = fieldOf[attribute.type];
    const set = Object.values(fieldOf).filter((other) => isSet(attribute, other));
    const isList = field !== undefined && Array.isArray(attribute[field]);
    if (field && (set.some((other) => other !== field) || (!isList && set.length === 0)))
      return `has '${name}' as an attribute of type ${AttributeType[attribute.type]}, and stores something else`;
  }
  const unknown = unknownChoice(type, attributes);
  if (unknown) return unknown;
  for (const [name, { required }] of allowed)
    if (required && !attributes.has(name)) return `must have the attribute '${name}'`;
  return undefined;
}

const letters: Readonly<Record<DType, string>> = {
  float32: 'f',
  float64: 'd',
  int32: 'i',
  int64: 'l',
  bool: 'b',
  uint8: 'u',
};

/** Where the inputs of a node have types that its operator does not take, or that must agree and do not. */
export function typeFault(node: GraphNode, values: readonly Value[]): string | undefined {
  const schema = schemaOf(node);
  if (!schema) return undefined;
  const { types } = schema.inputs;
  const bound = new Map<string, string>();
  for (const [i, value] of values.entries()) {
    if (value === undefined) continue;
    const dtype = isTensor(value) ? value.dtype : 'sequence';
    const letter = isTensor(value) ? letters[value.dtype] : 's';
    const last = types[Math.min(i, types.length - 1)];
    const own = last.endsWith('~');
    const variable = last.replace(/[+~]$/, '');
    const allowed = variable.startsWith(':') ? variable.slice(1) : (schema.variables.get(variable) ?? '');
    // An optional may be empty, and is what it holds otherwise.
    if (!allowed.includes(letter) && !allowed.includes('o')) return `does not take ${dtype} as its input ${i}`;
    if (own || variable.startsWith(':') || allowed.includes('o')) continue;
    const before = bound.get(variable) ?? dtype;
    if (before !== dtype) return `has inputs of ${before} and ${dtype} where one type is needed`;
    bound.set(variable, dtype);
  }
  return undefined;
}
