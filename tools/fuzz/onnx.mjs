import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { fromBinary, toBinary } from '@bufbuild/protobuf';
import { importOnnx } from '../../dist/import/index.js';
import { compile, exportOnnx, ndarray } from '../../dist/index.js';
import { mlp } from '../../dist/nn/index.js';
import * as schemas from '../../dist/onnx/generated/onnx_pb.js';
import { key } from '../../dist/runtime/random/index.js';
import { topological } from '../../dist/tensor/graph.js';
import { damaged } from './bytes.mjs';
import { changed } from './message.mjs';

/** Elements of all values of a program beyond which it is made but not run. */
const mostElements = 2 ** 22;

const decode = (bytes) => fromBinary(schemas.ModelProtoSchema, bytes);
const encode = (model) => toBinary(schemas.ModelProtoSchema, model);
const none = new Map();

/** A file to start from; its message is decoded when first needed. */
function seedOf(family, name, bytes, files = none) {
  let model;
  return {
    family,
    name,
    bytes,
    files,
    get model() {
      model ??= decode(bytes);
      return model;
    },
  };
}

/** The node tests of the onnx package that can be imported. */
function nodeTests() {
  const file = gunzipSync(readFileSync(new URL('../../test/golden/node-tests.bin.gz', import.meta.url)));
  const start = 4 + file.readUInt32LE(0);
  const header = JSON.parse(file.subarray(4, start).toString());
  let end = start;
  const blobs = header.blobs.map((length) => {
    end += length;
    return file.subarray(end - length, end);
  });
  return header.cases.flatMap(({ name, model }) => {
    try {
      importOnnx(blobs[model], { float16: 'float32' });
    } catch {
      return [];
    }
    return [seedOf('node', name, blobs[model])];
  });
}

/** The models of the ONNX project, where COTANGENT_DATA has them. */
function projectModels() {
  const root = process.env.COTANGENT_DATA && join(process.env.COTANGENT_DATA, 'onnx');
  if (!root || !existsSync(root)) return [];
  return ['pytorch-converted', 'simple', 'light'].flatMap((family) =>
    readdirSync(join(root, family)).flatMap((name) => {
      const path = join(root, family, name, 'model.onnx');
      return existsSync(path) ? [seedOf(family, name, readFileSync(path))] : [];
    }),
  );
}

/** A model that this library wrote, as it is and with its weights in a file beside it. */
function ownModels() {
  const layer = mlp({ sizes: [6, 5, 3] });
  const variables = layer.init(key(0));
  const bytes = exportOnnx(
    (v, x) => layer.apply(v, x).softmax(-1),
    variables,
    ndarray(new Float32Array(12), { shape: [2, 6] }),
  );
  const outside = decode(bytes);
  const parts = [];
  let at = 0;
  for (const tensor of outside.graph.initializer) {
    if (tensor.rawData.length === 0) continue;
    parts.push(tensor.rawData);
    const entries = { location: 'weights.bin', offset: at, length: tensor.rawData.length };
    tensor.externalData = Object.entries(entries).map(([k, value]) => ({
      $typeName: 'onnx.StringStringEntryProto',
      key: k,
      value: `${value}`,
    }));
    tensor.dataLocation = schemas.TensorProto_DataLocation.EXTERNAL;
    at += tensor.rawData.length;
    tensor.rawData = new Uint8Array(0);
  }
  return [
    seedOf('own', 'mlp', bytes),
    seedOf('external', 'mlp', encode(outside), new Map([['weights.bin', new Uint8Array(Buffer.concat(parts))]])),
  ];
}

export function seeds() {
  return [...nodeTests(), ...projectModels(), ...ownModels()];
}

const weights = { node: 60, 'pytorch-converted': 20, simple: 8, light: 1, own: 5, external: 6 };

export function choose(seeds, random) {
  const family = random.weighted(weights);
  const own = seeds.filter((seed) => seed.family === family);
  return random.pick(own.length > 0 ? own : seeds);
}

/** A copy of the model with damaged bytes or with changes that leave it a message. */
export function mutated(seed, random, other) {
  const files = new Map(seed.files);
  if (random.chance(0.2)) for (const [name, bytes] of files) files.set(name, damaged(bytes, random, bytes));
  let bytes;
  if (random.chance(0.65)) {
    try {
      bytes = encode(changed(seed.model, random, other.model, schemas));
    } catch {
      // A number that its field cannot hold: damage then.
    }
  }
  return { bytes: bytes ?? damaged(seed.bytes, random, other.bytes), files };
}

const sizeOf = (shape) => shape.reduce((a, b) => a * b, 1);

