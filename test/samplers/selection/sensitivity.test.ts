import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compile, constant, type NDArray, ndarray, type Tensor, toNumbers } from '../../../src/index.js';
import { key } from '../../../src/runtime/random/index.js';
import {
  clusterRepresentatives,
  leverageScores,
  medianSlack,
  sensitivityProbabilities,
  sensitivitySample,
  sensitivitySampleSize,
  sensitivitySubset,
  squaredErrors,
  weightedLeastSquares,
  weightedMeanLoss,
} from '../../../src/samplers/index.js';
import { allClose, close, random64 } from '../../support/derivatives.js';

const f64 = (values: Parameters<typeof ndarray>[0]): NDArray => ndarray(values as number[], { dtype: 'float64' });
const x = [0, 1, 2, 10, 11, 14];
const lossAt = (v: number) => (v - 4) ** 2 / 10;
const losses = x.map(lossAt);
const clusters = () => ({
  assignments: constant([0, 0, 0, 1, 1, 1], 'int32'),
  distances: constant([1, 0, 1, 1, 0, 3], 'float64'),
});
const probabilities = (exponent: 1 | 2, slack: number | number[] = 0.5, scores = [lossAt(1), lossAt(11)]) =>
  compile(() =>
    sensitivityProbabilities(constant(scores, 'float64'), clusters(), {
      slack: typeof slack === 'number' ? slack : constant(slack, 'float64'),
      exponent,
    }),
  )();

describe('clusterRepresentatives', () => {
  it('stands for clusters by members, at a distance of 0 from themselves', async () => {
    const got = await compile((p: Tensor) => clusterRepresentatives(p, { clusters: 2, key: key(0) }))(
      f64(x.map((v) => [v])),
    );
    const own = toNumbers(got.assignments);
    expect(own).toEqual([own[0], own[0], own[0], 1 - own[0], 1 - own[0], 1 - own[0]]);
    const points = toNumbers(got.representatives).map((i) => x[i]);
    expect(points[own[0]]).toBe(1);
    expect(points[1 - own[0]]).toBe(11);
    expect(toNumbers(got.distances)).toEqual([1, 0, 1, 1, 0, 3]);
  });

  it('leaves none at a distance where every point has a cluster of its own', async () => {
    const got = await compile((p: Tensor) => clusterRepresentatives(p, { clusters: 7, key: key(1) }))(
      random64([7, 3], { stream: 1, low: 100, high: 101 }),
    );
    expect(toNumbers(got.distances)).toEqual(new Array(7).fill(0));
    expect([...toNumbers(got.representatives)].sort()).toEqual([0, 1, 2, 3, 4, 5, 6]);
  });
});

describe('sensitivityProbabilities', () => {
  it('has the values of the card', async () => {
    const [one, two] = [await probabilities(1), await probabilities(2)];
    allClose(one, [0.06862745, 0.04411765, 0.06862745, 0.26470588, 0.24019608, 0.31372549], 1e-8, 'z = 1');
    allClose(two, [0.05982906, 0.03846154, 0.05982906, 0.23076923, 0.20940171, 0.4017094], 1e-8, 'z = 2');
    const total = losses.reduce((a, b) => a + b);
    close(total, 21.4, 1e-12, 'total');
    const variance = (p: number[]) => losses.reduce((sum, l, i) => sum + (l * l) / p[i], 0) - total * total;
    close(variance(toNumbers(one)), 67.70428571, 1e-7, 'variance, z = 1');
    close(variance(toNumbers(two)), 28.31902736, 1e-7, 'variance, z = 2');
    close(variance(new Array(6).fill(1 / 6)), 385.04, 1e-9, 'variance, even');
  });

  it('squares distances by default, here and for the slack', async () => {
    const got = await compile(() => {
      const scores = constant([lossAt(1), lossAt(11)], 'float64');
      const [l, d] = [constant([1, 5, 9], 'float64'), constant([1, 2, 3], 'float64')];
      return [
        sensitivityProbabilities(scores, clusters(), { slack: 0.5 }),
        sensitivityProbabilities(scores, clusters(), { slack: 0.5, exponent: 2 }),
        medianSlack(l, l.mul(0), d),
        medianSlack(l, l.mul(0), d, { exponent: 2 }),
      ];
    })();
    expect(toNumbers(got[0])).toEqual(toNumbers(got[1]));
    expect([toNumbers(got[2]), toNumbers(got[3])]).toEqual([[1], [1]]);
  });

  it('is even without slack and for equal scores, follows distance alone for large slack, and is even for nothing', async () => {
    allClose(await probabilities(2, 0, [3, 3]), new Array(6).fill(1 / 6), 1e-15, 'no slack');
    const distant = [1, 0, 1, 1, 0, 9].map((v) => v / 12);
    allClose(await probabilities(2, 1e12), distant, 1e-10, 'slack alone');
    allClose(await probabilities(2, 0, [0, 0]), new Array(6).fill(1 / 6), 1e-15, 'nothing');
  });

  it('takes a slack for each cluster, and ignores a common scale of loss and slack', async () => {
    const [plain, scaled] = [await probabilities(1, [0.5, 2]), await probabilities(1, [3.5, 14], [7 * 0.9, 7 * 4.9])];
    allClose(
      plain,
      [1.4, 0.9, 1.4, 6.9, 4.9, 10.9].map((v) => v / 26.4),
      1e-14,
      'slack for each',
    );
    allClose(scaled, toNumbers(plain), 1e-14, 'scaled');
  });
});

