import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compile, constant, eye, grad, hvp, ndarray, type Tensor, toNumbers, zeros } from '../../src/index.js';
import type { ReductionOptions } from '../../src/losses/index.js';
import * as losses from '../../src/losses/index.js';
import { allClose, numbers } from '../support/derivatives.js';

type Loss = (x: Tensor, options: ReductionOptions) => Tensor;
/** Integer labels of as many samples as there are. */
const labelsFor = (x: Tensor) =>
  constant(
    Array.from({ length: x.shape[0] }, (_, i) => i % x.shape[1]),
    'int32',
  );

/** The unit vectors of the classes. */
const axes = (x: Tensor) => eye(x.shape[1], x.shape[1], x.dtype);
const lengths = (x: Tensor) => ({ mean: constant(2, x.dtype), deviation: constant(1, x.dtype) });

/** Every loss, as a function of predictions [n, classes] alone. */
const all: [string, Loss][] = [
  ['crossEntropy', (x, options) => losses.crossEntropy(x, labelsFor(x), options)],
  ['crossEntropy, smoothed', (x, options) => losses.crossEntropy(x, labelsFor(x), { labelSmoothing: 0.2, ...options })],
  ['crossEntropy, soft', (x, options) => losses.crossEntropy(x, x.onesLike().div(x.shape[1]), options)],
  ['binaryCrossEntropyWithLogits', (x, options) => losses.binaryCrossEntropyWithLogits(x, x.onesLike(), options)],
  ['meanSquaredError', (x, options) => losses.meanSquaredError(x, x.zerosLike(), options)],
  ['meanAbsoluteError', (x, options) => losses.meanAbsoluteError(x, x.zerosLike(), options)],
  ['huber', (x, options) => losses.huber(x, x.zerosLike(), options)],
  ['smoothL1', (x, options) => losses.smoothL1(x, x.zerosLike(), { beta: 0.5, ...options })],
  ['squentropy', (x, options) => losses.squentropy(x, labelsFor(x), options)],
  ['rescaledSquareLoss', (x, options) => losses.rescaledSquareLoss(x, labelsFor(x), options)],
  ['polyLoss', (x, options) => losses.polyLoss(x, labelsFor(x), { labelSmoothing: 0.1, ...options })],
  ['focalLoss', (x, options) => losses.focalLoss(x, labelsFor(x), options)],
  ['focalLoss, gamma 1/2', (x, options) => losses.focalLoss(x, labelsFor(x), { gamma: 0.5, ...options })],
  ['polyFocalLoss', (x, options) => losses.polyFocalLoss(x, labelsFor(x), options)],
  ['binaryFocalLoss', (x, options) => losses.binaryFocalLoss(x, x.onesLike(), options)],
  ['binaryPolyFocalLoss', (x, options) => losses.binaryPolyFocalLoss(x, x.onesLike(), options)],
  ['truncatedCrossEntropy', (x, options) => losses.truncatedCrossEntropy(x, labelsFor(x), { terms: 3, ...options })],
  ['sparsemaxLoss', (x, options) => losses.sparsemaxLoss(x, labelsFor(x), options)],
  ['maxSup', (x, options) => losses.maxSup(x, labelsFor(x), options)],
  ['acls', (x, options) => losses.acls(x, labelsFor(x), options)],
  ['marginLabelSmoothing', (x, options) => losses.marginLabelSmoothing(x, labelsFor(x), options)],
  ['normalizedCrossEntropy', (x, options) => losses.normalizedCrossEntropy(x, labelsFor(x), options)],
  ['normalizedFocalLoss', (x, options) => losses.normalizedFocalLoss(x, labelsFor(x), options)],
  ['absoluteProbabilityError', (x, options) => losses.absoluteProbabilityError(x, labelsFor(x), options)],
  ['reverseCrossEntropy', (x, options) => losses.reverseCrossEntropy(x, labelsFor(x), options)],
  ['generalizedCrossEntropy', (x, options) => losses.generalizedCrossEntropy(x, labelsFor(x), options)],
  [
    'normalizedGeneralizedCrossEntropy',
    (x, options) => losses.normalizedGeneralizedCrossEntropy(x, labelsFor(x), options),
  ],
  ['logCosh', (x, options) => losses.logCosh(x, x.zerosLike(), options)],
  ['quantileLoss', (x, options) => losses.quantileLoss(x, x.zerosLike(), { level: 0.3, ...options })],
  ['wing', (x, options) => losses.wing(x, x.zerosLike(), options)],
  ['berHu', (x, options) => losses.berHu(x, x.zerosLike(), options)],
  ['balancedL1', (x, options) => losses.balancedL1(x, x.zerosLike(), options)],
  ['hinge', (x, options) => losses.hinge(x, x.onesLike(), options)],
  ['multiclassHinge', (x, options) => losses.multiclassHinge(x, labelsFor(x), options)],
  ['crammerSinger', (x, options) => losses.crammerSinger(x, labelsFor(x), options)],
  ['lovaszHinge', (x, options) => losses.lovaszHinge(x, x.onesLike(), options)],
  ['gaussianKl', (x, options) => losses.gaussianKl(x, x.zerosLike(), options)],
  ['arcFace', (x, options) => losses.arcFace(x, axes(x), labelsFor(x), options)],
  ['cosFace', (x, options) => losses.cosFace(x, axes(x), labelsFor(x), { scale: 5, ...options })],
  ['adaFace', (x, options) => losses.adaFace(x, axes(x), labelsFor(x), lengths(x), options)],
  ['unpg', (x, options) => losses.unpg(losses.classCosines(x, axes(x)), labelsFor(x), x, options)],
  ['tico', (x, options) => losses.tico(x, x.flip(0), axes(x), options).loss],
  ['activePassive', (x, options) => losses.activePassive(x, labelsFor(x), options)],
];

