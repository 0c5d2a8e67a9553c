import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compile, constant, grad, ndarray, stack, type Tensor, toNumbers, zeros } from '../../../src/index.js';
import * as losses from '../../../src/losses/index.js';
import { checkDerivatives, numbers, random64 } from '../../support/derivatives.js';
import { c32, c64, expectValue } from '../../support/losses.js';

const logits = () =>
  c64([
    [2, 0.5, -1],
    [0, 1, 1],
  ]);
const labels = () => c32([0, 1]);
type Loss = (z: Tensor, y: Tensor, options?: losses.ReductionOptions) => Tensor;
const detached: Loss = (z, y, options) => losses.normalizedFocalLoss(z, y, { detachWeight: true, ...options });

describe('values', () => {
  it.each<[string, Loss, number[]]>([
    ['normalizedCrossEntropy', losses.normalizedCrossEntropy, [0.0461934055, 0.2403788486]],
    ['normalizedFocalLoss', losses.normalizedFocalLoss, [0.0229419754, 0.2168280103]],
    ['absoluteProbabilityError', losses.absoluteProbabilityError, [0.2144029654, 0.5776812017]],
    ['normalizedAbsoluteProbabilityError', losses.normalizedAbsoluteProbabilityError, [0.1072014827, 0.2888406009]],
    ['reverseCrossEntropy', losses.reverseCrossEntropy, [1.9747242882, 5.3206404946]],
    ['generalizedCrossEntropy', losses.generalizedCrossEntropy, [0.2220310944, 0.6472130937]],
    ['normalizedGeneralizedCrossEntropy', losses.normalizedGeneralizedCrossEntropy, [0.088486407, 0.2771806517]],
    [
      'focalLoss with gamma 1/2',
      (z, y, o) => losses.focalLoss(z, y, { gamma: 0.5, ...o }),
      [0.1117359812, 0.6551620991],
    ],
  ])('%s', async (_, loss, expected) => {
    await expectValue(() => loss(logits(), labels(), { reduction: 'none' }), expected);
  });

  it.each<[string, Loss, number[]]>([
    ['normalizedCrossEntropy', losses.normalizedCrossEntropy, [-0.02652003, 0.0188739005, 0.0076461295]],
    ['normalizedFocalLoss', losses.normalizedFocalLoss, [-0.0182851124, 0.0133997513, 0.004885361]],
    ['normalizedFocalLoss, detached', detached, [-0.0134520967, 0.0095007136, 0.0039513831]],
    ['absoluteProbabilityError', losses.absoluteProbabilityError, [-0.0842171669, 0.0688538061, 0.0153633608]],
  ])('gradient of %s', async (_, loss, expected) => {
    await expectValue(() => grad((z: Tensor) => loss(z, labels()))(logits()).at(0), expected);
  });
});

describe('activePassive', () => {
  it('weighs and adds its two parts', async () => {
    const passive = losses.reverseCrossEntropy;
    await expectValue(() => losses.activePassive(logits(), labels(), { passive }), [3.7909685185]);
    await expectValue(
      () => losses.activePassive(logits(), labels(), { passive, activeWeight: 10, passiveWeight: 0.1 }),
      [1.7976295098],
    );
    await expectValue(() => losses.activePassive(logits(), labels()), [0.5393282106]);
  });
});

const constantSum: [string, Loss, number][] = [
  ['normalizedCrossEntropy', losses.normalizedCrossEntropy, 1],
  ['normalizedFocalLoss', losses.normalizedFocalLoss, 1],
  ['normalizedGeneralizedCrossEntropy', losses.normalizedGeneralizedCrossEntropy, 1],
  ['normalizedAbsoluteProbabilityError', losses.normalizedAbsoluteProbabilityError, 1],
  ['absoluteProbabilityError', losses.absoluteProbabilityError, 3],
  ['activePassive', losses.activePassive, 4],
];

describe.each(constantSum)('%s', (_, loss, total) => {
  const classes = 4;
  const each = (z: Tensor) =>
    stack(
      Array.from({ length: classes }, (_, k) =>
        loss(z, constant(Array(z.shape[0]).fill(k), 'int32'), { reduction: 'none' }),
      ),
    );

  it('adds up to a constant over all labels, so that its derivative is 0 there', async () => {
    const program = compile((z: Tensor) => ({
      sum: each(z).sum(0),
      gradient: grad((p: Tensor) => each(p).sum())(z),
    }));
    await fc.assert(
      fc.asyncProperty(fc.nat(1e6), async (stream) => {
        const { sum, gradient } = await program(
          ndarray(Float64Array.from(numbers(stream, 8, -6, 6)), { shape: [2, 4] }),
        );
        for (const x of toNumbers(sum)) expect(x).toBeCloseTo(total, 12);
        for (const x of toNumbers(gradient)) expect(x).toBeCloseTo(0, 12);
      }),
      { numRuns: 15 },
    );
  });

  it('under symmetric label noise is a multiple of itself plus a constant', async () => {
    const [rate, label] = [0.4, 2];
    const z = () => c64([[1, -0.5, 0.3, 2]]);
    await expectValue(
      () => {
        const all = each(z()).squeeze();
        const noisy = all
          .sum()
          .sub(all.at(label))
          .mul(rate / (classes - 1))
          .add(all.at(label).mul(1 - rate));
        const clean = all
          .at(label)
          .mul(1 - (rate * classes) / (classes - 1))
          .add((rate * total) / (classes - 1));
        return noisy.sub(clean);
      },
      [0],
      13,
    );
  });

  it('has the derivatives of its equation', async () => {
    await checkDerivatives(
      (x) => loss(x, c32([1, 3, 0]), { reduction: 'none' }),
      [random64([3, 4], { low: -2, high: 2 })],
    );
  });
});

describe('the others', () => {
  it('have the derivatives of their equations', async () => {
    const x = random64([3, 4], { low: -2, high: 2 });
    await checkDerivatives((z) => losses.generalizedCrossEntropy(z, c32([1, 3, 0]), { exponent: 0.4 }), [x]);
    await checkDerivatives((z) => losses.reverseCrossEntropy(z, c32([1, 3, 0])), [x]);
  });

  it('normalizedCrossEntropy of even predictions is 1 / C', async () => {
    await expectValue(() => losses.normalizedCrossEntropy(zeros([1, 5]), c32([3])), [0.2], 6);
  });

  it('refuse one class, exponents out of range and losses of other shapes', () => {
    expect(() => losses.normalizedCrossEntropy(zeros([1, 1]), c32([0]))).toThrow(/2 classes or more/);
    expect(() => losses.generalizedCrossEntropy(zeros([1, 2]), c32([0]), { exponent: 0 })).toThrow(
      /exponent 0 must be a number above 0 and at most 1/,
    );
    expect(() => losses.activePassive(zeros([1, 2]), c32([0]), { active: (z) => z })).toThrow(/activePassive:/);
  });
});