describe('medianSlack', () => {
  const slack = compile((l: Tensor, s: Tensor, d: Tensor) => medianSlack(l, s, d, { exponent: 1 }));

  it('is the median over points that are no representatives', async () => {
    const scores = [0.9, 0.9, 0.9, 4.9, 4.9, 4.9];
    const distances = [1, 0, 1, 1, 0, 3];
    const ratios = [0, 2, 3, 5].map((i) => Math.abs(losses[i] - scores[i]) / distances[i]).sort((a, b) => a - b);
    allClose(await slack(f64(losses), f64(scores), f64(distances)), [(ratios[1] + ratios[2]) / 2], 1e-12, 'even');
    allClose(await slack(f64([1, 5, 3]), f64([0, 0, 0]), f64([1, 1, 1])), [3], 1e-15, 'odd');
    allClose(await slack(f64([1, 2]), f64([0, 0]), f64([0, 0])), [0], 1e-15, 'representatives alone');
  });
});

describe('sensitivitySample', () => {
  const sample = (samples: number) => compile((p: Tensor, k: Tensor) => sensitivitySample(p, k, { samples }));

  it('draws with the probabilities given, and weighs by their inverse', async () => {
    const p = toNumbers(await probabilities(2));
    const got = await sample(20000)(f64(p), key(0));
    const counts = new Array(6).fill(0);
    const [indices, weights] = [toNumbers(got.indices), toNumbers(got.weights)];
    indices.forEach((e, i) => {
      counts[e]++;
      close(weights[i], 1 / (20000 * p[e]), 1e-12, 'weight');
    });
    counts.forEach((c, e) => expect(Math.abs(c / 20000 - p[e])).toBeLessThan(5 * Math.sqrt(p[e] / 20000)));
    const estimate = await compile((l: Tensor, w: Tensor) => weightedMeanLoss(l, w, { points: 6 }))(
      f64(indices.map((e) => losses[e])),
      got.weights,
    );
    // One draw has variance 28.3: five standard errors of the total, over 6 points.
    expect(Math.abs(toNumbers(estimate)[0] - 21.4 / 6)).toBeLessThan((5 * Math.sqrt(28.32 / 20000)) / 6);
  });

  it('estimates without error where probabilities are proportional to the loss', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 1e6 }), async (seed) => {
        const loss = toNumbers(random64([9], { stream: seed, low: 0.1, high: 3 }));
        const { indices, weights } = await sample(4)(f64(loss), key(seed));
        const estimate = toNumbers(indices).reduce((sum, e, i) => sum + loss[e] * toNumbers(weights)[i], 0);
        close(
          estimate,
          loss.reduce((a, b) => a + b),
          1e-12,
          'total',
        );
      }),
      { numRuns: 15 },
    );
  });

  it('never draws what has no probability, and the same again from the same key', async () => {
    const p = f64([0, 0.5, 0, 0, 0.5, 0]);
    const [a, b, c] = [await sample(500)(p, key(3)), await sample(500)(p, key(3)), await sample(500)(p, key(4))];
    expect(new Set(toNumbers(a.indices))).toEqual(new Set([1, 4]));
    expect(toNumbers(a.indices)).toEqual(toNumbers(b.indices));
    expect(toNumbers(a.indices)).not.toEqual(toNumbers(c.indices));
    await expect(sample(3)(f64([0, 0]), key(0))).rejects.toThrow(/probabilities sum to 0/);
  });
});

