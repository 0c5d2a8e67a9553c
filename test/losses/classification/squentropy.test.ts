import { describe, expect, it } from 'vitest';
import { grad, type Tensor, zeros } from '../../../src/index.js';
import { crossEntropy, meanSquaredError, rescaledSquareLoss, squentropy } from '../../../src/losses/index.js';
import { checkDerivatives, random64 } from '../../support/derivatives.js';
import { c32, c64, expectValue } from '../../support/losses.js';

const logits = () =>
  c64([
    [2, -1, 0.5],
    [0, 1, -2],
  ]);
const labels = () => c32([0, 2]);

describe('squentropy', () => {
  it('is cross-entropy and the mean square of the wrong logits', async () => {
    await expectValue(
      () => squentropy(logits(), labels(), { reduction: 'none' }),
      [0.2413112967 + 0.625, 3.3490122168 + 0.5],
    );
    await expectValue(() => squentropy(logits(), labels()), [2.3576617567]);
    await expectValue(
      () => grad((z: Tensor) => squentropy(z, labels()))(logits()),
      [-0.1072014827, -0.4804437134, 0.3376451961, 0.1297482302, 0.8526922563, -0.4824404865],
    );
  });

  it('is cross-entropy without squares, at zero logits, and for one-hot soft targets as for labels', async () => {
    await expectValue(
      () => squentropy(logits(), labels(), { squareWeight: 0 }).sub(crossEntropy(logits(), labels())),
      [0],
    );
    await expectValue(() => squentropy(c64([[0, 0, 0, 0]]), c32([1])), [Math.log(4)]);
    const hot = () =>
      c64([
        [1, 0, 0],
        [0, 0, 1],
      ]);
    await expectValue(() => squentropy(logits(), hot()).sub(squentropy(logits(), labels())), [0], 14);
  });

  it('has the derivatives of its equation', async () => {
    await checkDerivatives(
      (z) => squentropy(z, c32([1, 3, 0]), { reduction: 'none' }),
      [random64([3, 4], { low: -2, high: 2 })],
    );
  });

  it('refuses one class and negative weights', () => {
    expect(() => squentropy(zeros([2, 1]), c32([0, 0]))).toThrow(
      /squentropy: logits \[2, 1\] must be \[n, classes, ...\], with 2 classes or more/,
    );
    expect(() => squentropy(zeros([2, 3]), c32([0, 0]), { squareWeight: -1 })).toThrow(
      /squareWeight -1 must be .* at least 0/,
    );
  });
});

describe('rescaledSquareLoss', () => {
  it('is the mean squared error to one-hot labels unless rescaled', async () => {
    const hot = () =>
      c64([
        [1, 0, 0],
        [0, 0, 1],
      ]);
    await expectValue(() => rescaledSquareLoss(logits(), labels()).sub(meanSquaredError(logits(), hot())), [0], 14);
    // (3 (2 - 5)^2 + 1 + 0.25) / 3
    await expectValue(
      () => rescaledSquareLoss(logits(), labels(), { correctWeight: 3, correctTarget: 5, reduction: 'none' }).at(0),
      [28.25 / 3],
    );
  });

  it('has the derivatives of its equation', async () => {
    await checkDerivatives((z) => rescaledSquareLoss(z, c32([1, 3, 0]), { correctWeight: 2 }), [random64([3, 4])]);
  });
});
