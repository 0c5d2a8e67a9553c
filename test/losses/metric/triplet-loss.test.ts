import { describe, expect, it } from 'vitest';
import { zeros } from '../../../src/index.js';
import * as losses from '../../../src/losses/index.js';
import { squaredDistances } from '../../../src/numerics/index.js';
import { checkDerivatives, random64 } from '../../support/derivatives.js';
import { c32, c64, expectValue } from '../../support/losses.js';

const points = () => c64([[0], [2], [1], [5]]);
const labels = () => c32([0, 0, 1, 1]);

describe('tripletLoss', () => {
  it('asks negatives to be farther by the margin', async () => {
    // (0, 2): negatives at 1 and 5; (2, 0): at 1 and 3; (1, 5): at 1 and 1; (5, 1): at 5 and 3.
    const expected = [2, 0, 2, 0, 4, 4, 0, 2].reduce((a, b) => a + b);
    await expectValue(() => losses.tripletLoss(points(), labels(), { margin: 1, reduction: 'sum' }), [expected]);
    await expectValue(() => losses.tripletLoss(points(), labels(), { margin: 1 }), [expected / 8]);
    await expectValue(
      () => losses.tripletLoss(points(), labels(), { margin: 1, reduction: losses.meanOfPositive }),
      [expected / 5],
    );
    await expectValue(
      () =>
        losses
          .tripletLoss(points(), labels(), {
            margin: 0,
            miner: losses.tripletsOf(losses.hardestPairs),
            reduction: 'none',
          })
          .sum(),
      [1 + 1 + 3 + 3 + 1],
    );
  });

  it('takes its positives and negatives from a reference', async () => {
    const reference = () => ({ embeddings: c64([[1], [4]]), labels: c32([0, 1]) });
    await expectValue(
      () => losses.tripletLoss(c64([[0], [4]]), c32([0, 1]), { margin: 4, reference: reference() }),
      [1],
    );
    expect(() => losses.tripletLoss(zeros([2, 3]), c32([0, 1]), { reference: reference() })).toThrow(
      /embeddings \[2, 3\] and reference \[2, 1\]/,
    );
  });

  it('has the derivatives of its equation', async () => {
    await checkDerivatives(
      (x) => losses.tripletLoss(x, labels(), { margin: 0.3, distance: squaredDistances }),
      [random64([4, 3])],
    );
    await checkDerivatives(
      (x) => losses.tripletLoss(x, labels(), { miner: losses.semiHardTriplets({ margin: 1 }) }),
      [random64([4, 3], { stream: 3 })],
    );
  });
});
