import { allocate, type DType, type NDArray, sizeOf } from '../../tensor/index.js';

/** The contents of a safetensors file. */
export interface Safetensors {
  readonly tensors: Readonly<Record<string, NDArray>>;
  readonly metadata: Readonly<Record<string, string>>;
}

const codes: Record<DType, string> = {
  float64: 'F64',
  float32: 'F32',
  int64: 'I64',
  int32: 'I32',
  uint8: 'U8',
  bool: 'BOOL',
};
const widths: Record<string, number> = { F64: 8, F32: 4, I64: 8, I32: 4, U8: 1, BOOL: 1, F16: 2, BF16: 2 };

/** The limit of the reference implementation. */
const largestHeader = 100_000_000;

/**
 * Encodes tensors in Hugging Face's safetensors format: the length of the header (8 bytes, little-endian), a JSON header, the bytes. Equal
 * input gives equal bytes: names are sorted, larger elements first so that all are aligned.
 */
export function encodeSafetensors(
  tensors: Readonly<Record<string, NDArray>>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  const widthOf = (name: string) => widths[codes[tensors[name].dtype]];
  const names = Object.keys(tensors).sort((a, b) => widthOf(b) - widthOf(a) || (a < b ? -1 : 1));
  const header: Record<string, unknown> = Object.create(null);
  if (Object.keys(metadata).length > 0)
    header.__metadata__ = Object.fromEntries(Object.entries(metadata).sort(([a], [b]) => (a < b ? -1 : 1)));
  let end = 0;
  for (const name of names) {
    const { dtype, shape, data } = tensors[name];
    header[name] = { dtype: codes[dtype], shape, data_offsets: [end, end + data.byteLength] };
    end += data.byteLength;
  }
  const json = new TextEncoder().encode(JSON.stringify(header));
  const length = Math.ceil(json.length / 8) * 8;
  const bytes = new Uint8Array(8 + length + end);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(length), true);
  bytes.fill(0x20, 8, 8 + length);
  bytes.set(json, 8);
  let at = 8 + length;
  for (const name of names) {
    const { data } = tensors[name];
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at);
    at += data.byteLength;
  }
  return bytes;
}

/**
 * Decodes a safetensors file; half-precision floats become float32.
 *
 * @throws Error of one line when a length, an offset, a shape or a dtype does not fit: the tensors must cover the bytes exactly, without
 * gaps or overlaps, and no name may stand twice. Nothing larger than the file is ever allocated.
 */
export function decodeSafetensors(bytes: Uint8Array, name = 'safetensors file'): Safetensors {
  const fail = (what: string): never => {
    throw new Error(`${name}: ${what}`);
  };
  if (bytes.length < 8) fail('too short to be a safetensors file');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const headerLength = view.getBigUint64(0, true);
  if (headerLength > BigInt(largestHeader))
    fail(`header of ${headerLength} bytes is longer than the ${largestHeader} allowed`);
  const start = 8 + Number(headerLength);
  if (start > bytes.length) fail('cut short in its header');
  const header = parseHeader(bytes.subarray(8, start), fail);
  const metadata: Record<string, string> = {};
  const tensors: Record<string, NDArray> = {};
  const entries: (Entry & { readonly key: string })[] = [];
  for (const [key, value] of Object.entries(header)) {
    if (key === '__metadata__') {
      if (!isRecord(value) || Object.values(value).some((v) => typeof v !== 'string'))
        return fail('metadata must be strings');
      for (const [note, text] of Object.entries(value)) define(metadata, note, text);
      continue;
    }
    entries.push({ key, ...entry(shown(key), value, bytes.length - start, fail) });
  }
  // Before any is read: tensors that overlap could be far larger together than the file.
  let end = 0;
  for (const { from, to } of [...entries].sort((a, b) => a.from - b.from || a.to - b.to)) {
    if (from !== end) fail(from < end ? 'tensors overlap' : 'there is a gap between tensors');
    end = to;
  }
  if (end !== bytes.length - start) fail(`the tensors end at byte ${end} of ${bytes.length - start}`);
  for (const entry of entries)
    define(
      tensors,
      entry.key,
      read(shown(entry.key), bytes.subarray(start + entry.from, start + entry.to), entry, fail),
    );
  return { tensors, metadata };
}

