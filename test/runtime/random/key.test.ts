import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ndarray, toNumbers } from '../../../src/index.js';
import { bits, foldIn, key, split, uniform } from '../../../src/runtime/random/index.js';
import { chiSquare, chiSquareLimit, countsOf, uniformCorrelation } from './statistics.js';

const n = 20_000;

describe('keys', () => {
  it('give the same numbers for the same key and others for other keys', () => {
    expect([...bits(key(5), 10)]).toEqual([...bits(key(5), 10)]);
    expect([...bits(key(5), 10)]).not.toEqual([...bits(key(6), 10)]);
    expect([...key(2n ** 64n - 1n).data]).toEqual([-1, -1]);
    expect([...key(2 ** 40 + 3).data]).toEqual([256, 3]);
  });

  it('split and fold into independent streams', () => {
    const parent = key(42);
    const streams = [
      parent,
      ...split(parent, 3),
      foldIn(parent, 0),
      foldIn(parent, 1),
      foldIn(parent, 2 ** 40),
      foldIn(split(parent)[0], 0),
    ];
    const drawn = streams.map((k) => toNumbers(uniform(k, [n])));
    const cells = new Array<number>(64).fill(1 / 64);
    for (let i = 0; i < drawn.length; i++) {
      expect(Math.abs(uniformCorrelation(drawn[i].slice(1), drawn[i].slice(0, -1)))).toBeLessThan(4.5 / Math.sqrt(n));
      for (let j = 0; j < i; j++) {
        expect(Math.abs(uniformCorrelation(drawn[i], drawn[j]))).toBeLessThan(4.5 / Math.sqrt(n));
        // Any dependence, linear or not, shows in the counts of an 8 by 8 grid.
        const pairs = drawn[i].map((x, at) => 8 * Math.floor(8 * x) + Math.floor(8 * drawn[j][at]));
        expect(chiSquare(countsOf(pairs, 64), cells)).toBeLessThan(chiSquareLimit(63));
      }
    }
  });

  it('give each integer a key of its own, far and negative ones too', () => {
    const parent = key(8);
    const data = [
      0,
      1,
      -1,
      2 ** 31,
      -(2 ** 31),
      2 ** 32 - 1,
      2 ** 32,
      -(2 ** 32),
      2 ** 32 + 3,
      Number.MAX_SAFE_INTEGER,
    ];
    const keys = [
      parent,
      ...split(parent, 5),
      ...data.map((d) => foldIn(parent, d)),
      foldIn(foldIn(parent, 0), 1),
      foldIn(foldIn(parent, 1), 0),
      foldIn(foldIn(parent, 3), 1),
    ];
    expect(new Set(keys.map((k) => k.data.join())).size).toBe(keys.length);
  });

  it('split into the same children whatever their number', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), fc.nat(20), fc.nat(20), (seed, a, b) => {
        expect(split(key(seed), a + b).slice(0, a)).toEqual(split(key(seed), a));
      }),
    );
  });

  it('do not share words with the numbers drawn from their parent', () => {
    const parent = key(3);
    const words = new Set(bits(parent, 4096));
    for (const child of [...split(parent, 50), foldIn(parent, 7)]) expect(words.has(child.data[0] >>> 0)).toBe(false);
  });

  it('refuse what is no key, seed or number', () => {
    expect(() => key(-1)).toThrow(/key: seed -1/);
    expect(() => key(1.5)).toThrow(/key: seed 1.5 must be an integer/);
    expect(() => key(2n ** 64n)).toThrow(/key: seed 18446744073709551616/);
    expect(() => split(key(0), -1)).toThrow(/split: n -1/);
    expect(() => foldIn(key(0), 0.5)).toThrow(/foldIn: data 0.5/);
    expect(() => uniform(ndarray([1, 2]) as never, [3])).toThrow(/uniform: key must be int32 \[2\].*not float32 \[2\]/);
    expect(() => bits(ndarray(new Int32Array(2), { shape: [1, 2] }), 3)).toThrow(/bits: key .*not int32 \[1, 2\]/);
    expect(() => bits(7 as never, 3)).toThrow(/bits: key must be int32/);
  });
});
