import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type DType, ndarray, toNumbers } from '../../../src/index.js';
import { decodeSafetensors, encodeSafetensors } from '../../../src/train/index.js';

/** A file with this header and these bytes. */
function file(header: unknown, body: Uint8Array | number[] = [], claimed?: bigint): Uint8Array {
  const json = new TextEncoder().encode(typeof header === 'string' ? header : JSON.stringify(header));
  const bytes = new Uint8Array(8 + json.length + body.length);
  new DataView(bytes.buffer).setBigUint64(0, claimed ?? BigInt(json.length), true);
  bytes.set(json, 8);
  bytes.set(body, 8 + json.length);
  return bytes;
}

describe('safetensors', () => {
  it('reads a file as the format describes it', () => {
    // One float32 [2, 2] tensor and metadata, as the Python package writes it (padded to 8 bytes with spaces).
    const header = '{"__metadata__":{"format":"pt"},"w":{"dtype":"F32","shape":[2,2],"data_offsets":[0,16]}}    ';
    const { tensors, metadata } = decodeSafetensors(
      file(header, new Uint8Array(Float32Array.of(1, -2, 3.5, 4).buffer)),
    );
    expect(metadata).toEqual({ format: 'pt' });
    expect(tensors.w.shape).toEqual([2, 2]);
    expect(toNumbers(tensors.w)).toEqual([1, -2, 3.5, 4]);
  });

  it('reads half precision as float32', () => {
    const halves = Uint16Array.of(0x3c00, 0xc100, 0x0001, 0x7c00, 0x3f80, 0xc020);
    const header = {
      h: { dtype: 'F16', shape: [4], data_offsets: [0, 8] },
      b: { dtype: 'BF16', shape: [2], data_offsets: [8, 12] },
    };
    const { tensors } = decodeSafetensors(file(header, new Uint8Array(halves.buffer)));
    expect(toNumbers(tensors.h)).toEqual([1, -2.5, 2 ** -24, Infinity]);
    expect(toNumbers(tensors.b)).toEqual([1, -2.5]);
  });

  it('returns what was written, equal bytes for equal contents', () => {
    const dtypes: DType[] = ['float32', 'float64', 'int32', 'int64', 'uint8', 'bool'];
    fc.assert(
      fc.property(
        fc.dictionary(
          fc.string(),
          fc.record({
            dtype: fc.constantFrom(...dtypes),
            values: fc.array(fc.integer({ min: 0, max: 1 }), { maxLength: 9 }),
          }),
          { maxKeys: 6 },
        ),
        (entries) => {
          const names = Object.keys(entries).filter((name) => name !== '__metadata__');
          const tensors = Object.fromEntries(
            names.map((name) => [
              name,
              ndarray(entries[name].values, { dtype: entries[name].dtype, shape: [entries[name].values.length] }),
            ]),
          );
          const bytes = encodeSafetensors(tensors, { note: 'ü' });
          const back = decodeSafetensors(bytes);
          expect(Object.keys(back.tensors).sort()).toEqual(names.sort());
          for (const name of names) expect(back.tensors[name]).toEqual(tensors[name]);
          expect(back.metadata).toEqual({ note: 'ü' });
          expect(encodeSafetensors(Object.fromEntries(Object.entries(tensors).reverse()), { note: 'ü' })).toEqual(
            bytes,
          );
        },
      ),
      { numRuns: 200 },
    );
  });

  const w = { dtype: 'F32', shape: [1], data_offsets: [0, 4] };
  it.each<[string, Uint8Array, RegExp]>([
    ['nothing', new Uint8Array(3), /too short/],
    ['a header longer than the file', file({}, [], 99n), /cut short in its header/],
    ['a gigantic header', file({}, [], 1n << 60n), /longer than the 100000000 allowed/],
    ['no JSON', file('{"w":'), /not valid JSON/],
    ['a list', file('[]'), /not an object/],
    ['an unknown dtype', file({ w: { ...w, dtype: 'F8' } }, [0, 0, 0, 0]), /w has the unknown dtype F8/],
    ['a dtype of another kind', file({ w: { ...w, dtype: 'toString' } }, [0, 0, 0, 0]), /unknown dtype toString/],
    ['a negative length', file({ w: { ...w, shape: [-1] } }, [0, 0, 0, 0]), /w has no valid shape/],
    ['a gigantic shape', file({ w: { ...w, shape: [2 ** 40, 2 ** 40] } }, [0, 0, 0, 0]), /does not fill its 4 bytes/],
    ['offsets beyond the end', file({ w: { ...w, data_offsets: [0, 40] } }, [0, 0, 0, 0]), /lies outside the file/],
    ['offsets in reverse', file({ w: { ...w, data_offsets: [4, 0] } }, [0, 0, 0, 0]), /lies outside the file/],
    ['an overlap', file({ v: w, w }, [0, 0, 0, 0]), /overlap/],
    ['a gap', file({ w: { ...w, data_offsets: [4, 8] } }, [0, 0, 0, 0, 0, 0, 0, 0]), /gap/],
    ['bytes left over', file({ w }, [0, 0, 0, 0, 0]), /end at byte 4 of 5/],
    ['a name twice', file('{"w":{"dtype":"F32","shape":[0],"data_offsets":[0,0]},"\\u0077":{}}'), /has w twice/],
    ['a field twice', file('{"w":{"dtype":"F32","dtype":"U8"}}'), /has dtype twice/],
    ['metadata of numbers', file({ __metadata__: { a: 1 } }), /metadata must be strings/],
    ['metadata in a list', file({ __metadata__: ['a'] }), /metadata must be strings/],
    [
      'a third truth',
      file({ w: { ...w, dtype: 'BOOL', shape: [4] } }, [0, 1, 2, 0]),
      /w holds a truth that is neither/,
    ],
    ['a byte order mark', file('\ufeff{}'), /not valid JSON/],
    ['a null entry', file({ w: null }), /tensor w is null, not an object/],
    ['no dtype', file({ w: {} }), /w has no dtype/],
    ['a name of two lines', file({ 'a\nb': {} }), /^safetensors file: tensor "a\\nb" has[^\n]*$/],
    ['a dtype that is no text', file({ w: { dtype: { toString: 1, valueOf: 1 } } }), /unknown dtype \{"toString"/],
  ])('refuses %s', (_, bytes, message) => {
    expect(() => decodeSafetensors(bytes)).toThrow(message);
  });

  it('refuses tensors that overlap before it reads any', () => {
    // Read, these would be 40 GB.
    const whole = { dtype: 'U8', shape: [1_000_000], data_offsets: [0, 1_000_000] };
    const header = Object.fromEntries(Array.from({ length: 40_000 }, (_, i) => [`w${i}`, whole]));
    const start = performance.now();
    expect(() => decodeSafetensors(file(header, new Uint8Array(1_000_000)))).toThrow(/overlap/);
    expect(performance.now() - start).toBeLessThan(5000);
  });

  it('keeps metadata of any name', () => {
    const { metadata } = decodeSafetensors(file('{"__metadata__":{"__proto__":"a","constructor":"b"}}'));
    expect(Object.entries(metadata)).toEqual([
      ['__proto__', 'a'],
      ['constructor', 'b'],
    ]);
  });

  it('mutated files give an error of one line or a valid result', () => {
    const good = encodeSafetensors({ a: ndarray([1, 2, 3]), b: ndarray([[1], [0]], { dtype: 'int64' }) }, { k: 'v' });
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 }),
        fc.nat(good.length),
        (changes, length) => {
          const bytes = good.slice(0, length % 3 === 0 ? length : good.length);
          for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value;
          try {
            for (const array of Object.values(decodeSafetensors(bytes).tensors))
              expect(array.data.length).toBe(array.shape.reduce((a, b) => a * b, 1));
          } catch (error) {
            expect((error as Error).message).toMatch(/^safetensors file: [^\n]+$/);
          }
        },
      ),
      { numRuns: 5000 },
    );
  });
});
