import { describe, expect, it } from 'vitest';
import { compile, grad, type Tensor, toNumbers, zeros } from '../../../src/index.js';
import * as losses from '../../../src/losses/index.js';
import { key } from '../../../src/runtime/random/index.js';
import { checkDerivatives, random64 } from '../../support/derivatives.js';
import { c64, expectValue } from '../../support/losses.js';

describe('latent variables', () => {
  it('gaussianKl has the value of its equation', async () => {
    await expectValue(() => losses.gaussianKl(c64([[0.5]]), c64([[2 * Math.log(0.8)]])), [0.1681435513]);
    await expectValue(() => losses.gaussianKl(zeros([2, 3]), zeros([2, 3])), [0]);
  });

  it('expectedLossVae adds it to the reconstruction', async () => {
    await expectValue(
      () => losses.expectedLossVae(c64([0.01, 0.03]), c64([[0.5], [0]]), c64([[2 * Math.log(0.8)], [0]]), { beta: 10 }),
      [(0.1 + 0.3 + 0.1681435513) / 2],
    );
  });

  it('flowNegativeLogLikelihood is that of the density it defines', async () => {
    // z = 2 x of a standard normal z: x has standard deviation 1/2.
    const density = (x: number) => Math.exp(-2 * x * x) * (2 / Math.sqrt(2 * Math.PI));
    await expectValue(
      () => losses.flowNegativeLogLikelihood(c64([[0.6]]), c64([Math.log(2)])),
      [-Math.log(density(0.3))],
    );
  });

  it('contrastiveDivergence is a difference of energies', async () => {
    await expectValue(() => losses.contrastiveDivergence(c64([1, 2]), c64([3, 1])), [-0.5]);
  });
});

describe('adversarial losses', () => {
  it('are those of their sigmoids', async () => {
    const D = (x: number) => 1 / (1 + Math.exp(-x));
    const expected = -(Math.log(D(2)) + Math.log(D(-1))) / 2 - Math.log(1 - D(0.5));
    await expectValue(() => losses.discriminatorLoss(c64([2, -1]), c64([0.5])), [expected]);
    await expectValue(() => losses.generatorLoss(c64([0.5])), [-Math.log(D(0.5))]);
    await expectValue(() => losses.minimaxGeneratorLoss(c64([0.5])), [Math.log(1 - D(0.5))]);
    await expectValue(() => losses.wassersteinCriticLoss(c64([2, -1]), c64([0.5])), [0]);
  });

  it('gradientPenalty measures the slope of the critic, and is differentiable in it', async () => {
    const run = compile((w: Tensor, k: Tensor) => {
      const critic = (slope: Tensor) => (x: Tensor) => x.matmul(slope);
      const penalty = (slope: Tensor) =>
        losses.gradientPenalty(
          critic(slope),
          c64([
            [1, 2],
            [3, 4],
          ]),
          zeros([2, 2], 'float64'),
          k,
        );
      return [penalty(w), grad(penalty)(w)];
    });
    const [penalty, slope] = (await run(random64([2]), key(1))).map(toNumbers);
    const w = Array.from(random64([2]).data);
    const norm = Math.hypot(...w);
    expect(penalty[0]).toBeCloseTo(10 * (norm - 1) ** 2, 12);
    slope.forEach((g, i) => {
      expect(g).toBeCloseTo((20 * (norm - 1) * w[i]) / norm, 12);
    });
  });

  it('gradientPenalty looks between the samples', async () => {
    // The slope of x^2 / 2 at u is u, uniform on [0, 1): the mean of 10 (u - 1)^2 is 10 / 3.
    const run = compile((k: Tensor) =>
      losses.gradientPenalty((x) => x.square().mul(0.5).sum(-1), zeros([4096, 1]).add(1), zeros([4096, 1]), k),
    );
    expect(toNumbers(await run(key(7)))[0]).toBeCloseTo(10 / 3, 0);
  });
});

it('featureReconstruction weighs layers', async () => {
  await expectValue(
    () =>
      losses.featureReconstruction([c64([[1, 2]]), c64([[[3]]])], [c64([[1, 4]]), c64([[[0]]])], { weights: [0.5, 2] }),
    [0.5 * 2 + 2 * 9],
  );
  expect(() => losses.featureReconstruction([zeros([1, 2])], [])).toThrow(/1 layers of predictions, 0 of targets/);
});

it('losses of generation have the derivatives of their equations', async () => {
  const [x, y] = [random64([3, 2]), random64([3, 2], { stream: 1 })];
  await checkDerivatives((a, b) => losses.gaussianKl(a, b), [x, y]);
  await checkDerivatives((a, b) => losses.expectedLossVae(a.square().sum(1), a, b), [x, y]);
  await checkDerivatives((a, b) => losses.flowNegativeLogLikelihood(a, b.sum(1)), [x, y]);
  await checkDerivatives((a, b) => losses.discriminatorLoss(a, b), [x, y]);
  await checkDerivatives((a) => losses.generatorLoss(a).add(losses.minimaxGeneratorLoss(a.square())), [x]);
  await checkDerivatives((a, b) => losses.featureReconstruction([a], [b]), [x, y]);
});
