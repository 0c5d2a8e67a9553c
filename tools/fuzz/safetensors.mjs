import assert from 'node:assert/strict';
import { decodeSafetensors, encodeSafetensors } from '../../dist/train/storage/safetensors.js';
import { damaged } from './bytes.mjs';

/** Files to start from: every dtype, half precision, scalars, tensors without elements, metadata, names of all kinds. */
export function seeds() {
  const of = (dtype, data, shape) => ({ dtype, data, shape });
  const files = [
    encodeSafetensors({}),
    encodeSafetensors({ w: of('float32', Float32Array.of(1, -2, 3.5), [3]) }),
    encodeSafetensors(
      {
        'layer.0.weight': of(
          'float32',
          Float32Array.from({ length: 6 }, (_, i) => i / 7),
          [2, 3],
        ),
        'layer.0.bias': of('float64', Float64Array.of(0.1, Number.NaN), [2]),
        step: of('int64', BigInt64Array.of(-3n), []),
        ids: of('int32', Int32Array.of(1, 2, 3, 4), [2, 1, 2]),
        mask: of('bool', Uint8Array.of(1, 0, 1), [3]),
        pixels: of('uint8', Uint8Array.of(0, 128, 255), [3, 1]),
        nothing: of('float32', new Float32Array(0), [0, 4]),
        'ü "quoted"\n': of('uint8', Uint8Array.of(7), [1]),
      },
      { format: 'pt', epoch: '3', __proto__note: 'x' },
    ),
    written(
      {
        h: { dtype: 'F16', shape: [2, 2], data_offsets: [0, 8] },
        b: { dtype: 'BF16', shape: [3], data_offsets: [8, 14] },
      },
      14,
    ),
  ];
  const many = Object.fromEntries(
    Array.from({ length: 40 }, (_, i) => [
      `blocks.${i}.attention.weight`,
      of('float32', Float32Array.from([i, i + 0.5]), [2]),
    ]),
  );
  return [...files, encodeSafetensors(many)];
}

/** A file with this header and as many bytes. */
function written(header, size, body = Uint8Array.from({ length: size }, (_, i) => (i * 37) & 0xff)) {
  const json = typeof header === 'string' ? Buffer.from(header) : Buffer.from(JSON.stringify(header));
  const file = new Uint8Array(8 + json.length + body.length);
  new DataView(file.buffer).setBigUint64(0, BigInt(json.length), true);
  file.set(json, 8);
  file.set(body, 8 + json.length);
  return file;
}

const numbers = [0, 1, -1, 2, 4, 8, 2 ** 31, 2 ** 32, 2 ** 53, 1e300, 0.5, null, '1', [], {}, true];
const dtypes = [
  'F64',
  'F32',
  'F16',
  'BF16',
  'I64',
  'I32',
  'I16',
  'I8',
  'U8',
  'BOOL',
  'F8_E4M3',
  '',
  'toString',
  null,
  3,
];
const names = ['w', '', '__metadata__', '__proto__', 'constructor', 'a\nb', 'n'.repeat(300), 'ü'];

