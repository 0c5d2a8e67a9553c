import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compile, ndarray, type Tensor, toNumbers } from '../../../src/index.js';
import { normalCumulative } from '../../../src/runtime/random/draw.js';
import * as random from '../../../src/runtime/random/index.js';
import { threefry } from '../../../src/runtime/random/threefry.js';

const {
  bernoulli,
  beta,
  bits,
  categorical,
  dirichlet,
  exponential,
  foldIn,
  gamma,
  gumbel,
  key,
  normal,
  permutation,
  randint,
  split,
  truncatedNormal,
  uniform,
} = random;

describe('Threefry-2x32-20', () => {
  // Known-answer vectors of the authors' Random123 library.
  it.each([
    [0, 0, 0, 0, 0x6b200159, 0x99ba4efe],
    [-1, -1, -1, -1, 0x1cb996fc, 0xbb002be7],
    [0x13198a2e, 0x03707344, 0x243f6a88, 0x85a308d3, 0xc4923a9c, 0x483df7a0],
  ])('key %i %i, counter %i %i', (k0, k1, low, high, first, second) => {
    const out = new Uint32Array(2);
    threefry(k0, k1, low, high, out);
    expect([...out]).toEqual([first, second]);
  });
});

const moments = (x: readonly number[]) => {
  const mean = x.reduce((a, b) => a + b, 0) / x.length;
  return { mean, variance: x.reduce((a, b) => a + (b - mean) ** 2, 0) / x.length };
};

/** The Kolmogorov-Smirnov statistic times sqrt(n): below 1.95 with probability 0.999 for numbers of that distribution. */
const kolmogorovSmirnov = (x: readonly number[], cumulative: (x: number) => number) => {
  const sorted = [...x].sort((a, b) => a - b);
  let largest = 0;
  sorted.forEach((value, i) => {
    const f = cumulative(value);
    largest = Math.max(largest, f - i / sorted.length, (i + 1) / sorted.length - f);
  });
  return largest * Math.sqrt(sorted.length);
};

const n = 20_000;

