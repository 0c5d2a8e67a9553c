import { describe, expect, it } from 'vitest';
import { zeros } from '../../../src/index.js';
import * as losses from '../../../src/losses/index.js';
import { checkDerivatives, random64 } from '../../support/derivatives.js';
import { c64, expectValue } from '../../support/losses.js';

const x = () =>
  c64([
    [3, 4],
    [0, 0],
  ]);
const y = () =>
  c64([
    [0, 0],
    [3, 0],
  ]);

describe('distances', () => {
  it.each([
    ['euclidean', losses.euclideanDistances, [5, 4, 0, 3]],
    ['cosine', losses.cosineDistances, [1, 0.4, 1, 1]],
    ['dot product', losses.dotProductDistances, [-0, -9, -0, -0]],
    ['1-norm', losses.lpDistances(1), [7, 4, 0, 3]],
    ['3-norm', losses.lpDistances(3), [Math.cbrt(27 + 64), 4, 0, 3]],
  ] as const)('%s', async (_, distance, expected) => {
    await expectValue(() => distance(x(), y()), expected);
    await checkDerivatives(distance, [random64([2, 3]), random64([4, 3], { stream: 1 })], { tolerance: 1e-5 });
    expect(() => distance(zeros([2, 3]), zeros([2, 4]))).toThrow(/x \[2, 3\] and y \[2, 4\] must be/);
  });

  it('signal to noise is the variance of the difference over that of the anchor', async () => {
    await expectValue(
      () =>
        losses.signalToNoiseDistances(
          c64([[1, 3]]),
          c64([
            [1, 3],
            [3, 1],
            [5, 7],
          ]),
        ),
      [0, 4, 0],
    );
    await expectValue(() => losses.signalToNoiseDistances(c64([[2, 2]]), c64([[1, 1]])), [0]);
    await checkDerivatives(losses.signalToNoiseDistances, [random64([2, 3]), random64([4, 3], { stream: 1 })]);
  });
});
