import type { NDArray } from '../../tensor/index.js';

const unsignedBytes = 0x08;

/**
 * Decodes an IDX file of unsigned bytes, the format of MNIST: two zero bytes, the element type, the number of axes, their lengths as
 * big-endian 32-bit integers, then the elements.
 *
 * @param name of the file, for messages.
 * @throws Error of one line when it is no such file, is cut short or too long.
 */
export function decodeIdx(bytes: Uint8Array, name = 'IDX file'): NDArray<'uint8'> {
  const fail = (what: string): never => {
    throw new Error(`${name}: ${what}`);
  };
  if (bytes.length < 4 || bytes[0] !== 0 || bytes[1] !== 0) fail('not an IDX file');
  if (bytes[2] !== unsignedBytes) fail(`element type 0x${bytes[2].toString(16)} is not unsigned bytes (0x8)`);
  const rank = bytes[3];
  const start = 4 + 4 * rank;
  if (bytes.length < start) fail('cut short in its header');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const shape = Array.from({ length: rank }, (_, i) => view.getUint32(4 + 4 * i));
  const size = shape.reduce((a, b) => a * b, 1);
  const present = bytes.length - start;
  if (present !== size)
    fail(
      `${present < size ? 'cut short' : 'too long'}: [${shape.join(', ')}] needs ${size} bytes, the file has ${present}`,
    );
  return { data: bytes.slice(start), shape, dtype: 'uint8' };
}

/** The inverse of {@link decodeIdx}. */
export function encodeIdx({ data, shape }: NDArray<'uint8'>): Uint8Array {
  const bytes = new Uint8Array(4 + 4 * shape.length + data.length);
  bytes.set([0, 0, unsignedBytes, shape.length]);
  const view = new DataView(bytes.buffer);
  shape.forEach((n, i) => {
    view.setUint32(4 + 4 * i, n);
  });
  bytes.set(data, 4 + 4 * shape.length);
  return bytes;
}
