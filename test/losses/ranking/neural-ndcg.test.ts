import { describe, expect, it } from 'vitest';
import { compile, constant, grad, ndarray, type Tensor, toNumbers, zeros } from '../../../src/index.js';
import { neuralNdcg, stochasticNeuralNdcg } from '../../../src/losses/index.js';
import { neuralSort } from '../../../src/numerics/index.js';
import { gumbel, key } from '../../../src/runtime/random/index.js';
import { checkDerivatives, random64 } from '../../support/derivatives.js';
import { c64, expectValue, value } from '../../support/losses.js';

const c64Array = (rows: number[][]) => ndarray(rows, { dtype: 'float64' });
const scores = () => c64([0.5, 0.2, 0.1]);
const relevance = () => c64([1, 2, 0]);

describe('neuralSort with a mask', () => {
  it('has the rows of its equation', async () => {
    await expectValue(() => neuralSort(scores()).at(1), [0.2800130939, 0.377978141, 0.3420087652]);
    await expectValue(() => neuralSort(scores()).at(0), [0.4367518169, 0.3235537039, 0.2396944792]);
  });

  it('sorts what is there as if nothing else were', async () => {
    const mask = () => constant([true, false, true, true, false]);
    await expectValue(() => {
      const padded = neuralSort(c64([0.5, 9, 0.2, 0.1, -7]), { mask: mask() });
      const columns = constant([0, 2, 3], 'int32');
      return padded
        .slice([[0, 3]])
        .gather(columns, 1)
        .sub(neuralSort(scores()));
    }, Array(9).fill(0));
    await expectValue(
      () =>
        neuralSort(c64([0.5, 9, 0.2, 0.1, -7]), { mask: mask() })
          .sum(0)
          .at(1),
      [0],
    );
    await expectValue(() => neuralSort(c64([0.5, 9, 0.2, 0.1, -7]), { mask: mask() }).sum(1), [1, 1, 1, 0, 0]);
    expect(() => neuralSort(zeros([3]), { mask: constant([true]) })).toThrow(
      /mask \[1\] must have the shape of x \[3\]/,
    );
  });
});

describe('neuralNdcg', () => {
  it.each([
    [1, -0.7847598254],
    [0.1, -0.7759855658],
    [0.01, -0.7967026699],
  ])('at temperature %d is %d', async (temperature, expected) => {
    // The reference stops scaling when sums are 1 to 1e-6.
    await expectValue(() => neuralNdcg(scores(), relevance(), { temperature }), [expected], 6);
  });

  it('is truncated, with its gradient', async () => {
    await expectValue(() => neuralNdcg(scores(), relevance(), { truncation: 1 }), [-0.4480804679], 6);
    await expectValue(() => neuralNdcg(scores(), relevance(), { truncation: 1, temperature: 0.01 }), [-1 / 3], 6);
    await expectValue(
      () => grad((s: Tensor) => neuralNdcg(s, relevance()))(scores()),
      [0.0322698445, -0.1427801738, 0.1105103293],
      6,
    );
  });

  it('tends to the exact measure', async () => {
    const many = () => c64([0.5, 0.2, 0.1, 0.4, 1, -1, 0.63]);
    const grades = () => c64([1, 2, 2, 4, 1, 4, 3]);
    await expectValue(() => neuralNdcg(many(), grades(), { temperature: 0.001 }), [-0.6302896357], 8);
    await expectValue(() => neuralNdcg(many(), grades(), { temperature: 0.001, truncation: 3 }), [-0.2115762994], 8);
    await expectValue(() => neuralNdcg(many(), grades()), [-0.6678882674], 6);
  });

  it('does not see padding, shifted scores, or the list that has no gain', async () => {
    const padded = () =>
      c64([
        [0.5, 9, 0.2, 0.1],
        [1, 2, 3, 4],
      ]);
    const grades = () =>
      c64([
        [1, 4, 2, 0],
        [0, 0, 0, 0],
      ]);
    const mask = () =>
      constant([
        [true, false, true, true],
        [true, true, true, true],
      ]);
    await expectValue(
      () => neuralNdcg(padded(), grades(), { mask: mask() }).sub(neuralNdcg(scores(), relevance())),
      [0],
      12,
    );
    await expectValue(() => neuralNdcg(scores().add(5), relevance()).sub(neuralNdcg(scores(), relevance())), [0], 12);
    const [first, second] = await value(() => neuralNdcg(padded(), grades(), { mask: mask(), reduction: 'none' }));
    expect(first).toBeLessThan(-0.5);
    expect(second).toBeCloseTo(0, 14);
    await expectValue(() => neuralNdcg(scores(), relevance().mul(0)), [0], 14);
    await expectValue(() => grad((s: Tensor) => neuralNdcg(s, relevance().mul(0)))(scores()), [0, 0, 0], 14);
  });

  it('takes relevance itself as the gain', async () => {
    // Ideal 2 + 1 / log2(3); ranks 1, 2, 3 have the gains 1, 2, 0.
    const exact = (1 + 2 / Math.log2(3)) / (2 + 1 / Math.log2(3));
    await expectValue(() => neuralNdcg(scores(), relevance(), { temperature: 1e-3, gain: 'linear' }), [-exact], 8);
  });

  it('has the derivatives of its equation', async () => {
    const x = random64([2, 4]);
    const grades = () =>
      c64([
        [2, 0, 1, 3],
        [0, 1, 0, 2],
      ]);
    const mask = () =>
      constant([
        [true, true, true, true],
        [true, true, false, true],
      ]);
    await checkDerivatives((s) => neuralNdcg(s, grades(), { mask: mask(), iterations: 4, reduction: 'none' }), [x]);
    // Nothing grows without bounds in the padding over the default's rounds.
    await checkDerivatives((s) => neuralNdcg(s, grades(), { mask: mask(), reduction: 'none' }), [x]);
  });

  it('refuses other shapes and options out of range', () => {
    expect(() => neuralNdcg(zeros([2, 3]), zeros([2, 4]))).toThrow(
      /neuralNdcg: relevance \[2, 4\] must have the shape of scores \[2, 3\]/,
    );
    expect(() => neuralNdcg(zeros([3]), zeros([3]), { truncation: 0 })).toThrow(/truncation 0/);
    expect(() => neuralNdcg(zeros([3]), zeros([3]), { gain: 'cubic' as never })).toThrow(/gain cubic/);
    expect(() => neuralNdcg(zeros([3]), zeros([3], 'int32'))).toThrow(
      /neuralNdcg: relevance must be float32 or float64, not int32/,
    );
    expect(() => neuralNdcg(zeros([3]), zeros([3]), { mask: zeros([3]) })).toThrow(/mask must be bool, not float32/);
  });
});

