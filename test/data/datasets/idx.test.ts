import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeIdx, encodeIdx } from '../../../src/data/index.js';
import { ndarray, toNumbers } from '../../../src/index.js';

describe('IDX files', () => {
  it('come back as they were written', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 3 }),
        fc.integer({ min: 0, max: 255 }),
        (shape, value) => {
          const array = ndarray(new Uint8Array(shape.reduce((a, b) => a * b, 1)).fill(value), { shape });
          expect(decodeIdx(encodeIdx(array))).toEqual(array);
        },
      ),
    );
  });

  it.each<[string, number[], RegExp]>([
    ['no IDX file', [1, 2, 3, 4], /f: not an IDX file/],
    ['an unknown element type', [0, 0, 10, 1, 0, 0, 0, 1, 0], /f: unknown element type 0xa/],
    ['a short header', [0, 0, 8, 2, 0, 0, 0, 1], /f: cut short in its header/],
    ['too few bytes', [0, 0, 8, 1, 0, 0, 0, 3, 1, 2], /f: cut short: \[3\] needs 3 bytes, the file has 2/],
    [
      'too few bytes of wide elements',
      [0, 0, 13, 1, 0, 0, 0, 2, 0, 0, 0, 0],
      /f: cut short: \[2\] needs 8 bytes, the file has 4/,
    ],
    ['too many bytes', [0, 0, 8, 1, 0, 0, 0, 1, 1, 2], /f: too long/],
  ])('refuse %s', (_, bytes, message) => {
    expect(() => decodeIdx(Uint8Array.from(bytes), 'f')).toThrow(message);
  });

  it.each<[string, number, number[], string, number[]]>([
    ['signed bytes', 0x09, [0xff, 0x7f], 'int32', [-1, 127]],
    ['16-bit integers', 0x0b, [0xff, 0xfe, 0x01, 0x02], 'int32', [-2, 258]],
    ['32-bit integers', 0x0c, [0xff, 0xff, 0xff, 0xfd, 0, 1, 0, 0], 'int32', [-3, 65536]],
    ['32-bit floats', 0x0d, [0x3f, 0xc0, 0, 0, 0xc0, 0, 0, 0], 'float32', [1.5, -2]],
    ['64-bit floats', 0x0e, [0x3f, 0xf8, 0, 0, 0, 0, 0, 0, 0xc0, 0, 0, 0, 0, 0, 0, 0], 'float64', [1.5, -2]],
  ])('hold %s, most significant byte first', (_, type, elements, dtype, values) => {
    const array = decodeIdx(Uint8Array.from([0, 0, type, 1, 0, 0, 0, 2, ...elements]));
    expect(array.dtype).toBe(dtype);
    expect(array.shape).toEqual([2]);
    expect(toNumbers(array)).toEqual(values);
  });

  it('are copied out of the bytes they came in, a Node buffer too', () => {
    const bytes = Buffer.from(encodeIdx(ndarray(Uint8Array.of(1, 2))));
    const array = decodeIdx(bytes);
    bytes.fill(9);
    expect(toNumbers(array)).toEqual([1, 2]);
  });
});
