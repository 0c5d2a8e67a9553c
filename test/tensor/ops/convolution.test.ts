import { describe, expect, it } from 'vitest';
import {
  adaptiveAveragePool,
  adaptiveMaxPool,
  averagePool,
  type ConvOptions,
  type ConvTransposeOptions,
  compile,
  conv,
  convTranspose,
  maxPool,
  ndarray,
  type Tensor,
  toNumbers,
  zeros,
} from '../../../src/index.js';
import { checkDerivatives, random64 } from '../../support/derivatives.js';

// Values are compared with PyTorch in golden.test.ts; here every derivative in float64, first and second order.
describe('conv: derivatives', () => {
  it.each<[string, number[], number[], ConvOptions]>([
    ['plain', [2, 2, 4, 4], [3, 2, 3, 3], {}],
    ['padded', [1, 2, 4, 3], [2, 2, 3, 3], { padding: 1 }],
    [
      'padded unevenly',
      [1, 1, 4, 4],
      [2, 1, 2, 3],
      {
        padding: [
          [0, 1],
          [2, 0],
        ],
      },
    ],
    ['same', [1, 1, 5, 4], [2, 1, 3, 2], { padding: 'same', stride: 2 }],
    ['strided, with a rest no window reaches', [1, 2, 6, 5], [2, 2, 2, 2], { stride: [3, 2] }],
    ['kernel smaller than the stride', [1, 1, 7, 7], [2, 1, 1, 1], { stride: 3 }],
    ['dilated', [1, 2, 6, 6], [2, 2, 2, 2], { dilation: [2, 3], padding: 1 }],
    ['strided and dilated', [1, 1, 8, 7], [2, 1, 2, 2], { stride: 2, dilation: 2, padding: 1 }],
    ['grouped', [2, 4, 4, 4], [6, 2, 2, 2], { groups: 2 }],
    ['depthwise', [2, 3, 4, 4], [3, 1, 3, 3], { groups: 3, padding: 1, stride: 2 }],
    ['one axis', [2, 2, 7], [3, 2, 3], { stride: 2, padding: 1 }],
    ['three axes', [1, 1, 3, 3, 3], [2, 1, 2, 2, 2], { padding: 1, stride: 2 }],
  ])('%s', async (_, x, weight, options) => {
    const inputs = [random64(x, { stream: 1 }), random64(weight, { stream: 2 }), random64([weight[0]], { stream: 3 })];
    await checkDerivatives((a, w, b) => conv(a, w, b, options), inputs);
  });
});

describe('convTranspose: derivatives', () => {
  it.each<[string, number[], number[], ConvTransposeOptions]>([
    ['plain', [2, 2, 3, 3], [2, 3, 2, 2], {}],
    ['strided, with output padding', [1, 2, 3, 2], [2, 1, 3, 3], { stride: 2, padding: 1, outputPadding: 1 }],
    ['grouped', [1, 4, 2, 3], [4, 2, 2, 2], { groups: 2, stride: [2, 1] }],
    ['dilated', [1, 1, 3, 3], [1, 2, 2, 2], { dilation: 2 }],
    ['one axis', [2, 2, 4], [2, 2, 3], { stride: 3, outputPadding: 2 }],
  ])('%s', async (_, x, weight, options) => {
    const inputs = [
      random64(x, { stream: 4 }),
      random64(weight, { stream: 5 }),
      random64([weight[1] * (options.groups ?? 1)], { stream: 6 }),
    ];
    await checkDerivatives((a, w, b) => convTranspose(a, w, b, options), inputs);
  });

  it('is the adjoint of conv', async () => {
    const options = { stride: 2, padding: 1 };
    const [x, w, y] = [
      random64([1, 2, 5, 5], { stream: 1 }),
      random64([3, 2, 3, 3], { stream: 2 }),
      random64([1, 3, 3, 3], { stream: 3 }),
    ];
    const f = compile((a: Tensor, k: Tensor, b: Tensor) => [
      conv(a, k, undefined, options).mul(b).sum(),
      convTranspose(b, k, undefined, options).mul(a).sum(),
    ]);
    const [left, right] = await f(x, w, y);
    expect(Number(left.data[0])).toBeCloseTo(Number(right.data[0]), 12);
  });
});

describe('pooling', () => {
  const x = random64([1, 2, 5, 6], { stream: 9 });
  it.each<[string, (x: Tensor) => Tensor]>([
    ['maxPool', (x) => maxPool(x, 2)],
    ['maxPool, overlapping and padded', (x) => maxPool(x, 3, { stride: 1, padding: 1 })],
    ['maxPool, dilated', (x) => maxPool(x, 2, { stride: 1, dilation: 2 })],
    ['maxPool, ceil', (x) => maxPool(x, 2, { stride: 2, ceilMode: true })],
    ['averagePool', (x) => averagePool(x, 2)],
    ['averagePool, padding counted', (x) => averagePool(x, 3, { stride: 2, padding: 1 })],
    ['averagePool, padding not counted', (x) => averagePool(x, 3, { stride: 2, padding: 1, countPadding: false })],
    ['averagePool, ceil', (x) => averagePool(x, [2, 4], { stride: [2, 3], ceilMode: true })],
    ['adaptiveAveragePool', (x) => adaptiveAveragePool(x, [1, 3])],
    ['adaptiveAveragePool, uneven', (x) => adaptiveAveragePool(x, [2, 4])],
    ['adaptiveMaxPool', (x) => adaptiveMaxPool(x, [3, 2])],
  ])('%s: derivatives', async (_, fn) => {
    await checkDerivatives((t) => fn(t).square(), [x]);
  });

  it('gives the cotangent of a tie to one element', async () => {
    const { grad } = await import('../../../src/index.js');
    const g = await compile((t: Tensor) => grad((p: Tensor) => maxPool(p, 2).sum())(t))(
      ndarray([
        [
          [
            [1, 1],
            [1, 1],
          ],
        ],
      ]),
    );
    expect(toNumbers(g).reduce((a, b) => a + b)).toBe(1);
    expect(toNumbers(g).filter((v) => v === 1)).toHaveLength(1);
  });
});

describe('errors', () => {
  it.each<[string, () => unknown, RegExp]>([
    [
      'channels',
      () => conv(zeros([1, 3, 4, 4]), zeros([2, 2, 3, 3])),
      /conv: x \[1, 3, 4, 4\] and weight \[2, 2, 3, 3\] do not fit in 1 groups/,
    ],
    ['kernel', () => conv(zeros([1, 2, 2, 2]), zeros([2, 2, 3, 3])), /the kernel \[3, 3\].*is larger than x/],
    ['bias', () => conv(zeros([1, 2, 4, 4]), zeros([2, 2, 3, 3]), zeros([3])), /bias \[3\] must be \[2\]/],
    [
      'stride',
      () => conv(zeros([1, 2, 4, 4]), zeros([2, 2, 3, 3]), undefined, { stride: 0 }),
      /stride \[0\] must be 2 integers of at least 1/,
    ],
    [
      'output padding',
      () => convTranspose(zeros([1, 2, 4]), zeros([2, 2, 3]), undefined, { outputPadding: 1 }),
      /outputPadding \[1\] must be smaller/,
    ],
    ['pool', () => maxPool(zeros([1, 1, 2, 2]), 3), /the kernel \[3, 3\] is larger than x/],
    ['rank', () => maxPool(zeros([1, 1]), 3), /maxPool: x \[1, 1\] must be/],
  ])('%s', (_, fn, message) => {
    expect(fn).toThrow(message);
  });
});
