import { describe, expect, it } from 'vitest';
import { grad, type Tensor, zeros } from '../../../src/index.js';
import {
  binaryFocalLoss,
  binaryPolyFocalLoss,
  crossEntropy,
  focalLoss,
  polyFocalLoss,
  polyLoss,
  truncatedCrossEntropy,
} from '../../../src/losses/index.js';
import { checkDerivatives, random64 } from '../../support/derivatives.js';
import { c32, c64, expectValue, value } from '../../support/losses.js';

const logits = () =>
  c64([
    [2, -1, 0.5],
    [0, 1, -2],
  ]);
const labels = () => c32([0, 2]);
const none = { reduction: 'none' } as const;

describe('polyLoss', () => {
  it.each([
    [-1, 1.2055197875],
    [0, 1.7951617567],
    [1, 2.3848037259],
    [2, 2.9744456952],
  ])('with coefficient %d is %d', async (coefficient, expected) => {
    await expectValue(() => polyLoss(logits(), labels(), { coefficients: [coefficient] }), [expected]);
  });

  it('has epsilon 1 by default, in every form', async () => {
    const coefficients = [1];
    for (const [byDefault, named] of [
      [() => polyLoss(logits(), labels()), () => polyLoss(logits(), labels(), { coefficients })],
      [() => polyFocalLoss(logits(), labels()), () => polyFocalLoss(logits(), labels(), { coefficients, gamma: 2 })],
      [
        () => binaryPolyFocalLoss(c64([0.3]), c64([1])),
        () => binaryPolyFocalLoss(c64([0.3]), c64([1]), { coefficients, gamma: 2 }),
      ],
    ] as const)
      await expectValue(() => byDefault().sub(named()), [0], 15);
  });

  it('smooths the target of both terms, which is what soft targets are', async () => {
    const softmax = (row: number[]) => {
      const total = row.reduce((sum, v) => sum + Math.exp(v), 0);
      return row.map((v) => Math.exp(v) / total);
    };
    const soft = [
      [0.9 + 0.1 / 3, 0.1 / 3, 0.1 / 3],
      [0.1 / 3, 0.1 / 3, 0.9 + 0.1 / 3],
    ];
    const expected = [
      [2, -1, 0.5],
      [0, 1, -2],
    ].map((row, i) => {
      const p = softmax(row);
      const [entropy, hit] = [0, 1].map((k) =>
        p.reduce((sum, v, j) => sum + soft[i][j] * (k === 0 ? -Math.log(v) : v), 0),
      );
      return entropy + 2 * (1 - hit) + 0.5 * (1 - hit) ** 2;
    });
    const coefficients = [2, 0.5];
    await expectValue(() => polyLoss(logits(), labels(), { coefficients, labelSmoothing: 0.1, ...none }), expected);
    await expectValue(() => polyLoss(logits(), c64(soft), { coefficients, ...none }), expected);
  });

  it('weighs by alpha the focal term alone', async () => {
    const alpha = () => c64([2, 1, 0.5]);
    // Of the card: focal terms 0.01109 and 3.11791, with epsilon 1 the rest of 0.02095 and 4.01621.
    await expectValue(
      () => polyFocalLoss(logits(), labels(), { alpha: alpha(), ...none }),
      [0.020948561 + 0.0110927501, 4.0162142505 - 0.5 * 3.1179146071],
    );
  });

  it('has the gradient of cross-entropy, scaled sample by sample by 1 + e p', async () => {
    await expectValue(
      () => grad((z: Tensor) => polyLoss(z, labels(), { coefficients: [2] }))(logits()),
      [-0.2756358165, 0.0502830082, 0.2253528083, 0.1388614934, 0.3774646741, -0.5163261674],
    );
  });

  it('leaves samples to be ignored out of both terms', async () => {
    const some = () => polyLoss(logits(), c32([0, 9]), { ignoreIndex: 9 });
    await expectValue(() => some().sub(polyLoss(logits().slice([[0, 1]]), c32([0]))), [0], 14);
    await expectValue(() => polyLoss(logits(), c32([9, 9]), { ignoreIndex: 9 }), [0], 14);
    await expectValue(
      () => grad((z: Tensor) => polyLoss(z, c32([9, 9]), { ignoreIndex: 9 }))(logits()),
      Array(6).fill(0),
    );
  });

  it('expands cross-entropy: the truncated series tends to it', async () => {
    const terms = [1, 2, 5, 50];
    const row = [0.2144029654, 0.2373872812, 0.2412914419, 0.2413112967];
    for (const [i, n] of terms.entries())
      await expectValue(() => truncatedCrossEntropy(logits(), labels(), { terms: n, ...none }).at(0), [row[i]]);
  });

  it('falls as the probability of the label grows', async () => {
    for (const coefficient of [-0.99, 0, 3]) {
      const ladder = () => c64(Array.from({ length: 40 }, (_, i) => [i / 3 - 6, 0]));
      const all = await value(() =>
        polyLoss(ladder(), c32(Array(40).fill(0)), { coefficients: [coefficient], ...none }),
      );
      all.slice(1).forEach((loss, i) => {
        expect(loss).toBeLessThan(all[i]);
      });
    }
  });

  it('has the derivatives of its equation', async () => {
    const x = random64([3, 4], { low: -2, high: 2 });
    const y = () => c32([1, 3, 0]);
    await checkDerivatives((z) => polyLoss(z, y(), { coefficients: [1, -0.3], labelSmoothing: 0.1, ...none }), [x]);
    await checkDerivatives((z) => polyFocalLoss(z, y(), { coefficients: [-0.5, 2], gamma: 1.5 }), [x]);
    await checkDerivatives((z) => truncatedCrossEntropy(z, y(), { terms: 4 }), [x]);
    await checkDerivatives((z) => binaryPolyFocalLoss(z, z.mul(0.3).sigmoid(), { alpha: 0.3 }), [x]);
  });

  it('refuses coefficients that would reward mistakes', () => {
    expect(() => polyLoss(zeros([1, 3]), c32([0]), { coefficients: [1, -0.6] })).toThrow(
      /polyLoss: coefficients\[1\] -0.6 must be a number at least -0.5/,
    );
  });
});

