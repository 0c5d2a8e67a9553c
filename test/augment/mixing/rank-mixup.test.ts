import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  largestShares,
  type MixupRankingOptions,
  misalignedPairs,
  mixupNdcg,
  mixupRankingLoss,
  mixupViews,
  rankMixup,
} from '../../../src/augment/index.js';
import { compile, constant, grad, stack, type Tensor, toNumbers, zeros } from '../../../src/index.js';
import { crossEntropy, focalLoss } from '../../../src/losses/index.js';
import { key } from '../../../src/runtime/random/index.js';
import { allClose, checkDerivatives, close, random64 } from '../../support/derivatives.js';
import { fromGolden, type GoldenArray, golden } from '../../support/golden.js';
import { c32, c64, expectValue } from '../../support/losses.js';

/** Logits of two classes whose largest probability is p, above 1/2. */
const sure = (...p: number[]) => p.map((x) => [Math.log(x / (1 - x)), 0]);
/** One example of confidence 0.9 with three mixtures, in any order. */
const order = (places: readonly number[]) => {
  const [confidences, shares] = [
    [0.6, 0.8, 0.7],
    [0.7, 0.55, 0.9],
  ].map((values) => places.map((i) => values[i]));
  return mixupNdcg(c64(sure(0.9)), c64(confidences.map((p) => sure(p))), c64(shares.map((s) => [s])));
};

describe('largestShares', () => {
  it('are those of the larger part, 1 within a class', async () => {
    const shares = () => {
      const one = { partner: c32([1, 2, 0, 3]), share: c64(0.3) };
      const each = { partner: c32([3, 0, 1, 2]), share: c64([0.8, 0.5, 0.1, 0]) };
      return largestShares(c32([0, 1, 0, 2]), [one, each]);
    };
    await expectValue(shares, [0.7, 0.7, 1, 1, 0.8, 0.5, 0.9, 1]);
  });

  it('refuse what does not fit', () => {
    const mixture = { partner: c32([0, 1]), share: c64([0.1, 0.2, 0.3]) };
    expect(() => largestShares(c32([0, 1]), [mixture])).toThrow(/largestShares: labels int32\[2\].*shares \[3\]/);
    expect(() => largestShares(c32([0, 1]), [])).toThrow(/with a mixture or more/);
  });
});

describe('mixupRankingLoss', () => {
  const logits = () =>
    c64([
      [2, 0, -1],
      [0, 1, 0],
    ]);
  const mixed = () =>
    c64([
      [
        [1.5, 0.5, 0],
        [0.2, 0.1, 0.9],
      ],
    ]);

  it('has the values of its equation', async () => {
    const shares = () => c64([[0.6, 0.6]]);
    await expectValue(() => mixupRankingLoss(logits(), mixed(), shares()), [1.7]);
    const options: MixupRankingOptions = { margin: 0.1, space: 'probability' };
    await expectValue(() => mixupRankingLoss(logits(), mixed(), shares(), options), [0.0188901849]);
  });

  it('counts mixtures within a class as 0, in the mean too', async () => {
    const shares = () => c64([[1, 0.6]]);
    await expectValue(() => mixupRankingLoss(logits(), mixed(), shares(), { reduction: 'none' }), [0, 1.9]);
    await expectValue(() => mixupRankingLoss(logits(), mixed(), shares()), [0.95]);
    const gradient = () => grad((m: Tensor) => mixupRankingLoss(logits(), m, shares(), { reduction: 'sum' }))(mixed());
    await expectValue(gradient, [0, 0, 0, 0, 0, 1]);
  });
});

