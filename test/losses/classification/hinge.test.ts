import { describe, expect, it } from 'vitest';
import { zeros } from '../../../src/index.js';
import {
  crammerSinger,
  crossEntropy,
  hinge,
  multiclassHinge,
  negativeLogLikelihood,
} from '../../../src/losses/index.js';
import { checkDerivatives, random64 } from '../../support/derivatives.js';
import { c32, c64, expectValue } from '../../support/losses.js';

const logits = () => c64([[2, -1, 1.5]]);

describe('hinge losses', () => {
  it('have the values of their equations', async () => {
    await expectValue(() => hinge(c64([2, 0.25, -1]), c64([1, 1, -1]), { reduction: 'none' }), [0, 0.75, 0]);
    await expectValue(() => multiclassHinge(logits(), c32([0])), [0.25]);
    await expectValue(() => crammerSinger(logits(), c32([1])), [4]);
    await expectValue(() => multiclassHinge(logits(), c32([1])), [(4 + 3.5) / 2]);
  });

  it('have the derivatives of their equations', async () => {
    const x = random64([3, 4], { low: -2, high: 2 });
    await checkDerivatives((z) => multiclassHinge(z, c32([1, 3, 0])), [x]);
    await checkDerivatives((z) => crammerSinger(z, c32([1, 3, 0]), { margin: 2 }), [x]);
    await checkDerivatives((z, u) => hinge(z, u), [x, random64([3, 4], { stream: 2 })]);
  });

  it('refuse one class and margins that are not positive', () => {
    expect(() => multiclassHinge(zeros([1, 1]), c32([0]))).toThrow(/2 classes or more/);
    expect(() => hinge(zeros([1]), zeros([1]), { margin: 0 })).toThrow(/hinge: margin 0/);
  });
});

describe('negativeLogLikelihood', () => {
  it('is the second half of cross-entropy, with its weights and its ignored labels', async () => {
    const z = () =>
      c64([
        [2, -1, 0.5],
        [0, 1, -2],
        [1, 1, 1],
      ]);
    const y = () => c32([0, 2, 7]);
    const options = () => ({ weight: c64([1, 2, 3]), ignoreIndex: 7 });
    await expectValue(
      () => negativeLogLikelihood(z().logSoftmax(1), y(), options()).sub(crossEntropy(z(), y(), options())),
      [0],
      13,
    );
  });

  it('takes classes that cannot be', async () => {
    await expectValue(() => negativeLogLikelihood(c64([[0, -Infinity]]), c32([0])), [0]);
  });

  it('has the derivatives of its equation', async () => {
    await checkDerivatives((l) => negativeLogLikelihood(l, c32([1, 3, 0])), [random64([3, 4])]);
  });
});
