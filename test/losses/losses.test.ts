import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compile, constant, grad, type NDArray, ndarray, type Tensor, toNumbers, zeros } from '../../src/index.js';
import * as losses from '../../src/losses/index.js';
import { checkDerivatives, numbers, random64 } from '../support/derivatives.js';
import { agreesWithPyTorch, value } from '../support/losses.js';

describe('losses agree with PyTorch', () => {
  agreesWithPyTorch('losses', losses);
});

describe('derivatives', () => {
  const labels = () => constant([2, 0, 1], 'int32');
  it.each<[string, (x: Tensor) => Tensor, number[]]>([
    ['crossEntropy', (x) => losses.crossEntropy(x, labels(), { labelSmoothing: 0.1, reduction: 'none' }), [3, 4]],
    ['crossEntropy, soft', (x) => losses.crossEntropy(x, x.mul(0.3).softmax(1), { labelSmoothing: 0.1 }), [3, 4]],
    [
      'crossEntropy over positions',
      (x) =>
        losses.crossEntropy(
          x,
          constant(
            [
              [0, 1],
              [1, 1],
            ],
            'int32',
          ),
        ),
      [2, 3, 2],
    ],
    ['binaryCrossEntropyWithLogits', (x) => losses.binaryCrossEntropyWithLogits(x, x.mul(0.4).sigmoid()), [3, 4]],
    ['meanSquaredError', (x) => losses.meanSquaredError(x, x.sin()), [3, 4]],
    ['meanAbsoluteError', (x) => losses.meanAbsoluteError(x, x.exp()), [3, 4]],
    ['huber', (x) => losses.huber(x.mul(3), x.cos(), { delta: 0.8 }), [3, 4]],
    ['smoothL1', (x) => losses.smoothL1(x.mul(3), x.cos(), { beta: 0.5 }), [3, 4]],
  ])('%s', async (_, fn, shape) => {
    await checkDerivatives(fn, [random64(shape, { stream: 5, low: -2, high: 2 })]);
  });
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
