import { describe, expect, it } from 'vitest';
import { compile, constant, grad, ndarray, type Tensor, toNumbers, zeros } from '../../../src/index.js';
import * as losses from '../../../src/losses/index.js';
import { checkDerivatives, random64 } from '../../support/derivatives.js';
import { c64, expectValue } from '../../support/losses.js';

const targets = () => c64([[1, 2, 4]]);
const predictions = () => c64([[1.1, 1.6, 5]]);

describe('scaleInvariantLog', () => {
  it('has the value of its equation', async () => {
    await expectValue(() => losses.scaleInvariantLog(predictions(), targets(), { scaleInvariance: 1 }), [0.0352140364]);
    await expectValue(() => losses.scaleInvariantLog(predictions(), targets()), [0.0357187048]);
  });

  it('does not see a factor on all depths with scaleInvariance 1, nor pixels that do not count', async () => {
    const options = { scaleInvariance: 1 };
    await expectValue(() => losses.scaleInvariantLog(predictions().mul(3), targets(), options), [0.0352140364]);
    const mask = constant([[true, true, true, false]]);
    await expectValue(
      () => losses.scaleInvariantLog(c64([[1.1, 1.6, 5, 0]]), c64([[1, 2, 4, 0]]), { mask }),
      [0.0357187048],
    );
    await expectValue(
      () => losses.scaleInvariantLog(predictions(), targets(), { mask: constant([[false, false, false]]) }),
      [0],
    );
  });
});

describe('scaleShiftInvariantLoss', () => {
  it('has the value of its equation', async () => {
    await expectValue(() => losses.scaleShiftInvariantLoss(predictions(), targets()), [0.0355292376]);
    await expectValue(
      () => losses.alignScaleShift(c64([[0, 1]]), c64([[0.5284974093, 0.5284974093 + 0.7031828275]])),
      [0.5284974093, 1.2316802368],
    );
  });

  it('does not see a scale and a shift, and takes predictions that are all equal', async () => {
    await expectValue(() => losses.scaleShiftInvariantLoss(predictions().mul(-3).add(7), targets()), [0.0355292376]);
    await expectValue(() => losses.alignScaleShift(c64([[2, 2, 2]]), targets()), [7 / 3, 7 / 3, 7 / 3]);
    const gradient = await compile((p: Tensor) => grad((x: Tensor) => losses.scaleShiftInvariantLoss(x, targets()))(p))(
      ndarray(Float64Array.of(2, 2, 2), { shape: [1, 3] }),
    );
    expect(toNumbers(gradient).every(Number.isFinite)).toBe(true);
  });
});

describe('gradientLoss', () => {
  it('is the mean step of the residual, over scales', async () => {
    const ramp = () =>
      c64([
        [
          [
            [0, 1],
            [0, 1],
          ],
        ],
      ]);
    await expectValue(() => losses.gradientLoss(ramp(), ramp().add(5)), [0]);
    await expectValue(() => losses.gradientLoss(ramp(), ramp().mul(3)), [2]);
    const large = () => c64([[Array.from({ length: 4 }, () => [0, 1, 2, 3])]]);
    // Steps of 1, then of 2 after halving.
    await expectValue(() => losses.gradientLoss(large(), large().mul(0), { scales: 2 }), [3]);
  });
});

describe('self-supervised depth', () => {
  it('photometricLoss is 0 for equal images and mixes its two parts', async () => {
    const image = () => random64([1, 2, 4, 5], { low: 0, high: 1 });
    const run = compile((x: Tensor) => [
      losses.photometricLoss(x, x),
      losses.photometricLoss(x.zerosLike(), x.onesLike(), { reduction: 'none' }),
    ]);
    const [same, opposite] = await run(image());
    expect(toNumbers(same)[0]).toBeCloseTo(0, 12);
    expect(opposite.shape).toEqual([1, 4, 5]);
    // Luminance C1 / (1 + C1), contrast 1.
    const ssim = 1e-4 / (1 + 1e-4);
    for (const x of toNumbers(opposite)) expect(x).toBeCloseTo((0.85 * (1 - ssim)) / 2 + 0.15, 10);
  });

  it('minimumReprojection takes the best view of each pixel', async () => {
    await expectValue(() => losses.minimumReprojection([c64([[1, 5]]), c64([[3, 2]])], { reduction: 'none' }), [1, 2]);
  });

  it('edgeAwareSmoothness lets steps pass at edges', async () => {
    const step = () =>
      c64([
        [
          [
            [0, 2],
            [0, 2],
          ],
        ],
      ]);
    await expectValue(() => losses.edgeAwareSmoothness(step(), step().mul(0)), [2]);
    await expectValue(() => losses.edgeAwareSmoothness(step(), step()), [2 * Math.exp(-2)]);
  });

  it('leftRightConsistency compares what points at each other', async () => {
    const left = () =>
      c64([
        [
          [
            [0, 0, 1, 2],
            [0, 0, 1, 2],
          ],
        ],
      ]);
    // The pixels 2 and 3 of the left point at 1 and 1 of the right one; pixels 0 and 1 at themselves.
    const right = () =>
      c64([
        [
          [
            [0, 1, 9, 9],
            [0, 1, 9, 9],
          ],
        ],
      ]);
    await expectValue(() => losses.leftRightConsistency(left(), right()), [(0 + 1 + 0 + 1) / 4]);
  });
});

it('depth losses have the derivatives of their equations', async () => {
  const [x, y] = [
    random64([2, 1, 4, 5], { low: 0.2, high: 1 }),
    random64([2, 1, 4, 5], { stream: 1, low: 0.2, high: 1 }),
  ];
  await checkDerivatives((p, t) => losses.scaleInvariantLog(p, t), [x, y]);
  await checkDerivatives((p, t) => losses.scaleShiftInvariantLoss(p, t), [x, y], { tolerance: 3e-6 });
  await checkDerivatives((p, t) => losses.gradientLoss(p, t, { scales: 2 }), [x, y]);
  await checkDerivatives((p, t) => losses.photometricLoss(p, t), [x, y], { second: false });
  await checkDerivatives((p, t) => losses.edgeAwareSmoothness(p, t), [x, y]);
  await checkDerivatives((p, t) => losses.leftRightConsistency(p, t), [x, y], { second: false });
});

it('depth losses refuse other shapes', () => {
  expect(() => losses.scaleInvariantLog(zeros([3]), zeros([3]))).toThrow(/must be \[n, ...pixels\]/);
  expect(() => losses.gradientLoss(zeros([1, 1, 3, 9]), zeros([1, 1, 3, 9]), { scales: 2 })).toThrow(
    /at least 4 x 4 pixels for 2 scales/,
  );
  expect(() => losses.edgeAwareSmoothness(zeros([1, 1, 3, 9]), zeros([1, 3, 3, 8]))).toThrow(
    /disparities \[1, 1, 3, 9\]/,
  );
  expect(() => losses.minimumReprojection([])).toThrow(/at least one view/);
});
