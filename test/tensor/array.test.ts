import { describe, expect, expectTypeOf, it } from 'vitest';
import {
  broadcastShapes,
  castArray,
  isDType,
  isNDArray,
  item,
  type NDArray,
  ndarray,
  toNumbers,
  zerosArray,
} from '../../src/index.js';

describe('arrays', () => {
  it('are made from lists and typed arrays', () => {
    expect(
      ndarray([
        [1, 2],
        [3, 4],
      ]),
    ).toEqual({ data: Float32Array.of(1, 2, 3, 4), shape: [2, 2], dtype: 'float32' });
    expect(ndarray(5).shape).toEqual([]);
    expect(ndarray([true, false]).dtype).toBe('bool');
    expect(ndarray([1, 2], { dtype: 'int64' }).data).toEqual(BigInt64Array.of(1n, 2n));
    const data = Int32Array.of(1, 2, 3, 4);
    expect(ndarray(data, { shape: [2, 2] }).data).toBe(data);
    expect(ndarray(Uint8Array.of(0, 1), { dtype: 'bool' }).dtype).toBe('bool');
    expect(ndarray([[], []]).shape).toEqual([2, 0]);
  });

  it('know their dtype at compile time', () => {
    expectTypeOf(ndarray(Int32Array.of(1))).toEqualTypeOf<NDArray<'int32'>>();
    expectTypeOf(ndarray([1])).toEqualTypeOf<NDArray<'float32'>>();
    expectTypeOf(ndarray([1], { dtype: 'float64' })).toEqualTypeOf<NDArray<'float64'>>();
    expectTypeOf(ndarray(Uint8Array.of(1)).data).toEqualTypeOf<Uint8Array>();
  });

  it('convert and read out', () => {
    expect(toNumbers(castArray(ndarray([1.7, -1.7]), 'int32'))).toEqual([1, -1]);
    expect(toNumbers(castArray(ndarray([0, 3]), 'bool'))).toEqual([0, 1]);
    expect(item(ndarray(BigInt64Array.of(4n)))).toBe(4);
    expect(toNumbers(zerosArray([2], 'float64'))).toEqual([0, 0]);
  });

  it('refuse what does not fit', () => {
    expect(() => ndarray([[1], [1, 2]])).toThrow('ragged');
    expect(() => ndarray([1, [2]])).toThrow('ragged');
    expect(() => ndarray(Float32Array.of(1, 2), { shape: [3] })).toThrow('shape [3] does not hold 2 elements');
    expect(() => zerosArray([-1])).toThrow('non-negative');
    expect(() => ndarray(new Int8Array(1) as never)).toThrow('not a supported typed array');
  });

  it('are told from other objects', () => {
    expect(isNDArray(ndarray([1]))).toBe(true);
    expect(isNDArray({ data: [1], shape: [1], dtype: 'float32' })).toBe(false);
    expect(isNDArray({ data: new Float32Array(1), shape: [1], dtype: 'int32' })).toBe(false);
    expect(isDType('toString')).toBe(false);
  });

  it('broadcast as in NumPy', () => {
    expect(broadcastShapes('f', [2, 1, 3], [4, 1], [])).toEqual([2, 4, 3]);
    expect(broadcastShapes('f', [0, 1], [1, 2])).toEqual([0, 2]);
    expect(() => broadcastShapes('f', [2], [3])).toThrow('f: shapes [2] and [3] do not broadcast');
  });
});