/** Numbers for an input: small ones, that a model can take as indices too. */
function inputFor({ dtype, shape }, random, named) {
  const dims = (shape ?? [2, 3]).map((n) => {
    if (typeof n === 'number') return n;
    if (n === undefined) return 2;
    if (!named.has(n)) named.set(n, 1 + random.below(3));
    return named.get(n);
  });
  if (!(sizeOf(dims) <= mostElements / 16)) return undefined;
  const values = Array.from({ length: sizeOf(dims) }, () => {
    if (dtype === 'bool') return random.below(2);
    return dtype.startsWith('float') ? 2 * random.uniform() - 1 : random.below(3);
  });
  return ndarray(values, { dtype, shape: dims });
}

/** An error that is an outcome of its own. */
const outcome = (name) => Object.assign(new Error(name), { outcome: name });

/**
 * Imports a model, makes its graph for inputs of its shapes, and runs it where it is small. A share of those that run are run by ONNX Runtime from
 * the same bytes as well.
 *
 * @throws the importer's refusal, or AssertionError where the two results differ.
 */
export async function check({ bytes, files }, random, { compared }) {
  const model = importOnnx(bytes, {
    float16: 'float32',
    externalData: (location) => {
      const file = files.get(location);
      if (!file) throw new Error(`there is no file '${location}'`);
      return file;
    },
  });
  const named = new Map();
  const inputs = {};
  for (const spec of model.inputs) {
    const array = spec.sequence ? undefined : inputFor(spec, random, named);
    if (!array) return 'loaded, not run';
    inputs[spec.name] = array;
  }
  if (model.variables.reduce((sum, { tensor }) => sum + sizeOf(tensor.shape), 0) > mostElements)
    return 'loaded, not run';
  const variables = model.init();
  let large = false;
  const program = compile(
    (v, x) => {
      const outputs = model.outputsOf(v, x);
      const nodes = topological(Object.values(outputs));
      const elements = nodes.reduce((sum, node) => sum + node.outputs.reduce((all, y) => all + y.size, 0), 0);
      large = !(elements <= mostElements) || nodes.length > 5000;
      if (large) throw outcome('loaded, not run');
      return outputs;
    },
    { name: 'fuzz', threads: 1 },
  );
  let outputs;
  try {
    outputs = await program(variables, inputs);
  } catch (error) {
    if (large) throw outcome('loaded, not run');
    // What is made of a model and does not run is refused too, later.
    if (/^compile\(fuzz\)|^importOnnx/.test(error.message)) throw error;
    error.outcome = 'refused when run';
    throw error;
  } finally {
    await program.release();
  }
  if (files.size > 0 || !random.chance(compared)) return 'ran';
  return compare(bytes, model, inputs, outputs);
}

/** Another process, which may die of a model that ONNX Runtime cannot stand. */
let oracle;

function ask(task) {
  oracle ??= fork(fileURLToPath(new URL('oracle.mjs', import.meta.url)), [], {
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
  const child = oracle;
  return new Promise((resolve) => {
    const settle = (answer) => {
      clearTimeout(timer);
      child.removeAllListeners('message');
      child.removeAllListeners('exit');
      resolve(answer);
    };
    const timer = setTimeout(() => {
      oracle = undefined;
      child.removeAllListeners('exit');
      child.kill('SIGKILL');
      settle({ refusal: 'hung' });
    }, 8000);
    child.on('message', settle);
    child.once('exit', () => {
      oracle = undefined;
      settle({ refusal: 'crashed' });
    });
    child.send(task);
  });
}

async function compare(bytes, model, inputs, outputs) {
  const { graph } = decode(bytes);
  const halves = [schemas.TensorProto_DataType.FLOAT16, schemas.TensorProto_DataType.BFLOAT16];
  for (const { type } of [...graph.input, ...graph.output])
    if (halves.includes(type?.value.case === 'tensorType' ? type.value.value.elemType : 0)) return 'ran';
  const answer = await ask({ bytes, inputs });
  if (answer.refusal !== undefined)
    return `ran, ONNX Runtime ${/^(hung|crashed)$/.exec(answer.refusal)?.[0] ?? 'refuses'}`;
  for (const { name, sequence } of model.outputs) {
    const [got, expected] = [outputs[name], answer.outputs[name]];
    if (sequence || !expected) continue;
    assert.ok(got, `the output ${name} is missing`);
    assert.deepEqual([...got.shape], expected.shape, `shape of ${name}`);
    assert.equal(got.dtype, expected.dtype, `dtype of ${name}`);
    const numbers = Array.from(expected.data, Number);
    const largest = numbers.reduce(
      (most, x) => (Number.isFinite(x) && x > -3.4e38 ? Math.max(most, Math.abs(x)) : most),
      1,
    );
    numbers.forEach((x, i) => {
      const y = Number(got.data[i]);
      // Where attention is masked ONNX Runtime adds the lowest number, not minus infinity.
      const lowest = x <= -3.4e38 && y <= -3.4e38;
      const same = Object.is(x, y) || x === y || lowest || Math.abs(x - y) <= 1e-3 * largest;
      assert.ok(same, `${name}[${i}] is ${y}, and ${x} of ONNX Runtime`);
    });
  }
  return 'agrees with ONNX Runtime';
}
