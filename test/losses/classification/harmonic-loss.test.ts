import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compile, constant, grad, ndarray, type Tensor, toNumbers, zeros } from '../../../src/index.js';
import * as losses from '../../../src/losses/index.js';
import { Context, harmonicLinear, harmonicLogits } from '../../../src/nn/index.js';
import { key } from '../../../src/runtime/random/index.js';
import { allClose, checkDerivatives, numbers, random64 } from '../../support/derivatives.js';
import { c32, c64, expectValue } from '../../support/losses.js';

const weights = () =>
  c64([
    [1, 0],
    [0, 2],
    [-1, -1],
  ]);
const x = () => c64([[0.5, 0.5]]);

describe('harmonicLogits', () => {
  it.each([
    [1, [0.561625186, 0.2511664187, 0.1872083953]],
    [2, [0.7627118644, 0.1525423729, 0.0847457627]],
    [4, [0.9502580948, 0.0380103238, 0.0117315814]],
    // Nearly none, and the nearest.
    [1e-9, [1 / 3, 1 / 3, 1 / 3]],
    [1e4, [1, 0, 0]],
  ])('at exponent %d their softmax is the harmonic max', (exponent, expected) =>
    expectValue(() => harmonicLogits(x(), weights(), { exponent, epsilon: 0 }).softmax(-1).reshape([3]), expected, 8),
  );

  it('are those of the published layer at twice its exponent', () =>
    expectValue(
      () => harmonicLogits(x(), weights(), { exponent: 8 }).softmax(-1).reshape([3]),
      [0.9982495211, 0.0015982216, 0.0001522572],
    ));

  it('are finite at a centre, also in float32', async () => {
    const run = compile((a: Tensor) => {
      const logits = (v: Tensor) =>
        harmonicLogits(
          v,
          constant(
            [
              [3, 4],
              [1, 1],
            ],
            v.dtype,
          ),
          { exponent: 100 },
        );
      return [logits(a).logSoftmax(-1), grad((v: Tensor) => logits(v).logSoftmax(-1).at(0).at(0))(a)];
    });
    for (const dtype of ['float32', 'float64'] as const) {
      const [logProbabilities, slope] = await run(ndarray([3, 4], { shape: [1, 2], dtype }));
      expect(toNumbers(logProbabilities)[0]).toBeCloseTo(0, 6);
      expect([...toNumbers(logProbabilities), ...toNumbers(slope)].every(Number.isFinite)).toBe(true);
    }
  });

  it('refuse what does not fit', () => {
    expect(() => harmonicLogits(zeros([2, 3]), zeros([4, 2]))).toThrow(/x \[2, 3\] and weights \[4, 2\] must be/);
    expect(() => harmonicLogits(zeros([2, 3]), zeros([4, 3]), { exponent: 0 })).toThrow(/exponent 0 must be above 0/);
    expect(() => harmonicLogits(zeros([2, 3]), zeros([4, 3]), { epsilon: -1 })).toThrow(/epsilon -1 must not be neg/);
  });
});

describe('harmonicLinear', () => {
  it('is a layer of centres, of any leading axes', async () => {
    const layer = harmonicLinear(3, 5, { exponent: 4 });
    const variables = layer.init(key(0));
    expect(variables.weight.shape).toEqual([5, 3]);
    const input = ndarray(Float32Array.from(numbers(0, 24)), { shape: [2, 4, 3] });
    const run = compile((v: { weight: Tensor }, a: Tensor) => [
      layer.apply(v, a, new Context()),
      harmonicLogits(a.reshape([8, 3]), v.weight, { exponent: 4 }).reshape([2, 4, 5]),
    ]);
    const [out, same] = await run(variables, input);
    expect(out.shape).toEqual([2, 4, 5]);
    allClose(out, toNumbers(same), 1e-5, 'rows');
  });
});

describe('harmonicLoss', () => {
  const loss = (a: Tensor, w: Tensor) => losses.harmonicLoss(a, w, c32([1]), { exponent: 4, epsilon: 0 });

  it('pulls towards the class and away from nearer ones', async () => {
    await expectValue(() => loss(x(), weights()), [3.2698974774]);
    await expectValue(() => grad((a: Tensor) => loss(a, weights()))(x()).reshape([2]), [4.5549820116, -6.1254497106]);
    await expectValue(
      () => grad((w: Tensor) => loss(x(), w))(weights()).reshape([6]),
      [-3.8010323792, 3.8010323792, -0.769591741, 2.3087752229, 0.0156421086, 0.0156421086],
    );
    await checkDerivatives(
      (a, w) => losses.harmonicLoss(a, w, c32([0, 2, 1]), { exponent: 5 }),
      [random64([3, 4]), random64([3, 4], { stream: 1 })],
    );
  });

  it('does not change when features and weights are scaled, moved or turned together', async () => {
    const of = (a: Tensor, w: Tensor) =>
      losses.harmonicLoss(a, w, c32([0, 2, 1, 1]), { exponent: 6, epsilon: 0, reduction: 'none' });
    const run = compile((a: Tensor, w: Tensor, by: Tensor) => {
      const [cos, sin] = [by.cos(), by.sin()];
      const turned = (v: Tensor) => v.at(0).mul(0).add(v);
      const rotation = (v: Tensor) => {
        const [p, q] = [v.slice([[], [0, 1]]), v.slice([[], [1, 2]])];
        return p
          .mul(cos)
          .sub(q.mul(sin))
          .concat(p.mul(sin).add(q.mul(cos)), 1);
      };
      return [of(a, w), of(a.mul(by), w.mul(by)), of(a.add(by), w.add(by)), of(rotation(turned(a)), rotation(w))];
    });
    await fc.assert(
      fc.asyncProperty(fc.nat(1e6), fc.double({ min: 0.1, max: 10, noNaN: true }), async (stream, by) => {
        const rows = (k: number, n: number) =>
          ndarray(Float64Array.from(numbers(stream + k, 2 * n, -2, 2)), { shape: [n, 2] });
        const [plain, ...others] = await run(rows(0, 4), rows(1, 3), ndarray(by, { dtype: 'float64' }));
        for (const other of others) allClose(other, toNumbers(plain), 1e-8, 'the same');
      }),
      { numRuns: 20 },
    );
    // So the derivatives by all rows add up to 0.
    const total = await compile((a: Tensor, w: Tensor) => {
      const [da, dw] = grad((p: Tensor[]) => losses.harmonicLoss(p[0], p[1], c32([0, 1, 2]), { exponent: 3 }))([a, w]);
      return da.sum(0).add(dw.sum(0));
    })(random64([3, 2]), random64([3, 2], { stream: 1 }));
    allClose(total, [0, 0], 1e-12, 'sum of the derivatives');
  });

  it('refuses what does not fit', () => {
    const at = (w: Tensor, options: losses.HarmonicLossOptions = {}) =>
      losses.harmonicLoss(zeros([2, 3]), w, c32([0, 1]), options);
    expect(() => at(zeros([4, 2]))).toThrow(/harmonicLoss: x \[2, 3\] and weights \[4, 2\] must be \[n, d\] and/);
    expect(() => at(zeros([4, 3]), { exponent: 0 })).toThrow(/harmonicLoss: exponent 0 must be a number above 0/);
  });
});
