import { TensorProto_DataType as Code, type TensorProto, TensorProto_DataLocation } from '../onnx/generated/onnx_pb.js';
import { allocate, type DType, type NDArray, sizeOf } from '../tensor/index.js';
import { dtypeOf, type HalfPrecision, isHalf } from './dtype.js';
import { OnnxImportError } from './error.js';
import { roundHalfEven } from './host-kernels.js';

/** Where the numbers of a model come from beside the model's own bytes. */
export interface DataSource {
  readonly half: HalfPrecision;
  /** The bytes of a file of external data. */
  readonly external?: (location: string) => Uint8Array;
}

/** Elements of a shape. @throws OnnxImportError naming `what` where a length is negative or no computer could hold it. */
export function lengthsOf(what: string, dims: readonly bigint[]): number[] {
  const shape = dims.map(Number);
  if (shape.some((n) => n < 0)) throw new OnnxImportError(`${what} has the shape [${dims.join(', ')}]`);
  if (!(sizeOf(shape) <= 2 ** 40) || shape.some((n) => n > 2 ** 40))
    throw new OnnxImportError(`${what} has the shape [${dims.join(', ')}], which is more than fits anywhere`);
  return shape;
}

const bytesPerElement: Record<DType, number> = { float32: 4, float64: 8, int32: 4, int64: 8, bool: 1, uint8: 1 };

/** A tensor of a model file before its numbers are read: sizes are checked, nothing is allocated. */
export interface StoredTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: DType;
  /** A fresh array of its numbers. */
  read(): NDArray;
}

/**
 * A tensor of a model file.
 *
 * @throws OnnxImportError where its element type is not supported, external data is not at hand, or the numbers stored are not as many as
 * the shape says.
 */
export function storedTensor(tensor: TensorProto, source: DataSource, name = tensor.name): StoredTensor {
  const what = `tensor '${name}'`;
  const dtype = dtypeOf(what, tensor.dataType, source.half);
  const shape = lengthsOf(what, tensor.dims);
  const size = sizeOf(shape);
  const half = isHalf(tensor.dataType);
  const check = (stored: number, unit: string, needed: number) => {
    if (stored !== needed)
      throw new OnnxImportError(`${what} [${shape.join(', ')}] needs ${needed} ${unit} and has ${stored}`);
  };
  const wrap = (data: NDArray['data']): NDArray => ({ data, shape, dtype });
  const external = tensor.dataLocation === TensorProto_DataLocation.EXTERNAL;
  const raw = external
    ? externalBytes(what, tensor, source, size * (half ? 2 : bytesPerElement[dtype]))
    : tensor.rawData;
  const typed = typedValues(tensor);
  if (raw.length > 0 || external || (typed.length === 0 && size === 0)) {
    if (typed.length > 0) throw new OnnxImportError(`${what} stores its numbers twice`);
    check(raw.length, 'bytes', size * (half ? 2 : bytesPerElement[dtype]));
    return { name, shape, dtype, read: () => wrap(half ? fromHalf(raw, tensor.dataType) : fromBytes(raw, dtype)) };
  }
  check(typed.length, 'numbers', size);
  return { name, shape, dtype, read: () => wrap(fromTyped(typed, dtype, tensor.dataType)) };
}

function externalBytes(what: string, tensor: TensorProto, { external }: DataSource, needed: number): Uint8Array {
  const entries = new Map(tensor.externalData.map(({ key, value }) => [key, value]));
  const location = entries.get('location');
  if (!location) throw new OnnxImportError(`${what} has external data without a location`);
  if (!external)
    throw new OnnxImportError(`${what} has its numbers in the file '${location}'; give { externalData } to read it`);
  const bytes = external(location);
  const number = (key: string, missing: number) => {
    const text = entries.get(key);
    if (text === undefined) return missing;
    if (!/^\d{1,15}$/.test(text)) throw new OnnxImportError(`${what} has the external ${key} '${text}'`);
    return Number(text);
  };
  const offset = number('offset', 0);
  const length = number('length', entries.has('offset') ? needed : bytes.length - offset);
  if (offset + length > bytes.length)
    throw new OnnxImportError(
      `${what} lies at bytes ${offset} to ${offset + length} of '${location}', which has ${bytes.length}`,
    );
  return bytes.subarray(offset, offset + length);
}

