import { describe, expect, it } from 'vitest';
import type { Tensor } from '../../../src/index.js';
import * as losses from '../../../src/losses/index.js';
import { c32, c64, expectValue, value } from '../../support/losses.js';

const logits = () =>
  c64([
    [1, 2, 0.5],
    [-1, 0, 3],
  ]);
const hot = () =>
  c64([
    [0, 1, 0],
    [1, 0, 0],
  ]);
const labels = () => c32([1, 0]);

type Soft = (logits: Tensor, targets: Tensor, options: losses.LabelledOptions & { labelSmoothing?: number }) => Tensor;
const ofTargets: Record<string, Soft> = {
  crossEntropy: losses.crossEntropy,
  polyLoss: losses.polyLoss,
  squentropy: losses.squentropy,
  sparsemaxLoss: losses.sparsemaxLoss,
  truncatedCrossEntropy: (z, y, options) => losses.truncatedCrossEntropy(z, y, { terms: 4, ...options }),
};

describe.each(Object.entries(ofTargets))('%s', (name, loss) => {
  it('of smoothed labels is that of the smoothed targets', async () => {
    const smoothed = hot().mul(0.7).add(0.1);
    const expected = await value(() => loss(logits(), smoothed, { reduction: 'none' }));
    await expectValue(() => loss(logits(), labels(), { labelSmoothing: 0.3, reduction: 'none' }), expected, 12);
    await expectValue(() => loss(logits(), hot(), { labelSmoothing: 0.3, reduction: 'none' }), expected, 12);
    expect(() => loss(logits(), labels(), { labelSmoothing: 1.5 })).toThrow(new RegExp(`^${name}: labelSmoothing 1.5`));
  });

  it('of probabilities ignores no label', () => {
    expect(() => loss(logits(), hot(), { ignoreIndex: 1 })).toThrow(
      new RegExp(`^${name}: ignoreIndex goes with integer labels`),
    );
  });

  it('weighs probabilities that are all on one class as the label', async () => {
    const weight = () => c64([2, 0.5, 1]);
    const expected = await value(() => loss(logits(), labels(), { weight: weight(), reduction: 'none' }));
    await expectValue(() => loss(logits(), hot(), { weight: weight(), reduction: 'none' }), expected, 12);
  });
});

describe('samples that do not count', () => {
  it('may have losses without bound', async () => {
    const impossible = () =>
      c64([
        [-Infinity, 0],
        [0, -Infinity],
      ]);
    const options = { weight: c64([0, 1]) };
    await expectValue(() => losses.negativeLogLikelihood(impossible(), c32([0, 0]), options), [0]);
    await expectValue(() => losses.negativeLogLikelihood(impossible(), c32([0, 1]), { ignoreIndex: 0 }), [Infinity]);
    await expectValue(() => losses.negativeLogLikelihood(impossible(), c32([1, 1]), { ignoreIndex: 1 }), [0]);
  });

  it('make no pairs of classes', async () => {
    const embeddings = () =>
      c64([
        [1, 0],
        [0, 1],
        [1, 1],
      ]);
    const { mask } = losses.negativePairSimilarities(embeddings(), c32([0, 1, 2]), { ignoreIndex: 1 });
    await expectValue(() => mask.cast('float64'), [0, 1, 0]);
  });
});

describe('elements', () => {
  it.each<[string, (x: Tensor, t: Tensor, o: losses.ElementOptions) => Tensor]>([
    ['binaryCrossEntropyWithLogits', losses.binaryCrossEntropyWithLogits],
    ['binaryFocalLoss', losses.binaryFocalLoss],
    ['binaryPolyFocalLoss', losses.binaryPolyFocalLoss],
    ['hinge', losses.hinge],
  ])('of %s are weighed, and the mean is over all of them', async (name, loss) => {
    const plain = await value(() => loss(logits(), hot(), { reduction: 'none' }));
    const weighed = plain.map((x, i) => x * [2, 0, 0.5][i % 3]);
    const weight = () => c64([2, 0, 0.5]);
    await expectValue(() => loss(logits(), hot(), { weight: weight(), reduction: 'none' }), weighed, 12);
    await expectValue(() => loss(logits(), hot(), { weight: weight() }), [weighed.reduce((a, b) => a + b) / 6], 12);
    expect(() => loss(logits(), hot(), { weight: c64([1, 2]) })).toThrow(new RegExp(`^${name}: weight \\[2\\] must`));
  });
});
