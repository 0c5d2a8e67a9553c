import { describe, expect, it } from 'vitest';
import { compile, concat, grad, type Tensor, toNumbers, zeros } from '../../../src/index.js';
import * as losses from '../../../src/losses/index.js';
import { allClose, checkDerivatives, random64 } from '../../support/derivatives.js';
import { c32, c64, expectValue } from '../../support/losses.js';

const cosines = () =>
  c64([
    [0.6, 0.1, -0.2],
    [0.3, -0.5, 0.4],
    [0.2, 0.1, -0.95],
  ]);
const labels = () => c32([0, 2, 2]);
const bias = 4.370073656261543;
/** Three classes along the axes, so that features are their own cosines but for a length: the fourth axis makes it 1. */
const axes = () =>
  c64([
    [1, 0, 0, 0],
    [0, 1, 0, 0],
    [0, 0, 1, 0],
  ]);
const withCosines = (c: Tensor): Tensor => concat([c, c.square().sum(1, { keepDims: true }).neg().add(1).sqrt()], 1);
const sigmoid = (u: number) => 1 / (1 + Math.exp(-u));

describe('sphereFace2Bias', () => {
  it.each([
    // The published code says 44.2082162818: a difference of like numbers, exact to 5 digits.
    [3, 40, 44.2082405308],
    [10, 40, 12.9501778755],
    [1000, 40, 7.9428814827],
    [3, 5, 4.3700736563],
    [10, 5, 0.6916339647],
    [1000, 5, -4.3071614944],
  ])('of %d classes at scale %d makes the derivative by it 0', (classes, scale, expected) =>
    expect(losses.sphereFace2Bias(classes, { scale })).toBeCloseTo(expected, 9),
  );

  it.each([
    { kind: 'cosine', classes: 3, scale: 5, positiveWeight: 0.7 },
    { kind: 'cosine', classes: 1000, scale: 40, positiveWeight: 0.7 },
    { kind: 'angular', classes: 20, scale: 30, positiveWeight: 0.6, margin: 0.5 },
    { kind: 'multiplicative', classes: 2, scale: 64, positiveWeight: 0.9 },
  ] as const)('makes positives and negatives pull equally hard: $kind, $classes classes', async ({ classes, ...o }) => {
    const logits = await compile(() =>
      losses.sphereFace2Logits(zeros([1, 2], 'float64'), c32([0]), {
        ...o,
        bias: losses.sphereFace2Bias(classes, o),
      }),
    )();
    const [own, other] = toNumbers(logits);
    const pull = o.positiveWeight * sigmoid(-own);
    expect(pull).toBeGreaterThan(1e-6);
    expect(((1 - o.positiveWeight) * (classes - 1) * sigmoid(other)) / pull).toBeCloseTo(1, 9);
  });

  it('refuses one class', () => {
    expect(() => losses.sphereFace2Bias(1)).toThrow(/sphereFace2Bias: classes 1 must be an integer of at least 2/);
    expect(() => losses.sphereFace2Bias(3, { positiveWeight: 1 })).toThrow(/positiveWeight 1 must lie in \(0, 1\)/);
  });
});

describe('sphereFace2Logits', () => {
  const logits = (options: losses.SphereFace2LogitsOptions, c = cosines()) =>
    losses.sphereFace2Logits(c, labels(), { scale: 5, ...options });

  it('lessens the similarity to the label and raises the others', async () => {
    await expectValue(() => logits({ bias }).at(0), [2.4900736563, 3.0338236563, 2.0100736563]);
    // In the angle: nothing changes for the others.
    await expectValue(
      () => logits({ kind: 'angular', margin: 0.5, exponent: 1 }).at(1),
      [1.5, -2.5, 5 * Math.cos(Math.acos(0.4) + 0.5)],
    );
    await expectValue(
      () => logits({ kind: 'multiplicative', margin: 1.2, exponent: 1 }).at(1),
      [1.5, -2.5, 5 * Math.cos(1.2 * Math.acos(0.4))],
    );
    // Angles end at pi.
    for (const kind of ['angular', 'multiplicative'] as const)
      await expectValue(() => logits({ kind, margin: 1.7 }).at(2).at(2), [-5]);
  });

  it('spreads similarities near 1 and keeps -1 and 1', async () => {
    const adjusted = (exponent: number) => () =>
      losses.sphereFace2Logits(c64([[-1, 0, 0.5, 1]]), c32([-1]), { scale: 1, margin: 0, exponent });
    await expectValue(adjusted(3), [-1, -0.75, 2 * 0.75 ** 3 - 1, 1]);
    await expectValue(adjusted(1), [-1, 0, 0.5, 1]);
  });

  it('has the derivative of the plain cosine, or of the equation', async () => {
    const slope = (options: losses.SphereFace2LogitsOptions) => () =>
      grad((c: Tensor) => logits(options, c).sum())(cosines()).at(0);
    await expectValue(slope({}), [5, 5, 5]);
    await expectValue(
      slope({ gradient: 'analytic' }),
      [0.6, 0.1, -0.2].map((c) => 15 * ((c + 1) / 2) ** 2),
    );
    for (const kind of ['cosine', 'angular', 'multiplicative'] as const)
      await checkDerivatives(
        (c, b) => losses.sphereFace2Logits(c, c32([0, 2]), { kind, bias: b.sum(), scale: 4, gradient: 'analytic' }),
        [random64([2, 3], { low: -0.7, high: 0.9 }), random64([1])],
      );
  });
});

