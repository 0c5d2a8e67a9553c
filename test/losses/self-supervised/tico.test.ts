import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compile, constant, eye, grad, ndarray, type Tensor, zeros } from '../../../src/index.js';
import * as losses from '../../../src/losses/index.js';
import { allClose, checkDerivatives, numbers, random64 } from '../../support/derivatives.js';
import { c64, expectValue } from '../../support/losses.js';

const first = () =>
  c64([
    [1, 2],
    [3, -1],
    [0, 1],
  ]);
const second = () =>
  c64([
    [1, 1],
    [2, -1],
    [1, 1],
  ]);
const none = () => zeros([2, 2], 'float64');

describe('tico', () => {
  it('is invariance and contrast with the moments so far', async () => {
    const one = () => losses.tico(first(), second(), none());
    const two = () => losses.tico(first(), second(), one().covariance);
    await expectValue(() => losses.tico(first(), second(), none(), { covarianceWeight: 0 }).loss, [0.118086809]);
    await expectValue(() => one().loss, [0.5483090313]);
    await expectValue(() => one().covariance, [0.0366666667, 0.0033333333, 0.0033333333, 0.0633333333]);
    await expectValue(() => two().loss, [0.9355090313]);
    await expectValue(() => two().covariance, [0.0696666667, 0.0063333333, 0.0063333333, 0.1203333333]);
    // Traces grow as 1 - beta^t.
    await expectValue(() => two().covariance.trace(), [1 - 0.81]);
  });

  it("has a gradient with the moments held, or with the batch's part of them moving", async () => {
    const gradient = (throughCovariance: boolean) => () =>
      grad((z: Tensor) => losses.tico(z, second(), eye(2, 2, 'float64').mul(0.25), { throughCovariance }).loss)(
        first(),
      );
    await expectValue(gradient(false), [-0.060652591, 0.0303262955, 0.0018696008, 0.0056088023, -0.2179244826, 0]);
    await expectValue(gradient(true), [-0.07914148, 0.03957074, -0.0009748437, -0.002924531, -0.2001467048, 0]);
    const target = (t: Tensor) => losses.tico(first(), t, none(), { throughCovariance: true }).loss;
    await expectValue(() => grad(target)(second()), Array(6).fill(0));
    // Neither into the moments that go on to the next step, nor into those of before.
    const after = (z: Tensor) => losses.tico(z, second(), none(), { throughCovariance: true }).covariance.sum();
    await expectValue(() => grad(after)(first()), Array(6).fill(0));
    await expectValue(() => grad((c: Tensor) => losses.tico(first(), second(), c).loss)(none()), Array(4).fill(0));
    await checkDerivatives(
      (z) => losses.tico(z, second(), eye(2, 2, 'float64'), { throughCovariance: true }).loss,
      [random64([3, 2])],
    );
  });

  it('without memory is the squared norm of the second moments, between 1/d and 1', async () => {
    const contrast = (x: Tensor) =>
      losses.tico(x, x, zeros([x.shape[1], x.shape[1]], 'float64'), { decay: 0, covarianceWeight: 1 }).loss;
    await expectValue(() => contrast(first()), [0.5377777778]);
    const run = compile(contrast);
    await fc.assert(
      fc.asyncProperty(fc.nat(1e6), async (stream) => {
        const { data } = await run(ndarray(Float64Array.from(numbers(stream, 12, -1, 1)), { shape: [4, 3] }));
        expect(data[0]).toBeGreaterThanOrEqual(1 / 3 - 1e-12);
        expect(data[0]).toBeLessThanOrEqual(1 + 1e-12);
      }),
      { numRuns: 20 },
    );
  });

  it('contrasts with every embedding so far', async () => {
    const [k1, k2] = [
      [
        [1, 0],
        [Math.SQRT1_2, Math.SQRT1_2],
      ],
      [
        [0, 1],
        [Math.SQRT1_2, -Math.SQRT1_2],
      ],
    ];
    const after = () => losses.tico(c64(k2), c64(k2), losses.tico(c64(k1), c64(k1), none()).covariance).covariance;
    const [q, beta] = [[2, 1], 0.9];
    const mean = (keys: number[][]) => keys.reduce((total, k) => total + (k[0] * q[0] + k[1] * q[1]) ** 2, 0) / 2;
    await expectValue(() => c64([q]).matmul(after()).matmul(c64(q)), [(1 - beta) * (beta * mean(k1) + mean(k2))]);
  });

  it('does not see lengths, and refuses what does not fit', async () => {
    const run = compile((x: Tensor) => [
      losses.tico(x, second(), none()).loss,
      losses.tico(x.mul(c64([[3], [0.2], [9]])), second(), none()).loss,
    ]);
    const [plain, stretched] = await run(random64([3, 2]));
    allClose(stretched, [Number(plain.data[0])], 1e-12, 'stretched');
    expect(() => losses.tico(zeros([3, 2]), zeros([3, 2]), zeros([3, 3]))).toThrow(
      /online \[3, 2\] and covariance \[3, 3\]/,
    );
    expect(() => losses.tico(zeros([3, 2]), zeros([3, 2]), constant([[1]]), { decay: 1 })).toThrow(/decay 1 must lie/);
  });
});