describe('sensitivitySubset', () => {
  it('draws different points, the likelier more often', async () => {
    const draw = compile((p: Tensor, k: Tensor) => sensitivitySubset(p, k, { samples: 2 }));
    const first = new Array(4).fill(0);
    for (let seed = 0; seed < 400; seed++) {
      const [a, b] = toNumbers(await draw(f64([0.1, 0.2, 0, 0.7]), key(seed)));
      expect(a).not.toBe(b);
      first[a]++;
    }
    expect(first[2]).toBe(0);
    [0.1, 0.2, 0, 0.7].forEach((p, i) => expect(Math.abs(first[i] / 400 - p)).toBeLessThan(5 * Math.sqrt(0.25 / 400)));
  });
});

describe('least squares', () => {
  const [a, b] = [random64([20, 3], { stream: 5 }), random64([20], { stream: 6 })];

  it('has leverages that sum to the rank, those of a projection', async () => {
    const scores = await compile((m: Tensor) => leverageScores(m))(a);
    const values = toNumbers(scores);
    close(
      values.reduce((s, v) => s + v),
      3,
      1e-12,
      'rank',
    );
    for (const v of values) expect(v >= 0 && v <= 1).toBe(true);
    const twice = await compile((m: Tensor) => leverageScores(m.concat(m.slice([null, [0, 1]]), 1)))(a);
    allClose(twice, values, 1e-10, 'a column that says nothing new');
  });

  it('has residuals orthogonal to the columns, and takes a weight for a repetition', async () => {
    const got = await compile((m: Tensor, y: Tensor) => {
      const solution = weightedLeastSquares(m, y);
      const weights = constant([2, ...new Array(19).fill(1)], 'float64');
      return {
        normal: m.transpose().matmul(m.matmul(solution).sub(y)),
        errors: squaredErrors(m, y, solution).sum(),
        residual: m.matmul(solution).sub(y).square().sum(),
        weighted: weightedLeastSquares(m, y, weights),
        repeated: weightedLeastSquares(m.concat(m.slice([[0, 1]])), y.concat(y.slice([[0, 1]]))),
      };
    })(a, b);
    allClose(got.normal, [0, 0, 0], 1e-13, 'normal equations');
    allClose(got.errors, toNumbers(got.residual), 1e-14, 'errors');
    allClose(got.weighted, toNumbers(got.repeated), 1e-12, 'weights');
  });
});

describe('sample sizes and errors', () => {
  it('follows the theorem', () => {
    expect(sensitivitySampleSize(0.1)).toBe(Math.ceil(206.6666));
    expect(sensitivitySampleSize(0.5)).toBe(10);
    expect(() => sensitivitySampleSize(0)).toThrow(/error 0/);
  });

  const p = constant([0.5, 0.5]);
  const k = constant([0, 0], 'int32');
  it.each<[string, () => unknown, RegExp]>([
    ['scores', () => sensitivityProbabilities(constant([[1]]), clusters(), { slack: 1 }), /scores \[1, 1\]/],
    ['exponent', () => sensitivityProbabilities(p, clusters(), { slack: 1, exponent: 3 as 2 }), /exponent 3/],
    ['slack', () => sensitivityProbabilities(p, clusters(), { slack: -1 }), /slack -1/],
    [
      'slacks',
      () => sensitivityProbabilities(p, clusters(), { slack: constant([1]) }),
      /slack \[1\] must be one number or \[2\]/,
    ],
    [
      'distances',
      () => sensitivityProbabilities(p, { assignments: k, distances: constant([1]) }, { slack: 1 }),
      /assignments \[2\] and distances \[1\]/,
    ],
    ['samples', () => sensitivitySample(p, k, { samples: 0 }), /samples 0/],
    ['probabilities', () => sensitivitySample(constant([[1]]), k, { samples: 1 }), /probabilities \[1, 1\]/],
    ['too many', () => sensitivitySubset(p, k, { samples: 3 }), /3 samples are more than the 2 points/],
    ['weights', () => weightedMeanLoss(p, constant([1]), { points: 2 }), /losses \[2\] and weights \[1\]/],
    ['median', () => medianSlack(p, p, constant([1])), /distances \[1\] must be \[m\]/],
    ['matrix', () => leverageScores(p), /a \[2\] must be \[n, d\]/],
    ['b', () => weightedLeastSquares(constant([[1, 2]]), p), /b \[2\] and weights \[2\] must be \[1\]/],
    [
      'x',
      () => squaredErrors(constant([[1, 2]]), constant([1]), constant([1])),
      /b \[1\] and x \[1\] must be \[1\] and \[2\]/,
    ],
  ])('refuses %s that do not fit', (_, fn, message) => {
    expect(fn).toThrow(message);
  });
});
