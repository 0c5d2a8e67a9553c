import { clone, create } from '@bufbuild/protobuf';
import { damaged } from './bytes.mjs';

/** Every message inside one, itself first, with the field that holds it. Stops at a number that is plenty. */
function messagesOf(schema, root, most = 20_000) {
  const found = [{ schema, message: root, field: undefined }];
  for (let i = 0; i < found.length && found.length < most; i++) {
    const { schema, message } = found[i];
    for (const field of schema.fields) {
      const value = get(message, field);
      if (value === undefined) continue;
      if (field.fieldKind === 'message') found.push({ schema: field.message, message: value, field });
      else if (field.fieldKind === 'list' && field.listKind === 'message')
        for (const element of value) found.push({ schema: field.message, message: element, field });
    }
  }
  return found;
}

function get(message, field) {
  if (!field.oneof) return Object.hasOwn(message, field.localName) ? message[field.localName] : undefined;
  const chosen = message[field.oneof.localName];
  return chosen.case === field.localName ? chosen.value : undefined;
}

function set(message, field, value) {
  if (!field.oneof) message[field.localName] = value;
  else message[field.oneof.localName] = value === undefined ? { case: undefined } : { case: field.localName, value };
}

const integers = [0, 1, -1, 2, 3, 7, 255, 65535, 2 ** 31 - 1, -(2 ** 31)];
const longIntegers = [...integers.map(BigInt), 1n << 31n, 1n << 32n, 1n << 40n, (1n << 63n) - 1n, -(1n << 63n)];
const floats = [0, -0, 1, -1, 0.5, 1e-30, 1e30, -1e30, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
const strings = [
  '',
  'x',
  'axis',
  '../../etc/passwd',
  '/etc/passwd',
  '__proto__',
  'constructor',
  'ü\0\n',
  'If',
  'Loop',
  'Cast',
  'name'.repeat(500),
];

/** Whole models that break a rule which a random change of one field hardly breaks. Each changes the model in place. */
const crafts = {
  /** A node takes what a later one makes. */
  cycle(model, random) {
    const nodes = model.graph?.node ?? [];
    const node = random.pick(nodes);
    const later = random.pick(nodes);
    if (node?.input.length && later?.output.length)
      node.input[random.below(node.input.length)] = random.pick(later.output);
  },
  /** Nodes in another order. */
  shuffle(model, random) {
    const nodes = model.graph?.node ?? [];
    for (let i = nodes.length - 1; i > 0; i--) {
      const j = random.below(i + 1);
      [nodes[i], nodes[j]] = [nodes[j], nodes[i]];
    }
  },
  /** A name of one value for another. */
  rename(model, random) {
    const nodes = model.graph?.node ?? [];
    const [a, b] = [random.pick(nodes), random.pick(nodes)];
    if (a?.output.length && b?.output.length) a.output[random.below(a.output.length)] = random.pick(b.output);
  },
  /** Another operator with the same inputs. */
  operator(model, random) {
    const nodes = model.graph?.node ?? [];
    if (nodes.length) random.pick(nodes).opType = random.pick(operators);
  },
  /** The whole graph inside a branch inside a branch ... of itself. */
  nest(model, random, schemas) {
    if (!model.graph) return;
    for (let depth = random.pick([1, 2, 20, 90]); depth > 0; depth--) {
      const g = model.graph;
      const attribute = [create(schemas.AttributeProtoSchema, { name: 'then_branch', type: 5, g })];
      const node = [
        create(schemas.NodeProtoSchema, { opType: 'If', input: [g.input[0]?.name ?? ''], output: ['deep'], attribute }),
      ];
      model.graph = create(schemas.GraphProtoSchema, { name: 'nested', node, input: g.input, output: g.output });
    }
  },
  /** Functions that call each other, often doubling at each step, now and then in a circle. */
  functions(model, random, schemas) {
    const depth = random.pick([2, 10, 40, 200]);
    const circle = random.chance(0.3);
    const call = (i, input, output) =>
      create(schemas.NodeProtoSchema, { domain: 'fuzz', opType: `f${i}`, input: [input], output: [output] });
    for (let i = 0; i < depth; i++) {
      const last = i === depth - 1;
      const node =
        last && !circle
          ? [create(schemas.NodeProtoSchema, { opType: 'Neg', input: ['a'], output: ['c'] })]
          : [call((i + 1) % depth, 'a', 'b'), call((i + 1) % depth, 'b', 'c')];
      model.functions.push(
        create(schemas.FunctionProtoSchema, {
          name: `f${i}`,
          domain: 'fuzz',
          input: ['a'],
          output: ['c'],
          node,
          opsetImport: [
            { domain: '', version: 21n },
            { domain: 'fuzz', version: 1n },
          ],
        }),
      );
    }
    model.opsetImport.push(create(schemas.OperatorSetIdProtoSchema, { domain: 'fuzz', version: 1n }));
    const input = model.graph?.input[0];
    if (input) model.graph.node.push(call(0, input.name, 'called'));
  },
};

const operators = [
  'Add',
  'Div',
  'MatMul',
  'Gemm',
  'Conv',
  'ConvTranspose',
  'Reshape',
  'Expand',
  'Tile',
  'Range',
  'ConstantOfShape',
  'OneHot',
  'Pad',
  'Resize',
  'Slice',
  'Gather',
  'GatherND',
  'ScatterND',
  'Concat',
  'Split',
  'Squeeze',
  'Unsqueeze',
  'Transpose',
  'TopK',
  'NonZero',
  'Loop',
  'If',
  'Scan',
  'Softmax',
  'LayerNormalization',
  'BatchNormalization',
  'Einsum',
  'Cast',
  'Where',
  'ReduceSum',
  'CumSum',
  'MaxPool',
  'Attention',
  'LSTM',
];

function otherScalar(type, value, random, pool) {
  switch (type) {
    case 'string':
      return random.pick(random.chance(0.7) && pool.length ? pool : strings);
    case 'bytes':
      return random.chance(0.2) || value === undefined || value.length === 0
        ? new Uint8Array(random.below(9))
        : damaged(value, random, value);
    case 'float':
      return random.chance(0.3) && value ? value * random.pick([-1, 2, 0.5]) : random.pick(floats);
    case 'long':
      return random.chance(0.4) && value !== undefined ? value + random.pick([1n, -1n]) : random.pick(longIntegers);
    default:
      return random.chance(0.4) && value !== undefined ? value + random.pick([1, -1]) : random.pick(integers);
  }
}

/** What a scalar field holds, in the words of otherScalar: protobuf's numbers of its types. */
function kindOf(scalar) {
  if (scalar === 9) return 'string';
  if (scalar === 12) return 'bytes';
  if (scalar === 1 || scalar === 2) return 'float';
  return [3, 4, 6, 16, 18].includes(scalar) ? 'long' : 'integer';
}

/** Changes one field somewhere in the message, in place. */
function change(schema, root, random, donor) {
  const found = messagesOf(schema, root);
  const { schema: inside, message } = random.pick(found);
  const set_ = inside.fields.filter((field) => get(message, field) !== undefined && get(message, field).length !== 0);
  const field = random.pick(random.chance(0.85) && set_.length ? set_ : inside.fields);
  if (!field) return;
  const value = get(message, field);
  const pool = () =>
    found
      .flatMap(({ message }) => [...(message.input ?? []), ...(message.output ?? []), message.name])
      .filter((s) => typeof s === 'string');
  /** A message of the same kind from elsewhere. */
  const another = () => {
    const alike = messagesOf(schema, random.chance(0.7) ? root : donor).filter((m) => m.schema === field.message);
    return alike.length ? clone(field.message, random.pick(alike).message) : create(field.message);
  };
  switch (field.fieldKind) {
    case 'scalar':
      set(
        message,
        field,
        random.chance(0.1) && !field.oneof
          ? undefined
          : otherScalar(kindOf(field.scalar), value, random, field.scalar === 9 ? pool() : []),
      );
      if (get(message, field) === undefined) delete message[field.localName];
      break;
    case 'enum':
      set(message, field, random.chance(0.1) ? random.pick(integers) : random.pick(field.enum.values).number);
      break;
    case 'message':
      if (random.chance(0.4)) set(message, field, undefined);
      else set(message, field, another());
      break;
    case 'list': {
      const list = value ?? [];
      const fresh = () => {
        if (field.listKind === 'message') return another();
        if (field.listKind === 'enum') return random.pick(field.enum.values).number;
        return otherScalar(kindOf(field.scalar), random.pick(list), random, field.scalar === 9 ? pool() : []);
      };
      const at = random.below(list.length + 1);
      const action = random.pick(['remove', 'repeat', 'insert', 'replace', 'swap', 'clear']);
      if (action === 'remove') list.splice(at, 1 + random.below(2));
      else if (action === 'repeat' && at < list.length)
        list.splice(at, 0, field.listKind === 'message' ? clone(field.message, list[at]) : list[at]);
      else if (action === 'insert') list.splice(at, 0, fresh());
      else if (action === 'replace' && at < list.length) list[at] = fresh();
      else if (action === 'swap' && list.length > 1) {
        const other = random.below(list.length);
        const one = at % list.length;
        [list[one], list[other]] = [list[other], list[one]];
      } else if (action === 'clear' && random.chance(0.3)) list.length = 0;
      if (!value) set(message, field, list);
    }
  }
}

/** A copy of a model with one to four changes that keep it a valid message. */
export function changed(model, random, donor, schemas) {
  const result = clone(schemas.ModelProtoSchema, model);
  for (let i = 0; i <= random.below(4); i++) {
    if (random.chance(0.15)) random.pick(Object.values(crafts))(result, random, schemas);
    else change(schemas.ModelProtoSchema, result, random, donor);
  }
  return result;
}
