import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ndarray, toNumbers } from '../../../src/index.js';
import { wholeBelow } from '../../../src/runtime/random/draw.js';
import { bernoulli, bits, categorical, foldIn, key, permutation, randint } from '../../../src/runtime/random/index.js';
import { chiSquare, chiSquareLimit, countsOf } from './statistics.js';

const n = 20_000;

describe('integers', () => {
  it('are even in a small range', () => {
    const x = toNumbers(randint(key(13), [n], { low: -3, high: 4 }));
    const counts = countsOf(
      x.map((i) => i + 3),
      7,
    );
    expect(chiSquare(counts, new Array(7).fill(1 / 7))).toBeLessThan(chiSquareLimit(6));
  });

  it('are even in the widest range', () => {
    const x = toNumbers(randint(key(14), [n], { low: -(2 ** 31), high: 2 ** 31 }));
    const counts = countsOf(
      x.map((i) => Math.floor((i + 2 ** 31) / 2 ** 26)),
      64,
    );
    expect(chiSquare(counts, new Array(64).fill(1 / 64))).toBeLessThan(chiSquareLimit(63));
  });

  it('refuse just the words that would make some likelier', () => {
    const draw = (range: number, word: bigint) =>
      wholeBelow(range, Number(word >> 26n) << 5, Number(word & 0x3ffffffn) << 6, 1, 2, 0);
    // 2^53 mod 3 is 2, so two of the 2^53 words go: 0 and the one whose product is 1 above 2^53.
    const second = (2n ** 53n + 1n) / 3n;
    const instead = draw(3, 0n);
    expect(draw(3, second)).toBe(instead);
    expect([draw(3, 1n), draw(3, second - 1n), draw(3, second + 1n)]).toEqual([0, 0, 1]);
    expect(draw(3, 2n ** 53n - 1n)).toBe(2);
    // A power of two divides evenly: nothing is refused.
    expect([draw(4, 0n), draw(4, 2n ** 51n), draw(4, 2n ** 53n - 1n)]).toEqual([0, 1, 3]);
  });

  it('are the integer part of their share of the range, exactly', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 53n - 1n }), fc.integer({ min: 1, max: 2 ** 32 }), (word, range) => {
        const product = word * BigInt(range);
        fc.pre(product % 2n ** 53n >= 2n ** 53n % BigInt(range));
        const got = wholeBelow(range, Number(word >> 26n) << 5, Number(word & 0x3ffffffn) << 6, 0, 0, 0);
        expect(got).toBe(Number(product >> 53n));
      }),
      { numRuns: 500 },
    );
  });

  it('lie in their range, and a longer draw begins with the shorter one', () => {
    fc.assert(
      fc.property(
        fc.nat(1e9),
        fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
        fc.integer({ min: 1, max: 2 ** 32 }),
        fc.nat(40),
        (seed, low, width, m) => {
          const range = { low, high: Math.min(2 ** 31, low + width) };
          const x = toNumbers(randint(key(seed), [m + 7], range));
          expect(x.every((i) => i >= low && i < range.high)).toBe(true);
          expect(x.slice(0, m)).toEqual(toNumbers(randint(key(seed), [m], range)));
        },
      ),
    );
  });
});

describe('booleans', () => {
  it('are true with their probability', () => {
    const counts = countsOf(bernoulli(key(14), [n], { probability: 0.3 }).data, 2);
    expect(chiSquare(counts, [0.7, 0.3])).toBeLessThan(10.83); // p = 0.001
    expect(toNumbers(bernoulli(key(1), [100], { probability: 0 })).every((v) => v === 0)).toBe(true);
    expect(toNumbers(bernoulli(key(1), [100], { probability: 1 })).every((v) => v === 1)).toBe(true);
  });
});