/** One to three changes of the header that leave it JSON, or damage to the bytes. */
export function mutated(file, random, other) {
  if (random.chance(0.4)) return damaged(file, random, other);
  const length = Number(new DataView(file.buffer, file.byteOffset).getBigUint64(0, true));
  const header = JSON.parse(Buffer.from(file.subarray(8, 8 + length)).toString());
  let body = file.subarray(8 + length);
  for (let i = 0; i <= random.below(3); i++) {
    const key = random.pick(Object.keys(header));
    const entry = header[key];
    const change = random.pick([
      'dtype',
      'shape',
      'offsets',
      'rename',
      'drop',
      'copy',
      'swap',
      'metadata',
      'body',
      'value',
    ]);
    if (change === 'body') {
      body = random.chance(0.5) ? body.subarray(0, random.below(body.length + 1)) : Uint8Array.from([...body, ...body]);
    } else if (change === 'metadata')
      header.__metadata__ = random.pick([{}, { a: 1 }, { a: 'b', __proto__: 'c' }, [], null, 'text', { a: null }]);
    else if (key === undefined || typeof entry !== 'object' || entry === null) continue;
    else if (change === 'dtype') entry.dtype = random.pick(dtypes);
    else if (change === 'shape' && Array.isArray(entry.shape)) {
      if (random.chance(0.5))
        entry.shape.splice(random.below(entry.shape.length + 1), random.below(2), random.pick(numbers));
      else
        entry.shape = random.pick([[], [-1, -1], [2 ** 40, 2 ** 40], [0], null, 'x', [[1]], entry.shape.toReversed()]);
    } else if (change === 'offsets' && Array.isArray(entry.data_offsets)) {
      if (random.chance(0.7)) entry.data_offsets[random.below(2)] += random.pick([1, -1, 4, -4, 8, 2 ** 32, 0.5]);
      else
        entry.data_offsets = random.pick([
          [],
          [0],
          [0, 0],
          [0, 0, 0],
          null,
          [4, 0],
          [-4, 0],
          [0, 2 ** 53],
          ['0', '4'],
          entry.data_offsets.toReversed(),
        ]);
    } else if (change === 'drop') delete header[key];
    else if (change === 'rename' || change === 'copy') {
      const name = random.chance(0.5) ? random.pick(names) : random.pick(Object.keys(header));
      Object.defineProperty(header, name, {
        value: structuredClone(entry),
        enumerable: true,
        configurable: true,
        writable: true,
      });
      if (change === 'rename') delete header[key];
    } else if (change === 'swap') {
      const second = random.pick(Object.keys(header));
      [header[key], header[second]] = [header[second], header[key]];
    } else if (change === 'value') header[key] = random.pick(numbers);
  }
  let json = JSON.stringify(header);
  if (random.chance(0.05)) json = json.replace(/"w"|"step"|"shape"/, (name) => `${name}:0,${name}`);
  if (random.chance(0.03)) json = `${'['.repeat(random.pick([10, 100_000]))}${json}`;
  if (random.chance(0.03)) json = `{"deep":${'{"a":'.repeat(5000)}1${'}'.repeat(5000)},${json.slice(1)}`;
  const result = written(json, body.length, body);
  if (random.chance(0.05))
    new DataView(result.buffer).setBigUint64(
      0,
      random.pick([0n, 1n, BigInt(json.length) + 1n, 1n << 62n, (1n << 64n) - 1n]),
      true,
    );
  return result;
}

const widths = { F64: 8, F32: 4, F16: 2, BF16: 2, I64: 8, I32: 4, U8: 1, BOOL: 1 };

/** One element, read by this file's own rules. */
function element(view, dtype, at) {
  switch (dtype) {
    case 'F64':
      return view.getFloat64(at, true);
    case 'F32':
      return view.getFloat32(at, true);
    case 'I64':
      return view.getBigInt64(at, true);
    case 'I32':
      return view.getInt32(at, true);
    case 'F16': {
      const word = view.getUint16(at, true);
      const [sign, exponent, fraction] = [word >> 15, (word >> 10) & 31, word & 1023];
      const size =
        exponent === 31
          ? fraction
            ? Number.NaN
            : Infinity
          : exponent
            ? (1024 + fraction) * 2 ** (exponent - 25)
            : fraction * 2 ** -24;
      return sign ? -size : size;
    }
    case 'BF16': {
      const wide = new DataView(new ArrayBuffer(4));
      wide.setUint16(2, view.getUint16(at, true), true);
      return wide.getFloat32(0, true);
    }
    default:
      return view.getUint8(at);
  }
}

/**
 * Decodes a file. What comes out must be what the file says, read a second way, and stay the same when it is written and read again.
 *
 * @throws the decoder's refusal, or AssertionError where the result is wrong.
 */
export function check(file) {
  const { tensors, metadata } = decodeSafetensors(file, 'fuzz');
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const length = Number(view.getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(file.subarray(8, 8 + length)));
  assert.deepEqual(
    Object.keys(tensors).sort(),
    Object.keys(header)
      .filter((name) => name !== '__metadata__')
      .sort(),
    'names',
  );
  assert.deepEqual(Object.entries(metadata), Object.entries(header.__metadata__ ?? {}), 'metadata');
  let covered = 0;
  for (const [name, entry] of Object.entries(header)) {
    if (name === '__metadata__') continue;
    const { dtype, shape } = entry;
    const [from, to] = entry.data_offsets;
    const tensor = tensors[name];
    assert.deepEqual([...tensor.shape], shape, `shape of ${name}`);
    const count = shape.reduce((a, b) => a * b, 1);
    assert.equal(count * widths[dtype], to - from, `size of ${name}`);
    assert.equal(tensor.data.length, count, `elements of ${name}`);
    for (let i = 0; i < count; i++)
      assert.ok(
        Object.is(tensor.data[i], element(view, dtype, 8 + length + from + i * widths[dtype])),
        `${name}[${i}]`,
      );
    covered += to - from;
  }
  assert.equal(covered, file.length - 8 - length, 'bytes covered');
  const again = decodeSafetensors(encodeSafetensors(tensors, metadata));
  assert.deepEqual(Object.entries(again.metadata).sort(), Object.entries(metadata).sort(), 'metadata written and read');
  for (const [name, tensor] of Object.entries(tensors))
    assert.deepEqual(again.tensors[name], tensor, `${name} written and read`);
}