describe('focal losses', () => {
  it('have the values of their equations', async () => {
    await expectValue(() => focalLoss(logits(), labels(), none), [0.0110927501, 3.1179146071]);
    await expectValue(() => polyFocalLoss(logits(), labels(), none), [0.020948561, 4.0162142505]);
  });

  it('are cross-entropy with gamma 0', async () => {
    await expectValue(() => focalLoss(logits(), labels(), { gamma: 0 }).sub(crossEntropy(logits(), labels())), [0], 14);
    await expectValue(
      () => polyFocalLoss(logits(), labels(), { gamma: 0, coefficients: [0] }).sub(crossEntropy(logits(), labels())),
      [0],
      14,
    );
  });

  it('weigh classes by alpha, the two classes of a sigmoid by alpha and 1 - alpha', async () => {
    await expectValue(
      () => focalLoss(logits(), labels(), { alpha: c64([2, 1, 0.5]), ...none }),
      [2 * 0.0110927501, 0.5 * 3.1179146071],
    );
    const both = (alpha?: number) => value(() => binaryFocalLoss(c64([1, 1]), c64([1, 0]), { alpha, ...none }));
    const [plain, weighted] = [await both(), await both(0.25)];
    expect(weighted[0]).toBeCloseTo(0.25 * plain[0], 14);
    expect(weighted[1]).toBeCloseTo(0.75 * plain[1], 14);
  });

  it('of two logits are those of the sigmoid of their difference', async () => {
    await expectValue(() => focalLoss(c64([[0, 1.3]]), c32([1])).sub(binaryFocalLoss(c64([1.3]), c64([1]))), [0], 14);
  });

  it('have the derivatives of their equations', async () => {
    const x = random64([3, 4], { low: -2, high: 2 });
    await checkDerivatives((z) => focalLoss(z, c32([1, 3, 0]), { gamma: 0.5 }), [x]);
    await checkDerivatives((z) => binaryFocalLoss(z, z.mul(0.3).sigmoid(), { alpha: 0.3 }), [x]);
  });

  it('refuse a negative gamma and wrong weights', () => {
    expect(() => focalLoss(zeros([1, 3]), c32([0]), { gamma: -1 })).toThrow(/focalLoss: gamma -1/);
    expect(() => focalLoss(zeros([1, 3]), c32([0]), { alpha: zeros([2]) })).toThrow(/alpha \[2\] must be \[3\]/);
    expect(() => focalLoss(zeros([1, 3]), zeros([1, 3]))).toThrow(/focalLoss: labels must be integers, not float32/);
  });
});