describe('classes', () => {
  const probabilities = [0.2, 0.5, 0.3];
  const logits = probabilities.map(Math.log);
  const limit = 13.82; // 2 degrees of freedom, p = 0.001

  it('have the softmax of their logits', () => {
    const rows = ndarray(
      Float32Array.from({ length: n * 3 }, (_, i) => logits[i % 3] + 5),
      { shape: [n, 3] },
    );
    const counts = countsOf(categorical(key(15), rows).data, 3);
    expect(chiSquare(counts, probabilities)).toBeLessThan(limit);
  });

  it('are drawn in any shape to which the logits broadcast', () => {
    const one = categorical(key(15), ndarray(logits), { shape: [n] });
    expect(one.shape).toEqual([n]);
    expect(chiSquare(countsOf(one.data, 3), probabilities)).toBeLessThan(limit);
    // Rows that leave one class each, along the first and the last of three axes.
    const sure = (classes: number[], shape: number[]) =>
      ndarray(
        classes.flatMap((c) => [0, 1, 2].map((j) => (j === c ? 0 : -Infinity))),
        { dtype: 'float32', shape },
      );
    const outer = categorical(key(1), sure([2, 0], [2, 1, 1, 3]), { shape: [2, 2, 3] });
    expect([...outer.data]).toEqual([2, 2, 2, 2, 2, 2, 0, 0, 0, 0, 0, 0]);
    const inner = categorical(key(1), sure([2, 0, 1], [3, 3]), { shape: [2, 2, 3] });
    expect([...inner.data]).toEqual([2, 0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1]);
  });

  it('are the first where no class is possible', () => {
    expect([...categorical(key(1), ndarray([[-Infinity, -Infinity]])).data]).toEqual([0]);
  });
});

describe('permutations', () => {
  it('hold every number once', () => {
    fc.assert(
      fc.property(fc.nat(1e6), fc.nat(200), (seed, m) => {
        const sorted = toNumbers(permutation(key(seed), m)).sort((a, b) => a - b);
        expect(sorted).toEqual(Array.from({ length: m }, (_, i) => i));
      }),
    );
  });

  it('are even', () => {
    const counts = new Map<string, number>();
    for (let i = 0; i < 12_000; i++) {
      const order = toNumbers(permutation(foldIn(key(17), i), 4)).join('');
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    expect(counts.size).toBe(24);
    expect(chiSquare([...counts.values()], new Array(24).fill(1 / 24))).toBeLessThan(chiSquareLimit(23));
  });
});

describe('bad arguments', () => {
  it('are named', () => {
    const calls: [() => unknown, RegExp][] = [
      [() => bits(key(0), -1), /bits: size -1 must be a non-negative integer/],
      [() => bernoulli(key(0), [3], { probability: 1.5 }), /bernoulli: probability 1.5 must lie in \[0, 1\]/],
      [() => bernoulli(key(0), [3], { probability: Number.NaN }), /bernoulli: probability NaN/],
      [() => randint(key(0), [3], { high: 0 }), /randint: low 0 and high 0 must be integers/],
      [() => randint(key(0), [3], { high: 2 ** 40 }), /randint: .*from -2\^31 to 2\^31/],
      [() => randint(key(0), [3], { high: 1.5 }), /randint: .*high 1.5/],
      [() => permutation(key(0), -2), /permutation: n -2/],
      [() => categorical(key(0), ndarray(1, { dtype: 'float32' })), /categorical: logits \[\] must have classes/],
      [() => categorical(key(0), ndarray(Int32Array.of(1, 2))), /categorical: logits must be floats, not int32/],
      [
        () =>
          categorical(
            key(0),
            ndarray([
              [1, 2],
              [3, 4],
            ]),
            { shape: [3] },
          ),
        /categorical: .*\[3\] and \[2\]/,
      ],
      [
        () => categorical(key(0), ndarray([[1, 2]]), { shape: [] }),
        /categorical: logits \[1, 2\] do not broadcast to \[2\]/,
      ],
    ];
    for (const [draw, message] of calls) expect(draw).toThrow(message);
  });
});
