import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compile, grad, ndarray, type Tensor, toNumbers } from '../../../src/index.js';
import { sparsemaxLoss } from '../../../src/losses/index.js';
import { sparsemax } from '../../../src/nn/index.js';
import { checkDerivatives, numbers, random64 } from '../../support/derivatives.js';
import { c32, c64, expectValue } from '../../support/losses.js';

const none = { reduction: 'none' } as const;

describe('sparsemaxLoss', () => {
  it.each([
    [
      [0.5, 0.2, 0.1],
      [0.1433333333, 0.4433333333, 0.5433333333],
    ],
    [
      [1, 0.8, -1],
      [0.16, 0.36, 2.16],
    ],
    [
      [2, 0.5, 0.4],
      [0, 1.5, 1.6],
    ],
    [
      [0.1, 0.1, 0.1],
      [1 / 3, 1 / 3, 1 / 3],
    ],
  ])('of %j is %j for the labels 0, 1, 2', async (x, expected) => {
    await expectValue(() => sparsemaxLoss(c64([x, x, x]), c32([0, 1, 2]), none), expected);
  });

  it('of two logits is a Huber loss of their difference', async () => {
    const differences = [-2, -1, -0.5, 0, 0.5, 1, 3];
    await expectValue(
      () => sparsemaxLoss(c64(differences.map((t) => [t, 0])), c32(Array(7).fill(0)), none),
      [2, 1, 0.5625, 0.25, 0.0625, 0, 0],
    );
  });

  it('takes several labels as an even target', async () => {
    await expectValue(() => sparsemaxLoss(c64([[1, 0.8, -1]]), c64([[0.5, 0.5, 0]])), [0.01]);
  });

  it('has the gradient sparsemax - target, 0 beyond the margin', async () => {
    const [z, q] = [
      () => random64([4, 5], { low: -2, high: 2 }),
      () => random64([4, 5], { stream: 1, low: 0, high: 1 }),
    ];
    const run = compile((x: Tensor, y: Tensor) => {
      const target = y.div(y.sum(-1, { keepDims: true }));
      return grad((p: Tensor) => sparsemaxLoss(p, target, { reduction: 'sum' }))(x).sub(sparsemax(x).sub(target));
    });
    for (const difference of toNumbers(await run(z(), q()))) expect(difference).toBeCloseTo(0, 13);
    await expectValue(() => grad((p: Tensor) => sparsemaxLoss(p, c32([0])))(c64([[2, 0.5, 0.4]])), [0, 0, 0], 14);
  });

  it('is convex and has the derivatives of its equation', async () => {
    const run = compile((a: Tensor, b: Tensor) => {
      const loss = (z: Tensor) => sparsemaxLoss(z, c32([1, 3]), none);
      return loss(a)
        .add(loss(b))
        .mul(0.5)
        .sub(loss(a.add(b).mul(0.5)));
    });
    await fc.assert(
      fc.asyncProperty(fc.nat(1e6), async (stream) => {
        const [a, b] = [0, 1].map((k) =>
          ndarray(Float64Array.from(numbers(2 * stream + k, 8, -3, 3)), { shape: [2, 4] }),
        );
        for (const gap of toNumbers(await run(a, b))) expect(gap).toBeGreaterThanOrEqual(-1e-12);
      }),
      { numRuns: 20 },
    );
    await checkDerivatives((x) => sparsemaxLoss(x, c32([1, 3, 0]), none), [random64([3, 4], { low: -2, high: 2 })]);
    await checkDerivatives(
      (x, y) => sparsemaxLoss(x, y.softmax(1)),
      [random64([3, 4]), random64([3, 4], { stream: 1 })],
    );
  });

  it('leaves samples to be ignored out', async () => {
    const z = () =>
      c64([
        [1, 0.8, -1],
        [0.5, 0.2, 0.1],
      ]);
    await expectValue(() => sparsemaxLoss(z(), c32([0, -1]), { ignoreIndex: -1 }), [0.16]);
    expect(() => sparsemaxLoss(z(), z(), { ignoreIndex: 1 })).toThrow(/ignoreIndex goes with integer labels/);
  });
});
