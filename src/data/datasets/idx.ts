import { allocate, type NDArray, showShape } from '../../tensor/index.js';

interface ElementType {
  readonly bytes: number;
  readonly dtype: 'uint8' | 'int32' | 'float32' | 'float64';
  readonly read: (view: DataView, at: number) => number;
}

/** By the third byte of the file. Signed bytes and 16-bit integers, which no dtype holds, become int32. */
const elementTypes: ReadonlyMap<number, ElementType> = new Map<number, ElementType>([
  [0x08, { bytes: 1, dtype: 'uint8', read: (view, at) => view.getUint8(at) }],
  [0x09, { bytes: 1, dtype: 'int32', read: (view, at) => view.getInt8(at) }],
  [0x0b, { bytes: 2, dtype: 'int32', read: (view, at) => view.getInt16(at) }],
  [0x0c, { bytes: 4, dtype: 'int32', read: (view, at) => view.getInt32(at) }],
  [0x0d, { bytes: 4, dtype: 'float32', read: (view, at) => view.getFloat32(at) }],
  [0x0e, { bytes: 8, dtype: 'float64', read: (view, at) => view.getFloat64(at) }],
]);

/**
 * Decodes an IDX file, the format of MNIST: two zero bytes, the element type, the number of axes, their lengths as big-endian 32-bit
 * integers, then the elements, big-endian too.
 *
 * @param name of the file, for messages.
 * @throws Error of one line when it is no such file, is cut short or too long.
 */
export function decodeIdx(bytes: Uint8Array, name = 'IDX file'): NDArray {
  if (bytes.length < 4 || bytes[0] !== 0 || bytes[1] !== 0) throw new Error(`${name}: not an IDX file`);
  const type = elementTypes.get(bytes[2]);
  if (!type) throw new Error(`${name}: unknown element type 0x${bytes[2].toString(16)}`);
  const rank = bytes[3];
  const start = 4 + 4 * rank;
  if (bytes.length < start) throw new Error(`${name}: cut short in its header`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const shape = Array.from({ length: rank }, (_, i) => view.getUint32(4 + 4 * i));
  const size = shape.reduce((a, b) => a * b, 1);
  const [needed, present] = [size * type.bytes, bytes.length - start];
  if (present !== needed)
    throw new Error(
      `${name}: ${present < needed ? 'cut short' : 'too long'}: ${showShape(shape)} needs ${needed} bytes, the file has ${present}`,
    );
  const { dtype } = type;
  // A copy even of a Node Buffer, whose own slice would be a view.
  if (dtype === 'uint8') return { data: new Uint8Array(bytes.subarray(start)), shape, dtype };
  const data = allocate(dtype, size);
  for (let i = 0; i < size; i++) data[i] = type.read(view, start + i * type.bytes);
  return { data, shape, dtype };
}

/** An IDX file of unsigned bytes, which {@link decodeIdx} reads back. */
export function encodeIdx({ data, shape }: NDArray<'uint8'>): Uint8Array {
  const bytes = new Uint8Array(4 + 4 * shape.length + data.length);
  bytes.set([0, 0, 0x08, shape.length]);
  const view = new DataView(bytes.buffer);
  shape.forEach((n, i) => {
    view.setUint32(4 + 4 * i, n);
  });
  bytes.set(data, 4 + 4 * shape.length);
  return bytes;
}
