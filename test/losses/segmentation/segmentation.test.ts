import { describe, expect, it } from 'vitest';
import { compile, constant, grad, ndarray, type Tensor, toNumbers, zeros } from '../../../src/index.js';
import {
  diceLoss,
  focalTverskyLoss,
  jaccardLoss,
  lovaszHinge,
  lovaszSoftmax,
  tverskyLoss,
} from '../../../src/losses/index.js';
import { checkDerivatives, random64 } from '../../support/derivatives.js';
import { c32, c64, expectValue } from '../../support/losses.js';

const probabilities = () => c64([[[0.9, 0.2, 0.7, 0.1]]]);
const mask = () => c64([[[1, 0, 1, 1]]]);

describe('overlap losses', () => {
  it('have the values of their equations', async () => {
    await expectValue(() => diceLoss(probabilities(), mask()), [0.306122449]);
    await expectValue(() => jaccardLoss(probabilities(), mask()), [0.46875]);
    await expectValue(() => tverskyLoss(probabilities(), mask()), [0.3632958801]);
    await expectValue(() => focalTverskyLoss(probabilities(), mask()), [0.3632958801 ** 0.75]);
    await expectValue(() => focalTverskyLoss(probabilities(), mask(), { gamma: 2 }), [Math.sqrt(0.3632958801)]);
    const even = { falsePositiveWeight: 0.5, falseNegativeWeight: 0.5, gamma: 1 };
    await expectValue(() => focalTverskyLoss(probabilities(), mask(), even), [0.306122449]);
  });

  it('are each other at special weights', async () => {
    const both = (weight: number) => ({ falsePositiveWeight: weight, falseNegativeWeight: weight });
    await expectValue(
      () => tverskyLoss(probabilities(), mask(), both(0.5)).sub(diceLoss(probabilities(), mask())),
      [0],
      14,
    );
    await expectValue(
      () => tverskyLoss(probabilities(), mask(), both(1)).sub(jaccardLoss(probabilities(), mask())),
      [0],
      14,
    );
  });

  it('take integer labels as masks, and sums over the batch', async () => {
    const p = () => random64([2, 3, 4], { low: 0, high: 1 });
    const run = compile((x: Tensor) => {
      const labels = c32([
        [0, 1, 2, 2],
        [1, 1, 0, 0],
      ]);
      const masks = labels.oneHot(3, 'bool').cast('float64').moveAxis(-1, 1);
      return [
        diceLoss(x, labels).sub(diceLoss(x, masks)),
        diceLoss(x, labels, { batch: true, reduction: 'none' }),
        diceLoss(x.transpose([1, 0, 2]).reshape([1, 3, 8]), masks.transpose([1, 0, 2]).reshape([1, 3, 8]), {
          reduction: 'none',
        }),
      ];
    });
    const [same, batch, single] = (await run(p())).map(toNumbers);
    expect(same[0]).toBeCloseTo(0, 14);
    batch.forEach((x, i) => {
      expect(x).toBeCloseTo(single[i], 14);
    });
  });

  it.each<[string, (p: Tensor, t: Tensor) => Tensor]>([
    ['diceLoss', (p, t) => diceLoss(p, t)],
    ['jaccardLoss', (p, t) => jaccardLoss(p, t)],
    ['tverskyLoss', (p, t) => tverskyLoss(p, t)],
    ['focalTverskyLoss', (p, t) => focalTverskyLoss(p, t)],
  ])('%s of nothing found where nothing is costs 0, with finite derivatives', async (_, loss) => {
    await expectValue(() => loss(zeros([1, 2, 4], 'float64'), zeros([1, 2, 4], 'float64')), [0], 14);
    const gradient = await compile((p: Tensor) => grad((x: Tensor) => loss(x, zeros([1, 2, 4])))(p))(
      ndarray(new Float32Array(8), { shape: [1, 2, 4] }),
    );
    expect(toNumbers(gradient).every(Number.isFinite)).toBe(true);
    await checkDerivatives(
      (p, t) => loss(p, t),
      [random64([2, 2, 3], { low: 0.1, high: 0.9 }), random64([2, 2, 3], { stream: 1, low: 0, high: 1 })],
    );
  });

  it('of masks that are found rightly have a focal loss of 0 with derivative 0', async () => {
    const run = compile((p: Tensor) => [focalTverskyLoss(p, p), grad((x: Tensor) => focalTverskyLoss(x, mask()))(p)]);
    for (const values of await run(ndarray([[[1, 0, 1, 1]]], { dtype: 'float64' })))
      expect(toNumbers(values).every((v) => v === 0)).toBe(true);
  });

  it('leave out positions that are ignored, as if images were without them', async () => {
    const some = () => random64([2, 3, 4], { low: 0.1, high: 0.9 });
    const labelled = (ignored: number) =>
      c32([
        [0, 1, ignored, ignored],
        [2, 1, ignored, ignored],
      ]);
    const ways = [diceLoss, jaccardLoss, tverskyLoss, focalTverskyLoss];
    for (const ignoreIndex of [255, 0]) {
      const run = compile((x: Tensor) =>
        ways.flatMap((loss) =>
          [false, true].map((batch) => {
            const whole = (p: Tensor) => loss(p, labelled(ignoreIndex), { ignoreIndex, batch });
            const labels = c32([
              [0, 1],
              [2, 1],
            ]);
            // Of the class that is ignored the positions left are ignored too.
            const rest = (p: Tensor) => loss(p.slice([null, null, [0, 2]]), labels, { ignoreIndex, batch });
            return [whole(x), rest(x), grad(whole)(x), grad(rest)(x)];
          }),
        ),
      );
      for (const values of await run(some())) {
        const [whole, rest, gradient, expected] = values.map(toNumbers);
        expect(whole[0]).toBeCloseTo(rest[0], 14);
        gradient.forEach((g, i) => {
          expect(g).toBeCloseTo(expected[i], 14);
        });
        expect(gradient.filter((_, i) => i % 4 > 1).every((g) => g === 0)).toBe(true);
      }
    }
    const all = c32([[9, 9, 9, 9]]);
    await expectValue(() => diceLoss(c64([[[0.9, 0.2, 0.7, 0.1]]]), all, { ignoreIndex: 9 }), [0]);
    expect(() => diceLoss(probabilities(), mask(), { ignoreIndex: 1 })).toThrow(
      /diceLoss: ignoreIndex goes with integer/,
    );
  });

  it('weigh their classes', async () => {
    const weight = () => c64([0.5, 0, 2]);
    const run = compile((x: Tensor) => {
      const labels = c32([
        [0, 1, 2, 2],
        [1, 1, 0, 0],
      ]);
      return [diceLoss, jaccardLoss, tverskyLoss, focalTverskyLoss].map((loss) => {
        const [single, mean, sum] = (['none', 'mean', 'sum'] as const).map((reduction) =>
          loss(x, labels, { weight: weight(), reduction }),
        );
        return { plain: loss(x, labels, { reduction: 'none' }), single, mean, sum };
      });
    });
    for (const result of await run(random64([2, 3, 4], { low: 0.1, high: 0.9 }))) {
      const { plain, single, mean, sum } = Object.fromEntries(
        Object.entries(result).map(([name, values]) => [name, toNumbers(values)]),
      );
      const expected = plain.map((loss, i) => loss * [0.5, 0, 2][i % 3]);
      expected.forEach((loss, i) => {
        expect(single[i]).toBeCloseTo(loss, 14);
      });
      const total = expected.reduce((a, b) => a + b);
      expect(sum[0]).toBeCloseTo(total, 13);
      expect(mean[0]).toBeCloseTo(total / 5, 13);
    }
    expect(() => jaccardLoss(zeros([1, 3, 4]), zeros([1, 3, 4]), { weight: c32([1, 2, 3]) })).toThrow(
      /jaccardLoss: weight must be float32 or float64/,
    );
  });

  it('refuse what has no positions', () => {
    expect(() => diceLoss(zeros([2, 3]), zeros([2, 3]))).toThrow(/diceLoss: probabilities \[2, 3\] must be/);
    expect(() => tverskyLoss(zeros([2, 3, 4]), zeros([2, 3, 4]), { falsePositiveWeight: -1 })).toThrow(
      /falsePositiveWeight/,
    );
    expect(() => focalTverskyLoss(zeros([2, 3, 4]), zeros([2, 3, 4]), { gamma: 0 })).toThrow(
      /focalTverskyLoss: gamma 0 must be a number above 0/,
    );
  });
});

