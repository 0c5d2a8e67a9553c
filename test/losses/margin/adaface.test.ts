import { describe, expect, it } from 'vitest';
import { grad, type Tensor, zeros } from '../../../src/index.js';
import * as losses from '../../../src/losses/index.js';
import { checkDerivatives, random64 } from '../../support/derivatives.js';
import { c32, c64, expectValue } from '../../support/losses.js';

const cosines = () =>
  c64([
    [0.6, 0.1, -0.2],
    [0.3, -0.5, 0.4],
    [0.2, 0.1, -0.95],
  ]);
const labels = () => c32([0, 2, 2]);
const statistics = (mean = 20, deviation = 10) => ({ mean: c64(mean), deviation: c64(deviation) });
/** Features of lengths 10, 20 and 30. */
const features = () =>
  c64([
    [6, 8],
    [0, 20],
    [18, -24],
  ]);

describe('featureQuality', () => {
  it('is the length in deviations from the mean', async () => {
    await expectValue(() => losses.featureQuality(features(), statistics()), [-0.3329667033, 0, 0.3329667033]);
    await expectValue(() => losses.featureQuality(features(), statistics(20, 0)), [-1, 0, 1]);
    await expectValue(() => losses.featureQuality(features(), statistics(), { concentration: 2 }), [-1, 0, 1]);
    expect(() => losses.featureQuality(features(), { mean: c64([1, 2]), deviation: c64(1) })).toThrow(
      /mean float64\[2\] must be a float64 scalar/,
    );
  });
});

describe('updateNormStatistics', () => {
  it('moves towards those of the batch', async () => {
    const next = (rate: number, x = features()) => {
      const { mean, deviation } = losses.updateNormStatistics(statistics(10, 100), x, { rate });
      return mean.expandDims(0).concat(deviation.expandDims(0));
    };
    await expectValue(() => next(1), [20, 10]);
    await expectValue(() => next(0.01), [10.1, 99.1]);
    expect(losses.initialNormStatistics().mean.data[0]).toBe(20);
    expect(losses.initialNormStatistics().deviation.data[0]).toBe(100);
    // One sample has no deviation; lengths count as at most 100.
    await expectValue(() => next(1, c64([[3, 4]])), [10, 100]);
    await expectValue(
      () =>
        next(
          1,
          c64([
            [3, 4],
            [300, 400],
          ]),
        ),
      [52.5, 95 / Math.SQRT2],
    );
    expect(() => next(2)).toThrow(/rate 2 must be/);
    const byDefault = () => losses.updateNormStatistics(statistics(10, 100), features());
    await expectValue(() => byDefault().mean, [10.1]);
    const trained = (x: Tensor) => {
      const { mean, deviation } = losses.updateNormStatistics(statistics(), x, { rate: 1 });
      return mean.add(deviation);
    };
    await expectValue(() => grad(trained)(features()), Array(6).fill(0));
  });
});

describe('adaFaceLogits', () => {
  it('are ArcFace for the worst, CosFace in between, and a margin the other way for the best', async () => {
    const target = (quality: number) => () =>
      losses.adaFaceLogits(c64([[0.6, 0]]), c64([quality]), c32([0]), { scale: 1 }).at(0);
    await expectValue(target(-1), [0.2411019226, 0]);
    await expectValue(target(0), [0.2, 0]);
    await expectValue(target(1), [0.0641712702, 0]);
    await expectValue(
      () =>
        losses
          .adaFaceLogits(cosines(), c64([-1, -1, -1]), labels(), { scale: 8, margin: 0.2 })
          .sub(losses.arcFaceLogits(cosines(), labels(), { scale: 8, margin: 0.2 })),
      Array(9).fill(0),
    );
    await expectValue(
      () => losses.adaFaceLogits(cosines(), c64([-1, 0.3, 1]), labels(), { scale: 8, margin: 0 }).sub(cosines().mul(8)),
      Array(9).fill(0),
    );
  });

  it('keep the angle with the margin within 0 and pi, and take quality for a constant', async () => {
    const logits = (cosine: number, quality: number) => (c: Tensor) =>
      losses.adaFaceLogits(c.mul(cosine), c64([quality]), c32([0]), { scale: 1 }).sum();
    for (const [cosine, quality, additive] of [
      [-0.99, -1, 0],
      [0.999, 1, 0.8],
    ] as const) {
      const inside = Math.sign(cosine) * Math.cos(1e-3) - additive;
      await expectValue(() => logits(cosine, quality)(c64([[1]])), [inside]);
      await expectValue(() => grad(logits(cosine, quality))(c64([[1]])), [0]);
    }
    const ofQuality = (k: Tensor) => losses.adaFaceLogits(cosines(), k, labels()).sum();
    await expectValue(() => grad(ofQuality)(c64([-0.5, 0, 0.5])), [0, 0, 0]);
  });

  it('have a slope that favours hard samples the more, the better they are', async () => {
    const slope = (degrees: number, quality: number) => () => {
      const cosine = c64([[Math.cos((degrees * Math.PI) / 180), 0]]);
      const logit = (c: Tensor) => losses.adaFaceLogits(c, c64([quality]), c32([0]), { scale: 1 }).sum();
      return grad(logit)(cosine).at(0).at(0);
    };
    for (const [degrees, expected] of [
      [30, [1.5955533483, 1, 0.2465686397]],
      [110, [0.7793243087, 1, 1.0627976793]],
    ] as const)
      for (const [i, quality] of [-1, 0, 1].entries()) await expectValue(slope(degrees, quality), [expected[i]]);
    await checkDerivatives(
      (c) => losses.adaFaceLogits(c, c64([-0.5, 0.7]), c32([0, 2]), { scale: 4 }),
      [random64([2, 3], { low: -0.9, high: 0.9 })],
    );
  });
});

describe('adaFace', () => {
  it('is the cross-entropy of its logits at the quality of the features', async () => {
    const logits = () =>
      losses.adaFaceLogits(cosines(), losses.featureQuality(features(), statistics()), labels(), { scale: 8 });
    await expectValue(
      () => logits().takeAlongAxis(labels().expandDims(-1)).squeeze(-1),
      [1.7731065513, 0, -11.4664685203],
    );
    await expectValue(() => losses.crossEntropy(logits(), labels()), [5.4236902761]);
  });

  it('does not train lengths', async () => {
    const weights = () =>
      c64([
        [1, 2],
        [0, -1],
        [3, 1],
      ]);
    const loss = (x: Tensor) => losses.adaFace(x, weights(), labels(), statistics(), { scale: 8 });
    await expectValue(() => grad(loss)(features()).mul(features()).sum(-1), [0, 0, 0]);
    await expectValue(() => grad(loss)(features()).abs().sum().greater(0.1).cast('float64'), [1]);
    expect(() => losses.adaFace(zeros([2, 3]), zeros([2, 2]), c32([0, 1]), statistics())).toThrow(
      /adaFace: features \[2, 3\] and weights \[2, 2\]/,
    );
  });
});
