import { describe, expect, it } from 'vitest';
import { grad, type Tensor, zeros } from '../../../src/index.js';
import { acls, aclsPenalty, crossEntropy, marginLabelSmoothing } from '../../../src/losses/index.js';
import { checkDerivatives, random64 } from '../../support/derivatives.js';
import { c32, c64, expectValue } from '../../support/losses.js';

const logits = () =>
  c64([
    [12, 1, 0],
    [0.5, 3, -9],
  ]);
const labels = () => c32([0, 0]);
const mean = (options?: object) => (z: Tensor) => aclsPenalty(z, options).mean();

describe('acls', () => {
  it('penalises winners and losers beyond the margin', async () => {
    await expectValue(() => mean({ loserWeight: 0 })(logits()), [2]);
    await expectValue(() => mean({ winnerWeight: 0, loserWeight: 1 })(logits()), [2.25]);
    await expectValue(() => mean()(logits()), [2.225]);
    await expectValue(() => acls(logits(), labels()), [1.511959129]);
  });

  it('pulls the winner down and losers up, nothing else', async () => {
    await expectValue(() => grad(mean())(logits()), [2, -0.05, -0.1, 0, 0, -0.1]);
  });

  it('measures the winner from the smallest logit if asked', async () => {
    const options = { reference: 'smallest' } as const;
    await expectValue(() => mean(options)(logits()), [4.225]);
    await expectValue(() => acls(logits(), labels(), options), [1.711959129]);
    await expectValue(() => grad(mean(options))(logits()), [2, -0.05, -0.1, 0, 2, -0.1]);
    await expectValue(() => mean(options)(logits().add(5)), [4.225]);
  });

  it('is cross-entropy within the margin, or without weights', async () => {
    const apart = (z: () => Tensor, options = {}) => acls(z(), labels(), options).sub(crossEntropy(z(), labels()));
    await expectValue(() => apart(() => logits().div(4)), [0], 14);
    await expectValue(() => apart(logits, { alpha: 0 }), [0], 14);
    await expectValue(() => apart(logits, { winnerWeight: 0, loserWeight: 0 }), [0], 14);
  });

  it('counts tied winners each, and leaves samples to be ignored out of both terms', async () => {
    await expectValue(() => aclsPenalty(c64([[12, 12, 11]])), [8]);
    await expectValue(
      () => acls(logits(), c32([0, 7]), { ignoreIndex: 7 }).sub(acls(logits().slice([[0, 1]]), c32([0]))),
      [0],
      14,
    );
  });

  it('has the derivatives of its equation', async () => {
    // Where the largest and smallest logits count as constants, differences of the value see more than the derivative.
    const x = random64([3, 4], { low: -20, high: 20 });
    await checkDerivatives((z) => acls(z, c32([1, 3, 0]), { loserWeight: 0, margin: 3, reduction: 'none' }), [x]);
    await checkDerivatives((z) => marginLabelSmoothing(z, c32([1, 3, 0])), [x]);
  });

  it('refuses one class and negative options', () => {
    expect(() => aclsPenalty(zeros([2, 1]))).toThrow(/aclsPenalty: logits \[2, 1\] must have 2 classes or more/);
    expect(() => acls(zeros([1, 3]), c32([0]), { margin: -1 })).toThrow(/margin -1/);
    expect(() => acls(zeros([1, 3]), c32([0]), { reference: 'min' as never })).toThrow(
      /reference min must be 'zero' or 'smallest'/,
    );
    expect(() => acls(zeros([1, 3]), zeros([1, 3]))).toThrow(/acls: labels must be integers/);
  });
});

it('marginLabelSmoothing averages linear hinges', async () => {
  // Row 1: (1 + 2) / 3; row 2: 2 / 3.
  await expectValue(
    () => marginLabelSmoothing(logits(), labels()).sub(crossEntropy(logits(), labels())),
    [(0.1 * (1 + 2 / 3)) / 2],
  );
});
