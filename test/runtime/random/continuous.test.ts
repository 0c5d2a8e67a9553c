import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toNumbers } from '../../../src/index.js';
import {
  beta,
  dirichlet,
  exponential,
  gamma,
  gumbel,
  key,
  normal,
  truncatedNormal,
  uniform,
} from '../../../src/runtime/random/index.js';
import { normalCumulative } from '../../../src/runtime/random/normal.js';
import { chiSquare, chiSquareLimit, countsOf, gammaCumulative, kolmogorovSmirnov, moments } from './statistics.js';

const n = 20_000;
const float64 = { dtype: 'float64' } as const;

interface Case {
  readonly name: string;
  readonly x: number[];
  readonly mean: number;
  readonly variance: number;
  readonly cumulative: (x: number) => number;
}

const truncated = (lower: number, upper: number) => (x: number) =>
  (normalCumulative(x) - normalCumulative(lower)) / (normalCumulative(upper) - normalCumulative(lower));

const cases: Case[] = [
  {
    name: 'uniform',
    x: toNumbers(uniform(key(1), [n], { low: -2, high: 3 })),
    mean: 0.5,
    variance: 25 / 12,
    cumulative: (x) => (x + 2) / 5,
  },
  {
    name: 'uniform float64',
    x: toNumbers(uniform(key(2), [n], float64)),
    mean: 0.5,
    variance: 1 / 12,
    cumulative: (x) => x,
  },
  {
    name: 'normal',
    x: toNumbers(normal(key(3), [n], { mean: 1, deviation: 2 })),
    mean: 1,
    variance: 4,
    cumulative: (x) => normalCumulative((x - 1) / 2),
  },
  {
    name: 'truncated normal',
    x: toNumbers(truncatedNormal(key(4), [n])),
    mean: 0,
    variance: 0.7737413,
    cumulative: truncated(-2, 2),
  },
  {
    name: 'half normal',
    x: toNumbers(truncatedNormal(key(20), [n], { lower: 0, upper: Infinity })),
    mean: Math.sqrt(2 / Math.PI),
    variance: 1 - 2 / Math.PI,
    cumulative: truncated(0, Infinity),
  },
  {
    name: 'normal cut to its upper tail',
    x: toNumbers(truncatedNormal(key(21), [n], { lower: 8, upper: Infinity, mean: 3, deviation: 2, ...float64 })),
    mean: 3 + 2 * 8.12136811223611,
    variance: 4 * 0.014324883443341,
    cumulative: (x) => 1 - normalCumulative((3 - x) / 2) / normalCumulative(-8),
  },
  {
    name: 'exponential',
    x: toNumbers(exponential(key(5), [n], { rate: 2 })),
    mean: 0.5,
    variance: 0.25,
    cumulative: (x) => 1 - Math.exp(-2 * x),
  },
  {
    name: 'gumbel',
    x: toNumbers(gumbel(key(6), [n])),
    mean: 0.5772156649,
    variance: Math.PI ** 2 / 6,
    cumulative: (x) => Math.exp(-Math.exp(-x)),
  },
  ...[
    { concentration: 0.1, gammaOfNext: 0.951350769866873 },
    { concentration: 0.5, gammaOfNext: 0.886226925452758 },
    { concentration: 1, gammaOfNext: 1 },
    { concentration: 3, gammaOfNext: 6 },
    { concentration: 50, gammaOfNext: 3.0414093201713376e64 },
  ].map(({ concentration, gammaOfNext }, i) => ({
    name: `gamma ${concentration}`,
    x: toNumbers(gamma(key(30 + i), [n], { concentration, ...float64 })),
    mean: concentration,
    variance: concentration,
    cumulative: gammaCumulative(concentration, gammaOfNext),
  })),
  {
    name: 'beta 2, 1',
    x: toNumbers(beta(key(10), [n], { alpha: 2, beta: 1 })),
    mean: 2 / 3,
    variance: 1 / 18,
    cumulative: (x) => x * x,
  },
  {
    name: 'beta 0.5, 0.5',
    x: toNumbers(beta(key(11), [n], { alpha: 0.5, beta: 0.5 })),
    mean: 0.5,
    variance: 1 / 8,
    cumulative: (x) => (2 / Math.PI) * Math.asin(Math.sqrt(x)),
  },
  {
    name: 'beta 0.1, 1',
    x: toNumbers(beta(key(12), [n], { alpha: 0.1, beta: 1, ...float64 })),
    mean: 1 / 11,
    variance: 0.1 / (1.21 * 2.1),
    cumulative: (x) => x ** 0.1,
  },
  {
    name: 'one class of a Dirichlet 1, 2, 7',
    x: toNumbers(dirichlet(key(16), [n], { concentration: [1, 2, 7] })).filter((_, i) => i % 3 === 0),
    mean: 0.1,
    variance: 0.09 / 11,
    cumulative: (x) => 1 - (1 - x) ** 9,
  },
];

