import { describe, expect, it } from 'vitest';
import { grad, type Tensor, zeros } from '../../../src/index.js';
import {
  crossEntropy,
  labelSmoothingParts,
  labelSmoothingPenalty,
  logitPenalty,
  maxSup,
  maxSupPenalty,
} from '../../../src/losses/index.js';
import { checkDerivatives, random64 } from '../../support/derivatives.js';
import { c32, c64, expectValue } from '../../support/losses.js';

const logits = () =>
  c64([
    [2, -1, 0.5],
    [0, 1, -2],
  ]);
const labels = () => c32([0, 2]);
const none = { reduction: 'none' } as const;

describe('maxSup', () => {
  it('adds how far the winner lies above the mean', async () => {
    await expectValue(() => maxSupPenalty(logits()).mul(0.1), [0.15, 0.1333333333]);
    await expectValue(() => maxSup(logits(), labels()), [1.9368284234]);
    await expectValue(
      () => grad((z: Tensor) => maxSupPenalty(z).mul(0.1).sum())(logits()),
      [0.0666666667, -0.0333333333, -0.0333333333, -0.0333333333, 0.0666666667, -0.0333333333],
    );
  });

  it('is label smoothing where the prediction is right, pushes the label up where it is wrong', async () => {
    const smoothed = (z: Tensor) => crossEntropy(z, labels(), { labelSmoothing: 0.1, ...none });
    const gradient = (fn: (z: Tensor) => Tensor) => grad((z: Tensor) => fn(z).sum())(logits());
    const difference = () => gradient((z) => maxSup(z, labels(), none)).sub(gradient(smoothed));
    await expectValue(() => difference().at(0), [0, 0, 0], 14);
    // On the label: -alpha / C instead of +alpha (1 - 1 / C).
    await expectValue(() => difference().at(1).at(2), [-0.1], 14);
  });

  it('does not change when a number is added to all logits, takes a schedule, and shares ties', async () => {
    await expectValue(() => maxSup(logits().add(7), labels()).sub(maxSup(logits(), labels())), [0], 13);
    await expectValue(() => maxSup(logits(), labels(), { alpha: c64(0.1) }).sub(maxSup(logits(), labels())), [0], 14);
    await expectValue(() => grad((z: Tensor) => maxSupPenalty(z).sum())(c64([[1, 1]])), [0, 0], 14);
  });

  it('has the derivatives of its equation', async () => {
    await checkDerivatives((z) => maxSup(z, c32([1, 3, 0]), none), [random64([3, 4], { low: -2, high: 2 })]);
  });

  it('refuses a negative alpha and labels in place of logits', () => {
    expect(() => maxSup(zeros([1, 3]), c32([0]), { alpha: -1 })).toThrow(/maxSup: alpha -1/);
    expect(() => maxSupPenalty(c32([1, 2]))).toThrow(/maxSupPenalty: logits int32\[2\] must be float/);
  });
});

describe('label smoothing taken apart', () => {
  it('is cross-entropy plus the penalty', async () => {
    await expectValue(() => labelSmoothingPenalty(logits(), labels()).mul(0.1), [0.15, -0.1666666667]);
    await expectValue(
      () =>
        crossEntropy(logits(), labels(), none)
          .add(labelSmoothingPenalty(logits(), labels()).mul(0.1))
          .sub(crossEntropy(logits(), labels(), { labelSmoothing: 0.1, ...none })),
      [0, 0],
      13,
    );
  });

  it('regularises the right and amplifies the wrong', async () => {
    await expectValue(() => labelSmoothingParts(logits(), labels()).regularization.mul(0.1), [0.15, 0]);
    await expectValue(() => labelSmoothingParts(logits(), labels()).errorAmplification.mul(0.1), [0, -0.1666666667]);
  });
});

it('logitPenalty is half the squared norm', async () => {
  await expectValue(() => logitPenalty(logits()), [2.625, 2.5]);
});