describe('stochasticNeuralNdcg', () => {
  it.each([
    ['above 0', 2],
    ['around 0', 0],
  ])(
    'takes the logarithm of scores %s plus the size of the least, adds noise of 0.1 and averages 32 draws',
    async (_, offset) => {
      const rows = () =>
        c64([
          [0.5, 0.2, -0.1],
          [0.7, -0.4, 0.3],
        ]).add(offset);
      const grades = () =>
        c64([
          [1, 2, 0],
          [0, 1, 3],
        ]);
      await expectValue(
        () => {
          const least = offset === 0 ? 0.4 : 1.6;
          const logs = rows().add(least).add(1e-10).log();
          const noise = gumbel(constant(key(3)), [32, 2, 3], { dtype: 'float64' });
          const draws = logs.add(noise.mul(0.1)).reshape([64, 3]);
          const each = neuralNdcg(draws, grades().expandDims(0).broadcastTo([32, 2, 3]).reshape([64, 3]));
          return stochasticNeuralNdcg(rows(), grades(), constant(key(3))).sub(each);
        },
        [0],
        12,
      );
    },
  );

  it('does not see padding, whatever stands there', async () => {
    const mask = () => constant([[true, false, true, true]]);
    const run = compile((s: Tensor, k: Tensor) => {
      const loss = (x: Tensor) => stochasticNeuralNdcg(x, c64([[1, 4, 2, 0]]), k, { mask: mask(), samples: 4 });
      return { loss: loss(s), gradient: grad(loss)(s) };
    });
    const at = (padding: number) => run(c64Array([[0.5, padding, 0.2, 0.1]]), key(1));
    const [low, high] = [await at(-7), await at(9)];
    expect(toNumbers(low.loss)).toEqual(toNumbers(high.loss));
    expect(toNumbers(low.gradient)).toEqual(toNumbers(high.gradient));
    expect(toNumbers(low.gradient).every(Number.isFinite)).toBe(true);
    expect(toNumbers(low.gradient)[1] + 0).toBe(0);
    const none = await compile((k: Tensor) =>
      stochasticNeuralNdcg(c64([[1, 2]]), c64([[1, 0]]), k, { mask: constant([[false, false]]) }),
    )(key(0));
    expect(toNumbers(none)[0] + 0).toBe(0);
  });

  it('averages draws of one key, and tends to the plain loss without noise', async () => {
    const run = (seed: number, noise: number) =>
      compile((s: Tensor, k: Tensor) => ({
        loss: stochasticNeuralNdcg(s, relevance(), k, { noise, samples: 4, logScores: false }),
        gradient: grad((p: Tensor) => stochasticNeuralNdcg(p, relevance(), k, { noise, samples: 4 }))(s),
      }))(random64([3]), key(seed));
    const [one, again, other] = [await run(1, 0.5), await run(1, 0.5), await run(2, 0.5)];
    expect(toNumbers(one.loss)).toEqual(toNumbers(again.loss));
    expect(toNumbers(one.loss)).not.toEqual(toNumbers(other.loss));
    expect(toNumbers(one.gradient).every(Number.isFinite)).toBe(true);
    const [plain] = toNumbers(await compile((s: Tensor) => neuralNdcg(s, relevance()))(random64([3])));
    expect(toNumbers((await run(3, 1e-9)).loss)[0]).toBeCloseTo(plain, 7);
  });
});