describe('continuous distributions', () => {
  it.each(cases)('$name has its moments and distribution function', ({ x, mean, variance, cumulative }) => {
    const got = moments(x);
    expect(Math.abs(got.mean - mean)).toBeLessThan(5 * got.meanError);
    expect(Math.abs(got.variance - variance)).toBeLessThan(5 * got.varianceError);
    expect(kolmogorovSmirnov(x, cumulative)).toBeLessThan(1.95);
  });

  it('beta 0.1, 0.1, as mixup draws it, lies at either end as often as it should', () => {
    const edges = [1e-12, 1e-6, 1e-3, 0.5, 0.999, 1 - 1e-6];
    // I_x(0.1, 0.1) = x^0.1 (1/0.1 + 0.9 x/1.1 + ...) / B(0.1, 0.1); the last probabilities by symmetry.
    const below = [1e-12, 1e-6, 1e-3].map(
      (x) => (x ** 0.1 * (10 + (0.9 * x) / 1.1)) / (9.513507698668732 ** 2 / 4.590843711998803),
    );
    const cumulative = [...below, 0.5, 1 - below[2], 1 - below[1], 1];
    const x = toNumbers(beta(key(13), [n], { alpha: 0.1, beta: 0.1, ...float64 }));
    const counts = countsOf(
      x.map((v) => edges.filter((edge) => v > edge).length),
      7,
    );
    const probabilities = cumulative.map((f, i) => f - (cumulative[i - 1] ?? 0));
    expect(chiSquare(counts, probabilities)).toBeLessThan(chiSquareLimit(6));
  });

  it('beta and Dirichlet draws of tiny concentrations are numbers', () => {
    for (const concentration of [1e-2, 1e-5, 1e-300]) {
      const pairs = toNumbers(beta(key(1), [1000], { alpha: concentration, beta: concentration }));
      expect(pairs.every((v) => v >= 0 && v <= 1)).toBe(true);
      expect(Math.abs(moments(pairs).mean - 0.5)).toBeLessThan(0.08);
      const rows = toNumbers(
        dirichlet(key(1), [500], { concentration: [concentration, concentration, concentration] }),
      );
      for (let i = 0; i < rows.length; i += 3) expect(rows[i] + rows[i + 1] + rows[i + 2]).toBeCloseTo(1, 6);
    }
  });

  it('a Dirichlet draw has an axis of classes that sum to 1', () => {
    const x = dirichlet(key(16), [50, 20], { concentration: [1, 2, 7] });
    expect(x.shape).toEqual([50, 20, 3]);
    const rows = toNumbers(x);
    for (let i = 0; i < rows.length; i += 3) expect(rows[i] + rows[i + 1] + rows[i + 2]).toBeCloseTo(1, 6);
  });

  it('a truncated normal keeps to its bounds, however far out', () => {
    for (const [lower, upper] of [
      [-2, 2],
      [1, 1.5],
      [7.9, 9],
      [-30, -29],
      [29, 30],
      [-Infinity, -20],
    ]) {
      const x = toNumbers(truncatedNormal(key(5), [2000], { lower, upper, dtype: 'float64' }));
      expect(x.every((v) => v >= lower && v <= upper)).toBe(true);
      expect(new Set(x).size).toBeGreaterThan(1990);
    }
  });
});

