import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compile, grad, ndarray, type Tensor, toNumbers, zeros } from '../../../src/index.js';
import {
  batchNormalize,
  batchNormalizeByBatch,
  channelMoments,
  groupNormalize,
  layerNormalize,
  standardize,
} from '../../../src/nn/index.js';
import { allClose, checkDerivatives, numbers, random64 } from '../../support/derivatives.js';

const positive = (shape: readonly number[], stream: number) => random64(shape, { stream, low: 0.5, high: 1.5 });

describe('derivatives', () => {
  it('layerNorm', async () => {
    await checkDerivatives(
      (x, weight, bias) => layerNormalize(x, weight, bias),
      [random64([2, 3, 4]), positive([3, 4], 1), random64([3, 4], { stream: 2 })],
    );
  });

  it('groupNorm', async () => {
    await checkDerivatives(
      (x, weight, bias) => groupNormalize(x, 2, weight, bias),
      [random64([2, 4, 3]), positive([4], 1), random64([4], { stream: 2 })],
    );
  });

  const batch = [random64([4, 2, 3]), positive([2], 1), random64([2], { stream: 2 })];

  it('batchNorm with the statistics of the batch', async () => {
    await checkDerivatives((x, weight, bias) => {
      const { mean, variance } = channelMoments(x);
      return batchNormalize(x, mean, variance, weight, bias);
    }, batch);
  });

  it('batchNormByBatch, and the moments that it gives', async () => {
    await checkDerivatives((x, weight, bias) => {
      const { y, mean, variance } = batchNormalizeByBatch(x, weight, bias);
      return y.mul(mean.reshape([1, 2, 1])).add(variance.reshape([1, 2, 1]));
    }, batch);
    await checkDerivatives((x) => batchNormalizeByBatch(x).y, batch.slice(0, 1));
  });

  it('batchNorm with given statistics', async () => {
    await checkDerivatives(
      (x, mean, variance) => batchNormalize(x, mean, variance),
      [random64([3, 2]), random64([2], { stream: 1 }), positive([2], 2)],
    );
  });
});

describe('what normalisation does', () => {
  const run = compile((x: Tensor) => layerNormalize(x, x.at(0, 0).onesLike(), undefined, 1e-12));

  it('layerNorm gives every sample mean 0 and variance 1, whatever its scale and offset', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.nat(1e6),
        fc.double({ min: 0.01, max: 100, noNaN: true }),
        fc.double({ min: -100, max: 100, noNaN: true }),
        async (stream, scale, offset) => {
          const values = numbers(stream, 21);
          const y = toNumbers(await run(ndarray(Float64Array.from(values), { shape: [3, 7] })));
          const moved = values.map((value) => value * scale + offset);
          allClose(await run(ndarray(Float64Array.from(moved), { shape: [3, 7] })), y, 1e-6, 'moved');
          for (const row of [0, 1, 2]) {
            const part = y.slice(7 * row, 7 * row + 7);
            expect(part.reduce((a, b) => a + b, 0)).toBeCloseTo(0, 10);
            expect(part.reduce((a, b) => a + b * b, 0) / 7).toBeCloseTo(1, 6);
          }
        },
      ),
      { numRuns: 25 },
    );
  });

  it('groupNorm with one group is a layer norm over all but the batch, with as many as channels an instance norm', async () => {
    const both = compile((x: Tensor) => ({
      one: groupNormalize(x, 1),
      layer: standardize(x, [1, 2], 1e-5).y,
      each: groupNormalize(x, 4),
      instance: standardize(x, [2], 1e-5).y,
    }));
    const { one, layer, each, instance } = await both(random64([2, 4, 5]));
    allClose(one, toNumbers(layer), 1e-12, 'one group');
    allClose(each, toNumbers(instance), 1e-12, 'a group a channel');
  });

  it('batchNormByBatch is batchNorm by the moments of the batch', async () => {
    const both = compile((x: Tensor, weight: Tensor, bias: Tensor) => {
      const { mean, variance } = channelMoments(x);
      return [batchNormalize(x, mean, variance, weight, bias, 1e-3), batchNormalizeByBatch(x, weight, bias, 1e-3).y];
    });
    const [given, own] = await both(random64([4, 2, 3]), positive([2], 1), random64([2], { stream: 2 }));
    allClose(own, toNumbers(given), 1e-12, 'y');
  });

  it('a constant input gives zeros and finite gradients', async () => {
    const constant = compile((x: Tensor) => {
      const fn = (p: Tensor) => groupNormalize(p, 1);
      return { y: fn(x), gradient: grad((p: Tensor) => fn(p).mul(p.add(1)).sum())(x) };
    });
    const { y, gradient } = await constant(ndarray(new Float32Array(12).fill(3), { shape: [2, 2, 3] }));
    expect(toNumbers(y).every((value) => value === 0)).toBe(true);
    expect(toNumbers(gradient).every(Number.isFinite)).toBe(true);
  });
});

describe('errors', () => {
  it.each<[string, () => unknown, RegExp]>([
    ['layerNorm', () => layerNormalize(zeros([2, 3]), zeros([4])), /layerNorm: weight \[4\] .* x \[2, 3\]/],
    [
      'groupNorm of no channels',
      () => groupNormalize(zeros([]), 2),
      /groupNorm: x \[\] must be \[n, channels, \.\.\.\]/,
    ],
    ['groupNorm', () => groupNormalize(zeros([2, 3]), 2), /groupNorm: 2 groups do not divide .* x \[2, 3\]/],
    [
      'groupNorm weight',
      () => groupNormalize(zeros([2, 4]), 2, zeros([3])),
      /groupNorm: weight \[3\] must be \[channels\] for x \[2, 4\]/,
    ],
    [
      'batchNorm',
      () => batchNormalize(zeros([2, 4]), zeros([3]), zeros([3])),
      /batchNorm: weight \[3\] must be \[channels\] for x \[2, 4\]/,
    ],
    ['channelMoments', () => channelMoments(zeros([2])), /channelMoments: x \[2\]/],
  ])('%s', (_, fn, message) => {
    expect(fn).toThrow(message);
  });
});
