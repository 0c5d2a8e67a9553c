import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compile, constant, jacobian, ndarray, type Tensor, toNumbers, zeros } from '../../../src/index.js';
import { sparsemax, sparsemaxAttention } from '../../../src/nn/index.js';
import { checkDerivatives, numbers, random64 } from '../../support/derivatives.js';
import { c64, expectValue } from '../../support/losses.js';

describe('sparsemax', () => {
  it.each([
    [
      [0.5, 0.2, 0.1],
      [0.5666666667, 0.2666666667, 0.1666666667],
    ],
    [
      [1, 0.8, -1],
      [0.6, 0.4, 0],
    ],
    [
      [2, 0.5, 0.4],
      [1, 0, 0],
    ],
    [
      [0.1, 0.1, 0.1],
      [1 / 3, 1 / 3, 1 / 3],
    ],
    [[7], [1]],
  ])('of %j is %j', async (x, expected) => {
    await expectValue(() => sparsemax(c64(x)), expected);
  });

  it('has the Jacobian of a projection', async () => {
    await expectValue(
      () => jacobian((z: Tensor) => sparsemax(z))(c64([1, 0.8, -1])),
      [0.5, -0.5, 0, -0.5, 0.5, 0, 0, 0, 0],
    );
    await checkDerivatives((z) => sparsemax(z), [random64([3, 5])]);
    await checkDerivatives(
      (z) => sparsemax(z, { axis: 0, mask: constant([[true], [true], [false], [true]]) }),
      [random64([4, 2])],
    );
  });

  it('is the closest point of the simplex: the same for shifted scores, itself for probabilities, and in their order', async () => {
    const run = compile((z: Tensor, shift: Tensor) => [sparsemax(z), sparsemax(z.add(shift)), sparsemax(sparsemax(z))]);
    await fc.assert(
      fc.asyncProperty(fc.nat(1e6), fc.double({ min: -1e3, max: 1e3, noNaN: true }), async (stream, shift) => {
        const scores = numbers(stream, 6, -1, 1);
        const [p, shifted, again] = (
          await run(ndarray(Float64Array.from(scores)), ndarray(Float64Array.of(shift)))
        ).map(toNumbers);
        expect(p.reduce((a, b) => a + b)).toBeCloseTo(1, 12);
        p.forEach((x, i) => {
          expect(shifted[i]).toBeCloseTo(x, 11);
          expect(again[i]).toBeCloseTo(x, 12);
          for (let j = 0; j < p.length; j++)
            if (scores[i] <= scores[j]) {
              expect(p[j] - x).toBeGreaterThanOrEqual(0);
              expect(p[j] - x).toBeLessThanOrEqual(scores[j] - scores[i] + 1e-12);
            }
        });
      }),
      { numRuns: 25 },
    );
  });

  it('keeps its digits far from 0 in float32', async () => {
    await expectValue(() => sparsemax(constant([1e5, 1e5 - 0.5, 0])), [0.75, 0.25, 0], 6);
  });

  it('gives masked scores nothing, and a row without any other nothing at all', async () => {
    const mask = () =>
      constant([
        [false, true, true],
        [false, false, false],
      ]);
    const x = () =>
      c64([
        [9, 0.8, 1],
        [9, 0.8, 1],
      ]);
    await expectValue(() => sparsemax(x(), { mask: mask() }), [0, 0.4, 0.6, 0, 0, 0]);
    await expectValue(() => jacobian((z: Tensor) => sparsemax(z, { mask: mask() }).sum())(x()), Array(6).fill(0));
  });

  it('refuses empty rows', () => {
    expect(() => sparsemax(zeros([2, 0]))).toThrow(/sparsemax: x float32\[2, 0\]/);
  });
});

describe('sparsemaxAttention', () => {
  it('mixes the values of the keys that are close enough', async () => {
    const [query, key, value] = [
      () => c64([[2, 0]]),
      () =>
        c64([
          [0.5, 0],
          [0.4, 0],
          [-0.5, 0],
        ]),
      () => c64([[10], [20], [1e9]]),
    ];
    await expectValue(() => sparsemaxAttention(query(), key(), value(), { scale: 1 }), [0.6 * 10 + 0.4 * 20]);
    await expectValue(
      () => sparsemaxAttention(query(), key(), value(), { mask: constant([[false, true, false]]) }),
      [20],
    );
  });

  it('scales scores by 1 over the root of the number of features by default', async () => {
    const [q, k, v] = [random64([3, 4]), random64([5, 4], { stream: 1 }), random64([5, 2], { stream: 2 })];
    const [own, half] = await compile((q: Tensor, k: Tensor, v: Tensor) => [
      sparsemaxAttention(q, k, v),
      sparsemaxAttention(q, k, v, { scale: 0.5 }),
    ])(q, k, v);
    expect(toNumbers(own)).toEqual(toNumbers(half));
  });

  it('has the derivatives of its formula, and refuses other features', async () => {
    await checkDerivatives(
      (q, k, v) => sparsemaxAttention(q, k, v),
      [random64([3, 2]), random64([3, 2], { stream: 1 }), random64([3, 2], { stream: 2 })],
    );
    expect(() => sparsemaxAttention(zeros([2, 3]), zeros([2, 4]), zeros([2, 1]))).toThrow(/same features/);
  });
});
