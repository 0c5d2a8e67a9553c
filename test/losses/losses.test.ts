import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compile, constant, grad, hvp, type NDArray, ndarray, type Tensor, toNumbers, zeros } from '../../src/index.js';
import * as losses from '../../src/losses/index.js';
import { allClose, numbers } from '../support/derivatives.js';
import { agreesWithPyTorch, value } from '../support/losses.js';

describe('losses agree with PyTorch', () => {
  agreesWithPyTorch('losses', losses);
});

describe('properties', () => {
  it('cross-entropy does not change when a number is added to all logits of a sample, or the batch is reordered', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 1e6 }), fc.integer({ min: -50, max: 50 }), async (stream, shift) => {
        const logits = ndarray(numbers(stream, 12, -3, 3), { dtype: 'float64', shape: [3, 4] });
        const labels = [1, 3, 0];
        const [plain] = await value(() =>
          losses.crossEntropy(constant(logits), constant(labels, 'int32'), { labelSmoothing: 0.2 }),
        );
        const [shifted] = await value(() =>
          losses.crossEntropy(constant(logits).add(shift), constant(labels, 'int32'), { labelSmoothing: 0.2 }),
        );
        const order = () => constant([2, 0, 1], 'int32');
        const [reordered] = await value(() =>
          losses.crossEntropy(constant(logits).gather(order()), constant(labels, 'int32').gather(order()), {
            labelSmoothing: 0.2,
          }),
        );
        expect(shifted).toBeCloseTo(plain, 11);
        expect(reordered).toBeCloseTo(plain, 11);
      }),
      { numRuns: 15 },
    );
  });

  it('integer labels are one-hot soft labels', async () => {
    const logits = () =>
      constant([
        [1, 2, 0.5],
        [-1, 0, 3],
      ]);
    const [hard] = await value(() => losses.crossEntropy(logits(), constant([1, 0], 'int32'), { labelSmoothing: 0.1 }));
    const [soft] = await value(() =>
      losses.crossEntropy(
        logits(),
        constant([
          [0, 1, 0],
          [1, 0, 0],
        ]),
        { labelSmoothing: 0.1 },
      ),
    );
    expect(hard).toBeCloseTo(soft, 6);
  });

  it('nothing to average is 0, not NaN', async () => {
    expect(
      await value(() => losses.crossEntropy(constant([[1, 2]]), constant([7], 'int32'), { ignoreIndex: 7 })),
    ).toEqual([0]);
    expect(await value(() => losses.meanSquaredError(zeros([0, 3]), zeros([0, 3])))).toEqual([0]);
  });

  it('smoothL1 with beta 0 is the absolute error, the zero loss has gradient 0', async () => {
    const [a, b] = [constant([1, -2, 3]), constant([0, 0, 3])];
    expect(await value(() => losses.smoothL1(a, b, { beta: 0 }))).toEqual(
      await value(() => losses.meanAbsoluteError(a, b)),
    );
    const zero: NDArray = ndarray([3]);
    expect(
      toNumbers(await compile((x: Tensor) => grad((p: Tensor) => losses.meanAbsoluteError(p, constant([3])))(x))(zero)),
    ).toEqual([0]);
  });
});

describe('errors', () => {
  it.each<[string, () => unknown, RegExp]>([
    [
      'labels',
      () => losses.crossEntropy(zeros([4, 3]), constant([1, 2], 'int32')),
      /crossEntropy: labels \[2\] must be \[4\] for logits \[4, 3\]/,
    ],
    [
      'soft labels',
      () => losses.crossEntropy(zeros([4, 3]), zeros([4, 2])),
      /soft targets \[4, 2\] must have the shape of logits \[4, 3\]/,
    ],
    [
      'smoothing',
      () => losses.crossEntropy(zeros([1, 3]), constant([0], 'int32'), { labelSmoothing: 2 }),
      /labelSmoothing 2/,
    ],
    [
      'weight',
      () => losses.crossEntropy(zeros([1, 3]), constant([0], 'int32'), { weight: zeros([2]) }),
      /weight \[2\] must be \[3\]/,
    ],
    [
      'shapes',
      () => losses.huber(zeros([3]), zeros([1, 3])),
      /huber: predictions \[3\] and targets \[1, 3\] must have one shape/,
    ],
    ['delta', () => losses.huber(zeros([3]), zeros([3]), { delta: 0 }), /delta 0 must be positive/],
    [
      'reduction',
      () => losses.huber(zeros([3]), zeros([3]), { reduction: 'median' as never }),
      /reduction: median must be/,
    ],
  ])('%s', (_, fn, message) => {
    expect(fn).toThrow(message);
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