describe('sphereFace2', () => {
  const loss = (c: Tensor, options: losses.SphereFace2Options = {}) =>
    losses.sphereFace2(withCosines(c), axes(), labels(), { scale: 5, ...options });

  it('is the weighted sum of the logistic losses of all classes, the bias balanced unless told', async () => {
    await expectValue(() => loss(cosines()), [0.5012432614]);
    await expectValue(() => loss(cosines(), { bias }), [0.5012432614]);
    // By the cosines alone, for lengths stay 1.
    const byLogits = (c: Tensor) => {
      const own = labels().oneHot(3, 'bool');
      const u = losses.sphereFace2Logits(c, labels(), { scale: 5, bias });
      const terms = own.where(u.neg().softplus().mul(0.7), u.softplus().mul(0.3));
      return terms.sum(1).mean().div(5);
    };
    await expectValue(() => grad(byLogits)(cosines()).at(0), [-0.0178632977, 0.0954078987, 0.0881850697]);
    await expectValue(
      () => loss(cosines(), { positiveWeight: 0.5, margin: 0, exponent: 1, bias: 0, reduction: 'none' }),
      [
        [0.6, 0.1, -0.2],
        [0.3, -0.5, 0.4],
        [0.2, 0.1, -0.95],
      ].map((row, i) =>
        row.reduce((sum, c, j) => sum + 0.1 * Math.log1p(Math.exp((j === [0, 2, 2][i] ? -5 : 5) * c)), 0),
      ),
    );
  });

  it('can be computed class by class, as nothing is normalised over them', async () => {
    const [x, w] = [random64([5, 4]), random64([7, 4], { stream: 1 })];
    const run = compile((features: Tensor, weights: Tensor) => {
      const own = c32([0, 6, 3, 2, 4]);
      const of = (from: number, to: number) => (v: Tensor) =>
        losses.sphereFace2(features, v.slice([[from, to]]), own.sub(from), { bias: 0.3, scale: 8 });
      const parts = [of(0, 3), of(3, 6), of(6, 7)];
      return {
        whole: of(0, 7)(weights),
        parts: parts.map((part) => part(weights)).reduce((a, b) => a.add(b)),
        ofWhole: grad(of(0, 7))(weights),
        ofParts: parts.map((part) => grad(part)(weights)).reduce((a, b) => a.add(b)),
      };
    });
    const { whole, parts, ofWhole, ofParts } = await run(x, w);
    allClose(parts, toNumbers(whole), 1e-12, 'loss');
    allClose(ofParts, toNumbers(ofWhole), 1e-12, 'gradient');
  });

  it('does not see lengths', async () => {
    const [x, w] = [random64([3, 4]), random64([3, 4], { stream: 1 })];
    const run = compile((a: Tensor, b: Tensor) => [
      losses.sphereFace2(a, b, labels()),
      losses.sphereFace2(a.mul(7), b.mul(0.1), labels()),
    ]);
    const [plain, stretched] = await run(x, w);
    allClose(stretched, toNumbers(plain), 1e-12, 'stretched');
  });

  it('refuses what does not fit', () => {
    const at = (options: object, classes = 3) =>
      losses.sphereFace2(zeros([2, 3]), zeros([classes, 3]), c32([0, 0]), options);
    expect(() => at({ margin: -1 })).toThrow(/margin -1 must be a number at least 0/);
    expect(() => at({ kind: 'multiplicative', margin: 0.5 })).toThrow(/margin 0.5 must be a number at least 1/);
    expect(() => at({ kind: 'sine' })).toThrow(/kind sine must be 'cosine', 'angular' or 'multiplicative'/);
    expect(() => at({ positiveWeight: 0 })).toThrow(/sphereFace2: positiveWeight 0 must lie in \(0, 1\)/);
    expect(() => at({ bias: zeros([2]) })).toThrow(/bias float32\[2\] must be a number or a float32 scalar/);
    expect(() => at({}, 1)).toThrow(/sphereFace2: logits \[2, 1\] must be .* 2 classes or more/);
  });
});
