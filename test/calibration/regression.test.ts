import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as c from '../../src/calibration/index.js';
import { arange, compile, grad, ndarray, type Tensor, toNumbers, zeros } from '../../src/index.js';
import {
  gaussianMixtureCdf,
  gaussianMixtureCrps,
  gaussianMixtureNegativeLogLikelihood,
} from '../../src/losses/index.js';
import { intervalCoverage, meanIntervalWidth, probabilisticCalibrationError } from '../../src/metrics/index.js';
import { checkDerivatives, numbers, random64 } from '../support/derivatives.js';
import { agreesWith, type DifferentiatedCase, type Inputs } from '../support/differentiated.js';
import { golden } from '../support/golden.js';
import { c64, expectValue, value } from '../support/losses.js';

const z = [0.05, 0.2, 0.35, 0.9];
const pits = () => c64(z);
interface Mapped {
  cdf: number[];
  logSlope: number[];
}
const reference = golden<{
  cases: DifferentiatedCase[];
  maps: { pits: number[]; at: number[] } & Record<'kernel' | 'steep' | 'linear', Mapped>;
}>('calibration');
const levelsOf = (count: number, like: Tensor) => arange(count).cast(like.dtype).add(0.5).div(count);

describe('probabilisticCalibrationError', () => {
  it('has the values of its equation', () => {
    expect(probabilisticCalibrationError(z, { levels: 4 })).toBeCloseTo(0.1875, 12);
    expect(probabilisticCalibrationError(z, { levels: 4, power: 2 })).toBeCloseTo(0.046875, 12);
    expect(probabilisticCalibrationError(z)).toBeCloseTo(0.15, 12);
    expect(probabilisticCalibrationError([0.5, 0.5])).toBeCloseTo(0.25, 12);
    expect(() => probabilisticCalibrationError([])).toThrow(/must be transforms/);
  });

  it('intervals are covered and have a width', () => {
    expect(intervalCoverage([0, 0], [1, 1], [0.5, 2])).toBe(0.5);
    expect(meanIntervalWidth([0, 0], [1, 3])).toBe(2);
  });
});

