import { describe, expect, it } from 'vitest';
import { constant, zeros } from '../../../src/index.js';
import * as losses from '../../../src/losses/index.js';
import { checkDerivatives, random64 } from '../../support/derivatives.js';
import { c32, c64, expectValue } from '../../support/losses.js';

describe('contrastiveLoss', () => {
  it('pulls positives in and pushes negatives beyond the margin', async () => {
    const points = () => c64([[0], [2], [1.5]]);
    const labels = () => c32([0, 0, 1]);
    // Pairs 2, 1.5 (beyond), 0.5, each both ways.
    await expectValue(() => losses.contrastiveLoss(points(), labels()), [(2 + 0 + 0.125) / 3]);
    await expectValue(
      () => losses.contrastiveLoss(points(), labels(), { positiveMargin: 1, margin: 2, reduction: 'sum' }),
      [2 * (0.5 + 0.125 + 1.125)],
    );
    await expectValue(() => losses.contrastiveLoss(c64([[3]]), c32([0])), [0]);
  });

  it('has the derivatives of its equation, 0 where embeddings are the same', async () => {
    await checkDerivatives((x) => losses.contrastiveLoss(x, c32([0, 0, 1, 2]), { margin: 3 }), [random64([4, 3])]);
    await checkDerivatives(
      (x) => losses.contrastiveLoss(x, c32([0, 0, 1, 2]), { distance: losses.cosineDistances }),
      [random64([4, 3])],
    );
    expect(() => losses.contrastiveLoss(constant([[1]], 'int32'), c32([0]))).toThrow(/embeddings must be float/);
    expect(() => losses.contrastiveLoss(zeros([2, 1]), c32([0, 1]), { margin: -1 })).toThrow(/margin -1 must be/);
  });
});