/** The field that holds a tensor's numbers where they are not raw bytes. */
function typedValues(tensor: TensorProto): readonly (number | bigint)[] {
  const { floatData, doubleData, int32Data, int64Data, uint64Data } = tensor;
  const byCode: Readonly<Record<number, readonly (number | bigint)[]>> = {
    [Code.FLOAT]: floatData,
    [Code.DOUBLE]: doubleData,
    [Code.INT64]: int64Data,
    [Code.UINT32]: uint64Data,
    [Code.UINT64]: uint64Data,
  };
  return byCode[tensor.dataType] ?? int32Data;
}

function fromBytes(raw: Uint8Array, dtype: DType): NDArray['data'] {
  const data = allocate(dtype, raw.length / bytesPerElement[dtype]);
  new Uint8Array(data.buffer).set(raw);
  if (dtype === 'bool') for (let i = 0; i < data.length; i++) data[i] = data[i] ? 1 : 0;
  return data;
}

function fromTyped(values: readonly (number | bigint)[], dtype: DType, code: number): NDArray['data'] {
  const data = allocate(dtype, values.length);
  if (isHalf(code)) {
    const words = Uint16Array.from(values as number[]);
    return fromHalf(new Uint8Array(words.buffer), code);
  }
  for (let i = 0; i < values.length; i++) data[i] = (dtype === 'bool' ? (values[i] ? 1 : 0) : values[i]) as never;
  return data;
}

/** Half-precision numbers as float32, exactly. */
function fromHalf(raw: Uint8Array, code: number): Float32Array {
  const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
  const data = new Float32Array(raw.length / 2);
  const bits = new Uint32Array(data.buffer);
  for (let i = 0; i < data.length; i++) {
    const word = view.getUint16(2 * i, true);
    if (code === Code.BFLOAT16) bits[i] = word << 16;
    else data[i] = halfToNumber(word);
  }
  return data;
}

/** The value of an IEEE 754 binary16 word. */
function halfToNumber(word: number): number {
  const sign = word & 0x8000 ? -1 : 1;
  const exponent = (word >> 10) & 31;
  const fraction = word & 1023;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15));
}

/** Numbers as a tensor of a model file stores them, in the element type that it had there; half precision is rounded to the nearest. */
export function storedBytes({ data }: NDArray, code: number): Uint8Array {
  if (!isHalf(code)) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  const words = new Uint16Array(data.length);
  const bits = new Uint32Array(1);
  const value = new Float32Array(bits.buffer);
  for (let i = 0; i < words.length; i++) {
    value[0] = Number(data[i]);
    words[i] = code === Code.BFLOAT16 ? toBrainHalf(bits[0]) : toHalf(value[0]);
  }
  return new Uint8Array(words.buffer);
}

/** The upper half of a float32, rounded to nearest, ties to even. */
function toBrainHalf(bits: number): number {
  if ((bits & 0x7fffffff) > 0x7f800000) return 0x7fc0;
  return ((bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16) & 0xffff;
}

/** The IEEE 754 binary16 word nearest to a number, ties to even. */
function toHalf(x: number): number {
  const sign = x < 0 || Object.is(x, -0) ? 0x8000 : 0;
  const size = Math.abs(x);
  if (Number.isNaN(x)) return 0x7e00;
  if (size >= 65520) return sign | 0x7c00;
  // Numbers below 2^-14 have the spacing of those above it.
  const exponent = Math.max(Math.floor(Math.log2(size)), -14);
  const scaled = size * 2 ** (10 - exponent);
  const rounded = roundHalfEven(scaled);
  return sign | (exponent === -14 ? rounded : ((exponent + 14) << 10) + rounded);
}