describe('regularisers', () => {
  it('have the values of their equations', async () => {
    await expectValue(() => c.pceKde(pits()), [0.1443903612]);
    await expectValue(() => c.pceKde(pits(), { steepness: 10 }), [0.1281310654]);
    await expectValue(() => c.pceKde(pits(), { steepness: 1e7 }), [0.15], 6);
    await expectValue(() => c.pceSort(pits()), [0.175]);
    await expectValue(() => c.spacingEntropy(pits()), [-0.1359906669]);
    await expectValue(() => c.pceSort(c64([0.8, 0.2, 0.6, 0.4])), [0]);
    await expectValue(() => c.spacingEntropy(c64([0.3])), [0]);
  });

  const named: Record<string, (inputs: Inputs, options: object) => Tensor> = {
    pceKde: ({ pits }, o) => c.pceKde(pits, o),
    pceSort: ({ pits }, o) => c.pceSort(pits, o),
    spacingEntropy: ({ pits }, o) => c.spacingEntropy(pits, o),
    quantilePceKde: ({ quantiles, targets }, o) => c.quantilePceKde(quantiles, targets, levelsOf(4, quantiles), o),
    truncatedCoverage: ({ quantiles, targets }) => c.truncatedCoverage(quantiles, targets, levelsOf(4, quantiles)),
  };
  it.each(reference.cases.map((each) => [`${each.name} ${JSON.stringify(each.options)}`, each] as const))(
    'agree with PyTorch: %s',
    // Second derivatives of a sigmoid of steepness 100 reach the thousands.
    (_, each) => agreesWith(each, (x) => named[each.name](x, each.options), { float32: 1e-4, float64: 1e-11 }),
  );

  it('have no slope where a difference of a power below 1 is 0', async () => {
    const met = () => c64([0.25, 0.5, 0.75]);
    await expectValue(() => grad((p: Tensor) => c.pceSort(p, { power: 0.5 }))(met()), [0, 0, 0]);
    await expectValue(() => c.pceSort(met().add(0.04), { power: 0.5 }), [0.2]);
  });

  it('take a smaller spacing where there are few transforms, and refuse what is none', async () => {
    const [few, root] = await Promise.all(
      [64, 2].map((spacing) => value(() => c.spacingEntropy(c64([0.1, 0.3, 0.35, 0.8, 0.9]), { spacing }))),
    );
    expect(few).toEqual(root);
    expect(() => c.spacingEntropy(pits(), { spacing: 0.5 })).toThrow(/spacing 0.5 must be a positive integer/);
    expect(() => c.quantilePceKde(zeros([2, 1]), zeros([2]), zeros([1]), { power: 0 })).toThrow(
      /quantilePceKde: power 0 must be positive/,
    );
  });

  it('a soft sort of little strength is the sort', async () => {
    await expectValue(() => c.pceSort(pits(), { strength: 1e-6 }), [0.175]);
    // Of much strength all values tend to their mean, 0.375.
    await expectValue(() => c.pceSort(pits(), { strength: 1e6 }), [(0.175 + 0.025 + 0.225 + 0.425) / 4], 5);
  });

  it('have the derivatives of their equations', async () => {
    const x = random64([7], { low: 0.05, high: 0.95 });
    await checkDerivatives((p) => c.pceKde(p, { levels: 10, steepness: 20 }), [x]);
    await checkDerivatives((p) => c.pceSort(p, { power: 2 }), [x]);
    await checkDerivatives((p) => c.pceSort(p, { strength: 0.1 }), [x]);
    await checkDerivatives((p) => c.spacingEntropy(p), [x], { tolerance: 1e-5 });
  });

  it('of quantiles have values and derivatives', async () => {
    const [q, y, levels] = [
      () =>
        c64([
          [0, 2],
          [0, 2],
        ]),
      () => c64([1, -1]),
      () => c64([0.25, 0.75]),
    ];
    await expectValue(() => c.quantilePceKde(q(), y(), levels(), { steepness: 1e4 }), [(0.25 + 0.25) / 2]);
    // Coverage 1/2 and 1: both too high; targets lie 1 below the first, 1 and 3 below the second.
    await expectValue(() => c.truncatedCoverage(q(), y(), levels()), [(0 + 1 + 1 + 3) / 4]);
    await checkDerivatives(
      (x, t) => c.quantilePceKde(x, t, levels(), { steepness: 3 }),
      [random64([4, 2]), random64([4], { stream: 1 })],
    );
    await checkDerivatives(
      (x, t) => c.truncatedCoverage(x, t, levels()),
      [random64([4, 2]), random64([4], { stream: 1 })],
    );
    expect(() => c.truncatedCoverage(zeros([2, 3]), zeros([2]), zeros([2]))).toThrow(
      /quantiles \[2, 3\], targets \[2\] and levels \[2\]/,
    );
    expect(() => c.pceKde(zeros([2, 2]))).toThrow(/pits float32\[2, 2\] must be float \[n\]/);
  });
});