describe('properties', () => {
  it('a longer draw begins with the shorter one', () => {
    fc.assert(
      fc.property(fc.nat(1e9), fc.nat(40), fc.nat(40), (seed, a, b) => {
        const k = key(seed);
        const draws = [
          (m: number) => uniform(k, [m]),
          (m: number) => uniform(k, [m], float64),
          (m: number) => normal(k, [m]),
          (m: number) => truncatedNormal(k, [m], { lower: 1 }),
          (m: number) => exponential(k, [m]),
          (m: number) => gumbel(k, [m]),
          (m: number) => gamma(k, [m], { concentration: 0.3 }),
          (m: number) => beta(k, [m], { alpha: 0.3, beta: 2 }),
          (m: number) => dirichlet(k, [m], { concentration: [2] }),
        ];
        for (const draw of draws) expect(toNumbers(draw(a + b)).slice(0, a)).toEqual(toNumbers(draw(a)));
      }),
      { numRuns: 50 },
    );
  });

  it('uniform float32 numbers stay below the excluded end, whatever the rounding', () => {
    fc.assert(
      fc.property(
        fc.nat(1e6),
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

  it('uniform float64 numbers lie in the interval, even one of a few numbers', () => {
    fc.assert(
      fc.property(
        fc.nat(1e6),
        fc.double({ noNaN: true, min: -1e12, max: 1e12 }),
        fc.integer({ min: 1, max: 10 }),
        (seed, low, steps) => {
          const high = low + steps * 2 ** -20 * Math.max(1, Math.abs(low)) * 2 ** -32;
          fc.pre(low < high);
          for (const x of toNumbers(uniform(key(seed), [64], { low, high, dtype: 'float64' }))) {
            expect(x).toBeLessThan(high);
            expect(x).toBeGreaterThanOrEqual(low);
          }
        },
      ),
      { numRuns: 200 },
    );
    for (const [low, high] of [
      [2 ** 52, 2 ** 52 + 1],
      [-5e-324, 0],
    ])
      expect(new Set(uniform(key(0), [200], { low, high, dtype: 'float64' }).data)).toEqual(new Set([low]));
  });
});

describe('bad arguments', () => {
  it('are named', () => {
    const calls: [() => unknown, RegExp][] = [
      [() => uniform(key(0), [3], { low: 1, high: 1 }), /uniform: low 1 must be below high 1/],
      [() => uniform(key(0), [3], { high: Infinity }), /uniform: .*finite/],
      [() => normal(key(0), [-1]), /normal: shape \[-1\] must hold non-negative/],
      [() => normal(key(0), [1], { mean: Number.NaN }), /normal: mean NaN must be finite/],
      [() => normal(key(0), [1], { deviation: -1 }), /normal: deviation -1/],
      [() => truncatedNormal(key(0), [1], { lower: 2, upper: 1 }), /truncatedNormal: lower 2 must be below upper 1/],
      [() => truncatedNormal(key(0), [1], { lower: 40, upper: 41 }), /truncatedNormal: no probability .*40 and 41/],
      [() => exponential(key(0), [1], { rate: 0 }), /exponential: rate 0 must be positive/],
      [() => gamma(key(0), [1], { concentration: -1 }), /gamma: concentration -1 must be positive/],
      [() => gamma(key(0), [1], { concentration: Infinity }), /gamma: concentration Infinity .*finite/],
      [() => beta(key(0), [1], { alpha: 1, beta: 0 }), /beta: beta 0 must be positive/],
      [() => dirichlet(key(0), [1], { concentration: [] }), /dirichlet: concentration must name at least one class/],
      [() => dirichlet(key(0), [1], { concentration: [1, -2] }), /dirichlet: concentration\[1\] -2 must be positive/],
    ];
    for (const [draw, message] of calls) expect(draw).toThrow(message);
  });
});