describe('distributions', () => {
  const cases: [string, number[], number, number, ((x: number) => number) | undefined][] = [
    ['uniform', toNumbers(uniform(key(1), [n], { low: -2, high: 3 })), 0.5, 25 / 12, (x) => (x + 2) / 5],
    ['uniform float64', toNumbers(uniform(key(2), [n], { dtype: 'float64' })), 0.5, 1 / 12, (x) => x],
    ['normal', toNumbers(normal(key(3), [n], { mean: 1, deviation: 2 })), 1, 4, (x) => normalCumulative((x - 1) / 2)],
    [
      'truncated normal',
      toNumbers(truncatedNormal(key(4), [n])),
      0,
      0.7737413,
      (x) => (normalCumulative(x) - normalCumulative(-2)) / (normalCumulative(2) - normalCumulative(-2)),
    ],
    ['exponential', toNumbers(exponential(key(5), [n], { rate: 2 })), 0.5, 0.25, (x) => 1 - Math.exp(-2 * x)],
    ['gumbel', toNumbers(gumbel(key(6), [n])), 0.5772156649, Math.PI ** 2 / 6, (x) => Math.exp(-Math.exp(-x))],
    ['gamma 1', toNumbers(gamma(key(7), [n], { concentration: 1 })), 1, 1, (x) => 1 - Math.exp(-x)],
    [
      'gamma 3',
      toNumbers(gamma(key(8), [n], { concentration: 3 })),
      3,
      3,
      (x) => 1 - Math.exp(-x) * (1 + x + (x * x) / 2),
    ],
    [
      'gamma 0.5',
      toNumbers(gamma(key(9), [n], { concentration: 0.5 })),
      0.5,
      0.5,
      (x) => 2 * normalCumulative(Math.sqrt(2 * x)) - 1,
    ],
    ['beta 2, 1', toNumbers(beta(key(10), [n], { alpha: 2, beta: 1 })), 2 / 3, 1 / 18, (x) => x * x],
    [
      'beta 0.5, 0.5',
      toNumbers(beta(key(11), [n], { alpha: 0.5, beta: 0.5 })),
      0.5,
      1 / 8,
      (x) => (2 / Math.PI) * Math.asin(Math.sqrt(x)),
    ],
    ['beta 0.1, 0.1', toNumbers(beta(key(12), [n], { alpha: 0.1, beta: 0.1 })), 0.5, 0.25 / 1.2, undefined],
  ];

  it.each(cases)('%s has its moments and distribution function', (_, x, mean, variance, cumulative) => {
    const got = moments(x);
    // Five standard errors of the mean; the variance's own error is of the same order for these distributions.
    expect(Math.abs(got.mean - mean)).toBeLessThan(5 * Math.sqrt(variance / n));
    expect(Math.abs(got.variance / variance - 1)).toBeLessThan(0.08);
    if (cumulative) expect(kolmogorovSmirnov(x, cumulative)).toBeLessThan(1.95);
  });

  it('draws integers evenly', () => {
    const counts = new Array<number>(7).fill(0);
    for (const i of toNumbers(randint(key(13), [n], { low: -3, high: 4 }))) counts[i + 3]++;
    const chiSquare = counts.reduce((total, c) => total + (c - n / 7) ** 2 / (n / 7), 0);
    expect(chiSquare).toBeLessThan(22.5); // 6 degrees of freedom, p = 0.001
  });

  it('draws true with its probability', () => {
    expect(Math.abs(moments(toNumbers(bernoulli(key(14), [n], { probability: 0.3 }))).mean - 0.3)).toBeLessThan(0.017);
    expect(toNumbers(bernoulli(key(1), [100], { probability: 0 })).every((v) => v === 0)).toBe(true);
    expect(toNumbers(bernoulli(key(1), [100], { probability: 1 })).every((v) => v === 1)).toBe(true);
  });

  it('draws classes with the softmax of their logits', () => {
    const logits = ndarray(
      Float32Array.from({ length: n * 3 }, (_, i) => Math.log([0.2, 0.5, 0.3][i % 3])),
      { shape: [n, 3] },
    );
    const counts = [0, 0, 0];
    for (const c of toNumbers(categorical(key(15), logits))) counts[c]++;
    [0.2, 0.5, 0.3].forEach((p, i) => {
      expect(Math.abs(counts[i] / n - p)).toBeLessThan(0.018);
    });
  });

  it('draws probability vectors', () => {
    const x = dirichlet(key(16), [5000], { concentration: [1, 2, 7] });
    expect(x.shape).toEqual([5000, 3]);
    const rows = toNumbers(x);
    for (let i = 0; i < rows.length; i += 3)
      expect(Math.abs(rows[i] + rows[i + 1] + rows[i + 2] - 1)).toBeLessThan(1e-6);
    expect(Math.abs(moments(rows.filter((_, i) => i % 3 === 2)).mean - 0.7)).toBeLessThan(0.01);
  });

  it('permutes evenly', () => {
    const counts = new Map<string, number>();
    for (let i = 0; i < 6000; i++) {
      const order = toNumbers(permutation(foldIn(key(17), i), 3)).join('');
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    expect(counts.size).toBe(6);
    const chiSquare = [...counts.values()].reduce((total, c) => total + (c - 1000) ** 2 / 1000, 0);
    expect(chiSquare).toBeLessThan(20.5); // 5 degrees of freedom, p = 0.001
  });
});

describe('keys', () => {
  const correlation = (a: readonly number[], b: readonly number[]) =>
    a.reduce((total, x, i) => total + (x - 0.5) * (b[i] - 0.5), 0) / (a.length / 12);

  it('give the same numbers for the same key and others for other keys', () => {
    expect([...bits(key(5), 10)]).toEqual([...bits(key(5), 10)]);
    expect([...bits(key(5), 10)]).not.toEqual([...bits(key(6), 10)]);
    expect([...key(2n ** 64n - 1n).data]).toEqual([-1, -1]);
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
    expect(new Set(streams.map((k) => k.data.join())).size).toBe(streams.length);
    const drawn = streams.map((k) => toNumbers(uniform(k, [n])));
    for (let i = 0; i < drawn.length; i++) {
      // Serial correlation within a stream, then correlation with every other: standard error 1/sqrt(n).
      expect(Math.abs(correlation(drawn[i].slice(1), drawn[i].slice(0, -1)))).toBeLessThan(4.5 / Math.sqrt(n));
      for (let j = 0; j < i; j++) expect(Math.abs(correlation(drawn[i], drawn[j]))).toBeLessThan(4.5 / Math.sqrt(n));
    }
  });

  it('do not share words with the numbers drawn from their parent', () => {
    const parent = key(3);
    const words = new Set(bits(parent, 4096));
    for (const child of [...split(parent, 50), foldIn(parent, 7)]) expect(words.has(child.data[0] >>> 0)).toBe(false);
  });

  it('refuse what is no key or seed', () => {
    expect(() => key(-1)).toThrow(/seed -1/);
    expect(() => key(1.5)).toThrow(/integer/);
    expect(() => uniform(ndarray([1, 2]) as never, [3])).toThrow(/key must be int32/);
    expect(() => uniform(key(0), [3], { low: 1, high: 1 })).toThrow(/low 1 must be below high 1/);
    expect(() => bernoulli(key(0), [3], { probability: 1.5 })).toThrow(/probability 1.5/);
    expect(() => normal(key(0), [-1])).toThrow(/non-negative/);
  });
});

describe('properties', () => {
  it('a longer draw begins with the shorter one', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 1e9 }),
        fc.integer({ min: 0, max: 40 }),
        fc.integer({ min: 0, max: 40 }),
        (seed, a, b) => {
          const k = key(seed);
          const draws = [
            (m: number) => uniform(k, [m]),
            (m: number) => normal(k, [m]),
            (m: number) => gamma(k, [m], { concentration: 0.3 }),
            (m: number) => randint(k, [m], { high: 9 }),
          ];
          for (const draw of draws) expect(toNumbers(draw(a + b)).slice(0, a)).toEqual(toNumbers(draw(a)));
        },
      ),
      { numRuns: 50 },
    );
  });

  it('uniform numbers stay below the excluded end, whatever the rounding', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 1e6 }),
        fc.float({ noNaN: true, min: -1e6, max: 1e6 }),
        fc.float({ noNaN: true, min: Math.fround(1e-3), max: 1e3 }),
        (seed, low, width) => {
          const high = low + width;
          fc.pre(Math.fround(high) > Math.fround(low));
          for (const x of toNumbers(uniform(key(seed), [64], { low, high }))) {
            expect(x).toBeLessThan(high);
            expect(x).toBeGreaterThanOrEqual(Math.min(Math.fround(low), low));
          }
        },
      ),
      { numRuns: 200 },
    );
  });

  it('a permutation holds every number once', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e6 }), fc.integer({ min: 0, max: 200 }), (seed, m) => {
        expect(toNumbers(permutation(key(seed), m)).sort((a, b) => a - b)).toEqual(
          Array.from({ length: m }, (_, i) => i),
        );
      }),
    );
  });
});

describe('in compiled functions', () => {
  it('a symbolic key draws the numbers of the concrete one', async () => {
    const f = compile((k: Tensor, step: Tensor) => {
      const [a, b] = split(k);
      return {
        u: uniform(a, [4]).neg(),
        m: bernoulli(foldIn(b, 3), [8], { probability: 0.4 }),
        p: permutation(foldIn(k, step), 5),
        z: normal(k, [3], { dtype: 'float64' }),
      };
    });
    const k = key(99);
    const got = await f(k, ndarray(Int32Array.of(12), { shape: [] }));
    const [a, b] = split(k);
    expect(toNumbers(got.u)).toEqual(toNumbers(uniform(a, [4])).map((x) => -x));
    expect(toNumbers(got.m)).toEqual(toNumbers(bernoulli(foldIn(b, 3), [8], { probability: 0.4 })));
    expect(toNumbers(got.p)).toEqual(toNumbers(permutation(foldIn(k, 12), 5)));
    expect(toNumbers(got.z)).toEqual(toNumbers(normal(k, [3], { dtype: 'float64' })));
    expect(f.stats()[0].sessions).toBe(1);
  });
});