describe('mixupNdcg', () => {
  it('has the value of its equation', async () => {
    await expectValue(() => order([0, 1, 2]), [0.0782086213]);
  });

  it('does not depend on the order of the mixtures', async () => {
    for (const places of [
      [1, 0, 2],
      [2, 1, 0],
      [1, 2, 0],
    ])
      await expectValue(() => order(places).sub(order([0, 1, 2])), [0], 14);
  });

  it('is 0 where confidences are the shares, with no derivative, and above 0 where they are too high or too low', async () => {
    // The most that logits of 60 can be sure of is 1 but for rounding.
    const of = (confidences: number[]) =>
      mixupNdcg(c64([[60, 0]]), c64(confidences.map((p) => sure(p))), c64([[0.7], [0.55], [0.9]]));
    await expectValue(() => of([0.7, 0.55, 0.9]), [0], 14);
    const gradient = () =>
      grad((m: Tensor) => mixupNdcg(c64([[60, 0]]), m, c64([[0.7], [0.55], [0.9]])))(
        c64([sure(0.7), sure(0.55), sure(0.9)]),
      );
    const [low, high] = await Promise.all([
      compile(() => of([0.6, 0.55, 0.8]))(),
      compile(() => of([0.8, 0.65, 0.95]))(),
    ]);
    expect(toNumbers(low)[0]).toBeGreaterThan(0.01);
    expect(toNumbers(high)[0]).toBeGreaterThan(0.01);
    // Rounding puts the two sums on either side of each other, so the slope is that of one side, which is bounded.
    for (const slope of toNumbers(await compile(gradient)())) expect(Math.abs(slope)).toBeLessThan(0.1);
  });

  it('is not that of confidences which are all smaller by a factor: shares are values, not ranks alone', async () => {
    const of = (factor: number) =>
      mixupNdcg(c64(sure(0.95)), c64([sure(0.9 * factor), sure(0.8 * factor)]), c64([[0.9], [0.8]]));
    const [whole, part] = await Promise.all([compile(() => of(1))(), compile(() => of(0.75))()]);
    expect(toNumbers(part)[0]).toBeGreaterThan(toNumbers(whole)[0] + 0.05);
  });

  it('has the derivatives of its values', async () => {
    const shares = () =>
      c64([
        [0.7, 1, 0.6],
        [0.9, 0.55, 1],
      ]);
    const inputs = [random64([3, 4], { low: -2, high: 2 }), random64([2, 3, 4], { low: -2, high: 2, stream: 1 })];
    await checkDerivatives((z, m) => mixupNdcg(z, m, shares(), { reduction: 'none' }), inputs);
    const options: MixupRankingOptions = { space: 'probability', margin: 0.3, reduction: 'none' };
    await checkDerivatives((z, m) => mixupRankingLoss(z, m, shares(), options), inputs);
  });

  it('refuses what does not fit', () => {
    expect(() => mixupNdcg(zeros([2, 3]), zeros([2, 3]), zeros([2]))).toThrow(
      /mixupNdcg: logits \[2, 3\], mixed \[2, 3\] and shares \[2\] must be/,
    );
    expect(() => mixupRankingLoss(zeros([2, 3]), zeros([1, 2, 3]), zeros([1, 2]), { margin: -1 })).toThrow(/margin -1/);
  });
});

const rankings = { mixupNdcg, mixupRankingLoss };

describe("both, against the authors' definition in PyTorch", () => {
  const { labels, partners, shares, cases } = golden<{
    rank: {
      labels: number[];
      partners: number[][];
      shares: number[];
      cases: {
        name: keyof typeof rankings;
        options: MixupRankingOptions;
        logits: GoldenArray;
        mixed: GoldenArray;
        cotangent: GoldenArray;
        output: GoldenArray;
        gradients: GoldenArray[];
      }[];
    };
  }>('mixing').rank;

  it.each(cases.map((c, i) => [`${i} ${c.name}`, c] as const))('%s', async (_, c) => {
    const run = compile((z: Tensor, m: Tensor, u: Tensor) => {
      const mixtures = shares.map((share, i) => ({ partner: c32(partners[i]), share: c64(share) }));
      const fn = (a: Tensor, b: Tensor) =>
        rankings[c.name](a, b, largestShares(c32(labels), mixtures), { ...c.options, reduction: 'none' });
      return {
        output: fn(z, m),
        gradients: grad(([a, b]: readonly [Tensor, Tensor]) => fn(a, b).mul(u).sum())([z, m]),
      };
    });
    const { output, gradients } = await run(fromGolden(c.logits), fromGolden(c.mixed), fromGolden(c.cotangent));
    expect(output.shape).toEqual(c.output.shape);
    allClose(output, c.output.data, 1e-12, 'output');
    gradients.forEach((g, i) => {
      allClose(g, c.gradients[i].data, 1e-12, `gradient ${i}`);
    });
  });
});