describe.each(all)('%s', (_, loss) => {
  it('sums and averages the losses of single samples, and is at least 0', async () => {
    const run = compile((x: Tensor) => ({
      none: loss(x, { reduction: 'none' }),
      sum: loss(x, { reduction: 'sum' }),
      mean: loss(x, { reduction: 'mean' }),
      unsaid: loss(x, {}),
    }));
    await fc.assert(
      fc.asyncProperty(fc.nat(1e6), fc.double({ min: 0.1, max: 50, noNaN: true }), async (stream, width) => {
        const x = ndarray(Float64Array.from(numbers(stream, 12, -width, width)), { shape: [4, 3] });
        const { none, sum, mean, unsaid } = await run(x);
        const single = toNumbers(none);
        const total = single.reduce((a, b) => a + b, 0);
        expect(Math.min(...single)).toBeGreaterThanOrEqual(0);
        allClose(sum, [total], 1e-12, 'sum');
        allClose(mean, [total / single.length], 1e-12, 'mean');
        expect(unsaid.data).toEqual(mean.data);
      }),
      { numRuns: 20 },
    );
  });

  it('is 0 with no gradient to give for an empty batch', async () => {
    const run = compile((x: Tensor) => ({
      mean: loss(x, {}),
      sum: loss(x, { reduction: 'sum' }),
      gradient: grad((p: Tensor) => loss(p, {}))(x),
    }));
    const { mean, sum, gradient } = await run(ndarray(new Float32Array(0), { shape: [0, 3] }));
    expect([toNumbers(mean), toNumbers(sum)]).toEqual([[0], [0]]);
    expect(gradient.shape).toEqual([0, 3]);
  });

  it.each([100, 1e4])('is finite, with finite gradients, at float32 predictions of ±%d', async (size) => {
    const run = compile((x: Tensor) => ({
      none: loss(x, { reduction: 'none' }),
      gradient: grad((p: Tensor) => loss(p, {}))(x),
    }));
    const x = [
      [size, -size, 0],
      [-size, size, size],
      [0, -size, -size],
      [-size, -size, -size],
    ];
    const { none, gradient } = await run(ndarray(x));
    expect(toNumbers(none).every(Number.isFinite)).toBe(true);
    expect(toNumbers(gradient).every(Number.isFinite)).toBe(true);
  });
});

describe('at their limits', () => {
  it('cross-entropy and its binary form cost as much as the logits are wrong by', async () => {
    const run = compile(() => [
      losses.crossEntropy(constant([[-1e4, 1e4]]), constant([0], 'int32')),
      losses.crossEntropy(constant([[1e4, -1e4]]), constant([0], 'int32')),
      losses.binaryCrossEntropyWithLogits(constant([-1e4]), constant([1])),
      losses.binaryCrossEntropyWithLogits(constant([1e4]), constant([1])),
    ]);
    // Adding 0 makes a negative zero positive.
    expect((await run()).map((loss) => toNumbers(loss)[0] + 0)).toEqual([2e4, 0, 1e4, 0]);
  });

  it('small binary losses keep their digits', async () => {
    const run = compile((x: Tensor) => losses.binaryCrossEntropyWithLogits(x, constant([1])));
    allClose(
      ndarray([toNumbers(await run(ndarray([20])))[0] / Math.exp(-20)], { dtype: 'float64' }),
      [1],
      1e-6,
      'over exp(-20)',
    );
  });

  it('huber and smoothL1 curve at 0 as the parabola they are there', async () => {
    const curvature = compile((x: Tensor) => [
      hvp((p: Tensor) => losses.huber(p, p.zerosLike(), { reduction: 'sum' }), x, x.onesLike()),
      hvp((p: Tensor) => losses.smoothL1(p, p.zerosLike(), { beta: 0.5, reduction: 'sum' }), x, x.onesLike()),
    ]);
    expect((await curvature(ndarray([0, 0.25, 3]))).map(toNumbers)).toEqual([
      [1, 1, 0],
      [2, 2, 0],
    ]);
  });
});

describe('options must broadcast to the predictions', () => {
  const binary = losses.binaryCrossEntropyWithLogits;
  it.each<[string, () => unknown, RegExp]>([
    ['weight', () => binary(zeros([2, 3]), zeros([2, 3]), { weight: zeros([2]) }), /weight \[2\] must .* \[2, 3\]/],
    [
      'positiveWeight',
      () => binary(zeros([1, 3]), zeros([1, 3]), { positiveWeight: zeros([4, 3]) }),
      /binaryCrossEntropyWithLogits: positiveWeight \[4, 3\] must broadcast to predictions \[1, 3\]/,
    ],
    ['rank', () => binary(zeros([3]), zeros([3]), { weight: zeros([1, 3]) }), /weight \[1, 3\] must .* \[3\]/],
    [
      'soft labels with ignoreIndex',
      () => losses.crossEntropy(zeros([2, 3]), zeros([2, 3]), { ignoreIndex: 0 }),
      /crossEntropy: ignoreIndex goes with integer labels/,
    ],
    ['no classes', () => losses.crossEntropy(zeros([2]), zeros([2])), /logits \[2\] must be \[n, classes, ...\]/],
  ])('%s', (_, fn, message) => {
    expect(fn).toThrow(message);
  });
});