/** Sets a property that may be called anything, `__proto__` included. */
function define(object: object, name: string, value: unknown): void {
  Object.defineProperty(object, name, { value, enumerable: true });
}

function parseHeader(bytes: Uint8Array, fail: (what: string) => never): Record<string, unknown> {
  let text = '';
  let header: unknown;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    header = JSON.parse(text);
  } catch {
    fail('its header is not valid JSON');
  }
  if (!isRecord(header)) return fail('its header is not an object');
  const twice = repeatedKey(text);
  if (twice !== undefined) fail(`its header has ${shown(twice)} twice`);
  return header;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What a file says, fit for a message of one line: as it is where that is short and plain. */
function shown(value: unknown): string {
  const plain = typeof value === 'string' && /^[\w.$/:-]+$/.test(value) ? value : JSON.stringify(value);
  return plain.length > 80 ? `${plain.slice(0, 77)}...` : plain;
}

/** The first key that an object in valid JSON has twice: `JSON.parse` keeps the last and says nothing. */
function repeatedKey(json: string): string | undefined {
  const open: Set<string>[] = [];
  for (const [token, string, colon] of json.matchAll(/("(?:[^"\\]|\\.)*")(\s*:)?|[{}]/g)) {
    if (token === '{') open.push(new Set());
    else if (token === '}') open.pop();
    else if (colon) {
      const key = JSON.parse(string) as string;
      if (open.at(-1)?.has(key)) return key;
      open.at(-1)?.add(key);
    }
  }
  return undefined;
}

interface Entry {
  readonly dtype: string;
  readonly shape: number[];
  readonly from: number;
  readonly to: number;
}

function entry(key: string, value: unknown, available: number, fail: (what: string) => never): Entry {
  if (!isRecord(value)) return fail(`tensor ${key} is ${shown(value)}, not an object`);
  const { dtype, shape, data_offsets: offsets } = value;
  const isCount = (n: unknown): n is number => Number.isSafeInteger(n) && (n as number) >= 0;
  if (dtype === undefined) return fail(`tensor ${key} has no dtype`);
  if (typeof dtype !== 'string' || !Object.hasOwn(widths, dtype))
    return fail(`tensor ${key} has the unknown dtype ${shown(dtype)}`);
  if (!Array.isArray(shape) || !shape.every(isCount)) return fail(`tensor ${key} has no valid shape`);
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isCount))
    return fail(`tensor ${key} has no valid offsets`);
  const [from, to] = offsets as [number, number];
  if (from > to || to > available)
    return fail(`tensor ${key} lies outside the file (bytes ${from} to ${to} of ${available})`);
  if (sizeOf(shape) * widths[dtype] !== to - from)
    return fail(`tensor ${key} of shape [${shape.join(', ')}] and dtype ${dtype} does not fill its ${to - from} bytes`);
  return { dtype, shape, from, to };
}

function read(key: string, bytes: Uint8Array, { dtype: code, shape }: Entry, fail: (what: string) => never): NDArray {
  if (code === 'F16' || code === 'BF16') {
    const words = new Uint16Array(bytes.slice().buffer);
    return { data: Float32Array.from(words, code === 'F16' ? halfToNumber : bfloatToNumber), shape, dtype: 'float32' };
  }
  const dtype = Object.entries(codes).find(([, known]) => known === code)?.[0] as DType;
  if (dtype === 'bool' && bytes.some((byte) => byte > 1)) fail(`tensor ${key} holds a truth that is neither 0 nor 1`);
  const data = allocate(dtype, sizeOf(shape));
  new Uint8Array(data.buffer).set(bytes);
  return { data, shape, dtype };
}

function halfToNumber(word: number): number {
  const sign = word & 0x8000 ? -1 : 1;
  const exponent = (word >> 10) & 0x1f;
  const fraction = word & 0x3ff;
  if (exponent === 0x1f) return fraction ? Number.NaN : sign * Infinity;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

const single = new DataView(new ArrayBuffer(4));

function bfloatToNumber(word: number): number {
  single.setUint32(0, word << 16);
  return single.getFloat32(0);
}