describe('Lovasz losses', () => {
  it('have the values of their equations', async () => {
    await expectValue(() => lovaszHinge(c64([[2, -1, 0.5, -0.5]]), c64([[1, 0, 1, 1]])), [0.6666666667]);
    // Two classes at probabilities p and 1 - p; errors .1, .2, .3, .9 of the foreground alone are .4416666667.
    await expectValue(
      () =>
        lovaszSoftmax(
          c64([[[0.1, 0.2, 0.3, 0.9]]])
            .neg()
            .add(1),
          c32([[0, 0, 0, 0]]),
        ),
      [(0.9 + 0.3 + 0.2 + 0.1) / 4],
    );
    const p = () =>
      c64([
        [
          [0.1, 0.8, 0.3, 0.9],
          [0.9, 0.2, 0.7, 0.1],
        ],
      ]);
    const foreground = 0.4416666667;
    // Background: one pixel; errors .2 on it and .1, .3, .9 elsewhere, sorted .9 .3 .2 .1: weights 1/2, 1/6, 1/3, 0.
    const background = 0.9 / 2 + 0.3 / 6 + 0.2 / 3;
    await expectValue(() => lovaszSoftmax(p(), c32([[1, 0, 1, 1]])), [(foreground + background) / 2]);
  });

  it('leave out positions that do not count, and weigh classes', async () => {
    const two = (last: readonly (readonly [number, number])[]) =>
      c64([
        [
          [0.1, 0.8, 0.3, 0.9, ...last.map(([p]) => p)],
          [0.9, 0.2, 0.7, 0.1, ...last.map(([, p]) => p)],
        ],
      ]);
    const [foreground, background] = [0.4416666667, 0.9 / 2 + 0.3 / 6 + 0.2 / 3];
    const more = () =>
      two([
        [0.4, 0.6],
        [0.99, 0.01],
      ]);
    for (const ignoreIndex of [255, -1])
      await expectValue(
        () => lovaszSoftmax(more(), c32([[1, 0, 1, 1, ignoreIndex, ignoreIndex]]), { ignoreIndex }),
        [(foreground + background) / 2],
      );
    // A class that is ignored is not there.
    await expectValue(
      () => lovaszSoftmax(two([]), c32([[1, 0, 1, 1]]), { ignoreIndex: 7, weight: c64([1, 3]) }),
      [(3 * foreground + background) / 4],
    );
    await expectValue(() => lovaszSoftmax(two([]), c32([[1, 1, 1, 1]]), { weight: c64([1, 0]) }), [0]);
    const seen = () => constant([[true, true, true, true, false, false]]);
    const [logits, targets] = [() => c64([[2, -1, 0.5, -0.5, 3, -3]]), () => c64([[1, 0, 1, 1, 0, 1]])];
    await expectValue(() => lovaszHinge(logits(), targets(), { mask: seen() }), [0.6666666667]);
    const run = compile((z: Tensor) => grad((x: Tensor) => lovaszHinge(x, targets(), { mask: seen() }))(z));
    const gradient = toNumbers(await run(ndarray([[2, -1, 0.5, -0.5, 3, -3]], { dtype: 'float64' })));
    expect(gradient.slice(4).every((g) => g === 0)).toBe(true);
    expect(() => lovaszHinge(logits(), targets(), { mask: targets() })).toThrow(
      /lovaszHinge: mask float64\[1, 6\] must be bool/,
    );
    expect(() => lovaszSoftmax(two([]), c32([[1, 0, 1, 1]]), { weight: c64([1]) })).toThrow(
      /lovaszSoftmax: weight \[1\] must be \[2\]/,
    );
  });

  it('of hard predictions are the Jaccard loss', async () => {
    // Found 2 of 3, one wrongly: intersection 2, union 4.
    await expectValue(
      () =>
        lovaszSoftmax(
          c64([
            [
              [0, 0, 1, 0, 1],
              [1, 1, 0, 1, 0],
            ],
          ]),
          c32([[1, 1, 1, 0, 0]]),
        ),
      [(2 / 4 + 2 / 3) / 2],
    );
  });

  it('leave out classes that are not there, and have finite derivatives for empty masks', async () => {
    const three = () =>
      c64([
        [
          [0.1, 0.8],
          [0.9, 0.2],
          [0, 0],
        ],
      ]);
    const two = () =>
      c64([
        [
          [0.1, 0.8],
          [0.9, 0.2],
        ],
      ]);
    await expectValue(() => lovaszSoftmax(three(), c32([[1, 0]])).sub(lovaszSoftmax(two(), c32([[1, 0]]))), [0], 14);
    await expectValue(() => grad((z: Tensor) => lovaszHinge(z, z.zerosLike()))(c64([[0.5, 0.2]])), [1, 0]);
  });

  it('have the derivatives of their equations', async () => {
    await checkDerivatives(
      (z) =>
        lovaszHinge(
          z,
          c64([
            [1, 0, 1, 0, 1],
            [0, 0, 1, 0, 0],
          ]),
        ),
      [random64([2, 5], { low: -2, high: 2 })],
    );
    await checkDerivatives(
      (z) => lovaszSoftmax(z.softmax(1), c32([[0, 1, 2, 1]])),
      [random64([1, 3, 4], { low: -2, high: 2 })],
    );
  });
});