describe('rankMixup', () => {
  const x = random64([5, 4], { stream: 2 });
  const weights = random64([4, 3], { stream: 3 });
  const y = () => c32([0, 1, 2, 1, 0]);

  it('is the loss of the examples and the ranking of their mixtures', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(1e6), fc.double({ min: 0, max: 3, noNaN: true }), async (seed, weight) => {
        const run = compile((p: Tensor, w: Tensor, k: Tensor) => {
          const { mixtures } = mixupViews(p, k, { views: 2, alpha: 1 });
          const mixed = stack(mixtures.map((mixture) => mixture.x.matmul(w)));
          const shares = largestShares(y(), mixtures);
          const [z, loss] = [p.matmul(w), focalLoss(p.matmul(w), y())];
          const options = { weight, views: 2, alpha: 1, loss: focalLoss };
          const model = (v: Tensor) => v.matmul(w);
          return {
            ndcg: rankMixup(model, p, y(), k, options).sub(loss.add(mixupNdcg(z, mixed, shares).mul(weight))),
            margin: rankMixup(model, p, y(), k, { ...options, ranking: mixupRankingLoss }).sub(
              loss.add(mixupRankingLoss(z, mixed, shares).mul(weight)),
            ),
          };
        });
        const { ndcg, margin } = await run(x, weights, key(seed));
        close(toNumbers(ndcg)[0], 0, 1e-14, 'M-NDCG');
        close(toNumbers(margin)[0], 0, 1e-14, 'MRL');
      }),
      { numRuns: 5 },
    );
  });

  it('applies the model to the examples, and to three mixtures of each at once', async () => {
    const shapes: string[] = [];
    const model = (w: Tensor) => (v: Tensor) => {
      shapes.push(v.shape.join());
      return v.matmul(w);
    };
    await compile((p: Tensor, w: Tensor, k: Tensor) => rankMixup(model(w), p, y(), k))(x, weights, key(3));
    expect(shapes).toEqual(['5,4', '15,4']);
  });

  it('with weight 0 is cross-entropy, and its mixtures are the examples with alpha 0', async () => {
    const run = compile((p: Tensor, w: Tensor, k: Tensor) => ({
      loss: rankMixup((v) => v.matmul(w), p, y(), k, { weight: 0 }).sub(crossEntropy(p.matmul(w), y())),
      apart: mixupViews(p, k, { alpha: 0, views: 1 }).x.sub(p),
    }));
    const { loss, apart } = await run(x, weights, key(1));
    close(toNumbers(loss)[0], 0, 1e-14, 'cross-entropy');
    expect(toNumbers(apart).every((v) => v === 0)).toBe(true);
  });

  it('draws shares and permutations of its own for each view', async () => {
    const { mixtures } = await compile((p: Tensor, k: Tensor) => mixupViews(p, k, { views: 3 }))(x, key(2));
    expect(new Set(mixtures.map(({ share }) => toNumbers(share)[0])).size).toBe(3);
    expect(new Set(mixtures.map(({ partner }) => toNumbers(partner).join())).size).toBeGreaterThan(1);
  });

  it('refuses a negative weight, and no views', () => {
    const k = constant(key(0));
    expect(() => rankMixup((v) => v, zeros([1, 2]), c32([0]), k, { weight: -1 })).toThrow(/rankMixup: weight -1/);
    expect(() => mixupViews(zeros([1, 2]), k, { views: 0 })).toThrow(/mixupViews: views 0 must be a positive integer/);
  });
});

describe('misalignedPairs', () => {
  it('counts pairs in which confidence and share disagree, ties of shares left out', async () => {
    const confidences = () =>
      c64([
        [0.9, 0.6, 0.8, 0.7],
        [0.9, 0.8, 0.7, 0.6],
        [0.5, 0.6, 0.7, 0.8],
      ]);
    const shares = () =>
      c64([
        [1, 0.7, 0.55, 0.9],
        [1, 0.9, 0.8, 0.7],
        [1, 1, 1, 1],
      ]);
    // Of the first row's six pairs 0.6 at 0.7 and 0.7 at 0.9 are both below 0.8 at 0.55.
    await expectValue(() => misalignedPairs(confidences(), shares()), [2 / 6, 0, 0]);
    await expectValue(() => misalignedPairs(confidences().neg(), shares()), [4 / 6, 1, 0]);
  });
});
