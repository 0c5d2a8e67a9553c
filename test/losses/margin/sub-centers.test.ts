import { describe, expect, it } from 'vitest';
import { zeros } from '../../../src/index.js';
import * as losses from '../../../src/losses/index.js';
import { checkDerivatives, random64 } from '../../support/derivatives.js';
import { c32, c64, expectValue } from '../../support/losses.js';

const weights = () =>
  c64([
    [
      [1, 0, 0],
      [0, 1, 0],
    ],
    [
      [0, 0, 1],
      [1, 1, 0],
    ],
  ]);

describe('sub-centres', () => {
  it('answer for their class with the nearest', async () => {
    await expectValue(() => losses.classCosines(c64([[1, 2, 2]]), weights()), [2 / 3, Math.SQRT1_2]);
    await checkDerivatives(
      (x, w) => losses.arcFace(x, w, c32([0, 1]), { scale: 4 }),
      [random64([2, 3]), random64([3, 2, 3], { stream: 1 })],
    );
    // One sub-centre is the plain weight.
    const alone = () => weights().max(1);
    await expectValue(
      () =>
        losses
          .classCosines(c64([[1, 2, 2]]), alone().expandDims(1))
          .sub(losses.classCosines(c64([[1, 2, 2]]), alone())),
      [0, 0],
    );
  });

  it('the dominant one has most of the class, and who is far from it is suspect', async () => {
    const features = () =>
      c64([
        [0.1, 1, 0],
        [0, 2, 0.2],
        [1, 0, 0],
        [0, 0.1, 5],
      ]);
    const labels = () => c32([0, 0, 0, 1]);
    await expectValue(() => losses.dominantSubCenters(features(), labels(), weights()).cast('float64'), [1, 0]);
    await expectValue(
      () => losses.dominantSubCenterCosines(features(), labels(), weights()),
      [1 / Math.hypot(0.1, 1), 2 / Math.hypot(2, 0.2), 0, 5 / Math.hypot(5, 0.1)],
    );
    await expectValue(() => losses.subCenterOutliers(features(), labels(), weights()).cast('float64'), [0, 0, 1, 0]);
    await expectValue(
      () => losses.subCenterOutliers(features(), labels(), weights(), { angle: 91 }).cast('float64'),
      [0, 0, 0, 0],
    );
  });

  it('are far beyond 75 degrees unless told otherwise', async () => {
    const at = (degrees: number) => [Math.cos((degrees * Math.PI) / 180), Math.sin((degrees * Math.PI) / 180)];
    const one = () => c64([[[1, 0]]]);
    const features = () => c64([0, 60, 74, 76, 180].map(at));
    await expectValue(
      () => losses.subCenterOutliers(features(), c32([0, 0, 0, 0, 0]), one()).cast('float64'),
      [0, 0, 0, 1, 1],
    );
  });

  it('refuse weights without them', () => {
    expect(() => losses.dominantSubCenters(zeros([2, 3]), c32([0, 0]), zeros([4, 3]))).toThrow(
      /weights \[4, 3\] must be \[classes, subCenters, d\]/,
    );
    expect(() => losses.dominantSubCenters(zeros([2, 3]), c32([0]), zeros([4, 2, 3]))).toThrow(
      /features \[2, 3\] and labels int32\[1\] must be \[n, d\] and integers \[n\]/,
    );
  });
});