describe('mixtures of normal distributions', () => {
  const standard = () => ({ logits: c64([[0]]), means: c64([[0]]), scales: c64([[1]]) });

  it('have the values of their equations', async () => {
    await expectValue(() => gaussianMixtureCrps(standard(), c64([0])), [0.2336949772]);
    await expectValue(() => gaussianMixtureNegativeLogLikelihood(standard(), c64([0])), [0.5 * Math.log(2 * Math.PI)]);
    await expectValue(() => gaussianMixtureCdf(standard(), c64([1.959963984540054])), [0.975]);
  });

  it('score as the integral of the squared distance of distribution functions', async () => {
    const mixture = (n: number) => ({
      logits: c64([[0.3, -0.5]]).broadcastTo([n, 2]),
      means: c64([[-1, 0.8]]).broadcastTo([n, 2]),
      scales: c64([[0.4, 0.9]]).broadcastTo([n, 2]),
    });
    const [points, low, high, y] = [4000, -8, 8, 0.3];
    const grid = Array.from({ length: points }, (_, i) => low + ((i + 0.5) * (high - low)) / points);
    const cdf = await value(() => gaussianMixtureCdf(mixture(points), c64(grid)));
    const integral = cdf.reduce((sum, F, i) => sum + (F - (grid[i] >= y ? 1 : 0)) ** 2, 0) * ((high - low) / points);
    const [crps] = await value(() => gaussianMixtureCrps(mixture(1), c64([y])));
    expect(crps).toBeCloseTo(integral, 3);
  });

  it('have the derivatives of their equations', async () => {
    const inputs = [
      random64([3, 2]),
      random64([3, 2], { stream: 1 }),
      random64([3, 2], { stream: 2 }),
      random64([3], { stream: 3 }),
    ];
    const of =
      (loss: typeof gaussianMixtureCrps) =>
      (logits: Tensor, means: Tensor, raw: Tensor, y: Tensor): Tensor =>
        loss({ logits, means, scales: raw.softplus().add(0.01) }, y, { reduction: 'none' });
    await checkDerivatives(of(gaussianMixtureCrps), inputs);
    await checkDerivatives(of(gaussianMixtureNegativeLogLikelihood), inputs);
    await checkDerivatives(of(gaussianMixtureCdf), inputs);
    expect(() =>
      gaussianMixtureCdf({ logits: zeros([2, 1]), means: zeros([2, 3]), scales: zeros([2, 3]) }, zeros([2])),
    ).toThrow(/logits \[2, 1\] must be \[n, components\], as means \[2, 3\]/);
  });
});

describe('recalibration', () => {
  it('interpolates through k / (n + 1)', () => {
    const { cdf, inverse, logSlope } = c.linearRecalibration(z);
    z.forEach((x, k) => {
      expect(cdf(x)).toBeCloseTo((k + 1) / 5, 12);
    });
    expect([cdf(0), cdf(1), inverse(0), inverse(1)]).toEqual([0, 1, 0, 1]);
    expect(logSlope(0.1)).toBeCloseTo(Math.log(0.2 / 0.15), 12);
    expect(c.linearRecalibration([0.5, 0.5, 0, 1]).cdf(0.5)).toBeCloseTo(0.5, 12);
  });

  it('counts', () => {
    const { cdf, inverse } = c.empiricalRecalibration(z);
    expect([cdf(0.04), cdf(0.05), cdf(0.5), cdf(1)]).toEqual([0, 0.25, 0.75, 1]);
    expect([inverse(0.25), inverse(0.26), inverse(1)]).toEqual([0.05, 0.2, 0.9]);
    expect(probabilisticCalibrationError(z.map(cdf))).toBeLessThanOrEqual(1 / 4);
  });

  it('agrees with PyTorch: kernels and lines', () => {
    const { pits: held, at } = reference.maps;
    const maps = {
      kernel: c.kernelRecalibration(held),
      steep: c.kernelRecalibration(held, { steepness: 20 }),
      linear: c.linearRecalibration(held),
    };
    for (const name of ['kernel', 'steep', 'linear'] as const)
      at.forEach((u, i) => {
        expect(maps[name].cdf(u), `${name} at ${u}`).toBeCloseTo(reference.maps[name].cdf[i], 12);
        expect(maps[name].logSlope(u), `${name}, slope at ${u}`).toBeCloseTo(reference.maps[name].logSlope[i], 9);
      });
  });

  it('smooths', () => {
    const { cdf, logSlope } = c.kernelRecalibration(z);
    expect([cdf(0), cdf(1)]).toEqual([0, 1]);
    for (const u of [0.1, 0.2, 0.7])
      expect(Math.exp(logSlope(u))).toBeCloseTo((cdf(u + 1e-6) - cdf(u - 1e-6)) / 2e-6, 5);
    // Uniform transforms are calibrated already, up to the ends.
    const even = c.kernelRecalibration(Array.from({ length: 1000 }, (_, i) => (i + 0.5) / 1000));
    for (const u of [0.01, 0.3, 0.99]) expect(even.cdf(u)).toBeCloseTo(u, 3);
  });

  it.each([
    ['linearRecalibration', c.linearRecalibration],
    ['kernelRecalibration', c.kernelRecalibration],
  ])('%s has an inverse, rises, and is the identity without data', (_, recalibrate) => {
    fc.assert(
      fc.property(fc.nat(1e6), fc.double({ min: 0, max: 1, noNaN: true }), (stream, p) => {
        const { cdf, inverse } = recalibrate(numbers(stream, 9, 0, 1));
        expect(cdf(inverse(p))).toBeCloseTo(p, 9);
        expect(cdf(0.3)).toBeLessThanOrEqual(cdf(0.30001));
      }),
      { numRuns: 30 },
    );
    expect([recalibrate([]).cdf(0.3), recalibrate([]).inverse(0.3)]).toEqual([0.3, 0.3]);
  });

  it('makes predictions that are too sure calibrated on new data', () => {
    // The true distribution function is that of u^2 where the model says u: transforms are roots of uniform numbers.
    const draw = (stream: number, n: number) => numbers(stream, n, 0, 1).map(Math.sqrt);
    const fresh = draw(2, 2000);
    const before = probabilisticCalibrationError(fresh);
    for (const recalibrate of [c.empiricalRecalibration, c.linearRecalibration, c.kernelRecalibration])
      expect(probabilisticCalibrationError(fresh.map(recalibrate(draw(1, 500)).cdf))).toBeLessThan(0.2 * before);
  });
});

describe('conformal prediction', () => {
  it('shifts quantiles to the rank of their level', () => {
    expect(c.conformalQuantile([3, 1, 2], 0.5)).toBe(2);
    expect(
      c.conformalQuantile(
        Array.from({ length: 19 }, (_, i) => i + 1),
        0.9,
      ),
    ).toBe(18);
    expect([c.conformalQuantile([3, 1, 2], 0), c.conformalQuantile([3, 1, 2], 1)]).toEqual([1, 3]);
    expect(
      c.conformalShifts(
        [
          [0, 10],
          [0, 10],
          [0, 10],
        ],
        [1, 2, 3],
        [0.5, 0.75],
      ),
    ).toEqual([2, -7]);
    expect(() => c.conformalShifts([[1]], [1, 2], [0.5])).toThrow(/targets \[2\] and levels \[1\]/);
  });

  it('covers new exchangeable data with its level, and little more', () => {
    const [n, level, repeats] = [19, 0.9, 20000];
    const draws = numbers(11, (n + 1) * repeats, 0, 1);
    let covered = 0;
    for (let r = 0; r < repeats; r++) {
      const scores = draws.slice(r * (n + 1), (r + 1) * (n + 1));
      if (scores[n] <= c.conformalQuantile(scores.slice(0, n), level)) covered++;
    }
    expect(covered / repeats).toBeGreaterThan(level - 0.01);
    expect(covered / repeats).toBeLessThan(level + 1 / (n + 1) + 0.01);
  });

  it('is linear recalibration at the ranks that fall on its knots', () => {
    const transforms = numbers(4, 19, 0, 1);
    const { inverse } = c.linearRecalibration(transforms);
    for (const level of [0.1, 0.5, 0.9]) expect(inverse(level)).toBeCloseTo(c.conformalQuantile(transforms, level), 9);
  });
});

it('training on a regulariser calibrates', async () => {
  // One scale for all: a normal distribution that starts four times too narrow.
  const y = numbers(8, 400, 0, 1).map(
    (u, i) => Math.sqrt(-2 * Math.log(1 - u)) * Math.cos(2 * Math.PI * numbers(9, 400, 0, 1)[i]),
  );
  const at = (scale: number) =>
    compile((t: Tensor) =>
      c.pceKde(
        gaussianMixtureCdf(
          {
            logits: c64([[0]]).broadcastTo([400, 1]),
            means: c64([[0]]).broadcastTo([400, 1]),
            scales: c64([[scale]]).broadcastTo([400, 1]),
          },
          t,
        ),
      ),
    )(ndarray(Float64Array.from(y)));
  const [narrow, right, wide] = await Promise.all([0.25, 1, 4].map(async (s) => toNumbers(await at(s))[0]));
  expect(right).toBeLessThan(narrow / 3);
  expect(right).toBeLessThan(wide / 3);
});
