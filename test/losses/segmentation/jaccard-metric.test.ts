import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compile, constant, grad, ndarray, type Tensor, toNumbers, zeros } from '../../../src/index.js';
import {
  boundaryLabelSmoothing,
  diceLoss,
  diceSemimetricLoss,
  jaccardLoss,
  jaccardMetricLoss,
  jaccardMetricLoss2,
} from '../../../src/losses/index.js';
import { allClose, checkDerivatives, close, random64 } from '../../support/derivatives.js';
import { fromGolden, type GoldenArray, golden } from '../../support/golden.js';
import { c32, c64, expectValue, value } from '../../support/losses.js';

/** Of one class at one row of positions. */
const row = (values: readonly number[]) => c64([[values]]);
const exact = { smooth: 0 };
const metrics = { jaccardMetricLoss, jaccardMetricLoss2 };

/** Four pixels of three classes. */
const pixels = () =>
  c64([
    [0.7, 0.2, 0.1],
    [0.3, 0.6, 0.1],
    [0.2, 0.2, 0.6],
    [0.5, 0.3, 0.2],
  ])
    .transpose()
    .expandDims(0);
const labels = () => c32([[0, 1, 2, 1]]);

describe('Jaccard metric losses', () => {
  const x = [0.9, 0.2, 0.4, 0.7];

  it('of masks are the Jaccard loss', async () => {
    const mask = () => row([1, 0, 0, 1]);
    for (const loss of [jaccardMetricLoss, jaccardMetricLoss2, jaccardLoss])
      await expectValue(() => loss(row(x), mask(), exact), [0.3846153846]);
    await expectValue(() => diceSemimetricLoss(row(x), mask(), exact).sub(diceLoss(row(x), mask())), [0], 14);
  });

  it('have the values of their equations for soft targets', async () => {
    const soft = () => row([0.8, 0.1, 0.3, 0.6]);
    await expectValue(() => jaccardMetricLoss(row(x), soft(), exact), [0.1818181818]);
    await expectValue(() => jaccardMetricLoss2(row(x), soft(), exact), [0.2380952381]);
    await expectValue(() => diceSemimetricLoss(row(x), soft(), exact), [0.1]);
    await expectValue(() => jaccardLoss(row(x), soft()), [0.5294117647]);
  });

  it('are least at a soft target, where the Jaccard loss is at 1', async () => {
    const grid = Array.from({ length: 101 }, (_, i) => i / 100);
    const least = async (loss: (p: Tensor, y: Tensor) => Tensor) => {
      const values = await value(() => loss(c64(grid.map((p) => [[p]])), c64(grid.map(() => [[0.8]]))));
      return grid[values.indexOf(Math.min(...values))];
    };
    const each = { smooth: 0, batch: false, reduction: 'none' } as const;
    expect(await least((p, y) => jaccardMetricLoss(p, y, each))).toBe(0.8);
    expect(await least((p, y) => jaccardMetricLoss2(p, y, each))).toBe(0.8);
    expect(await least((p, y) => diceSemimetricLoss(p, y, each))).toBe(0.8);
    expect(await least((p, y) => jaccardLoss(p, y, { reduction: 'none' }))).toBe(1);
  });

  it('are metrics: 0 at the target, symmetric, with the triangle inequality', async () => {
    const entries = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 3, maxLength: 3 });
    for (const [name, loss] of Object.entries(metrics)) {
      const run = compile((a: Tensor, b: Tensor, c: Tensor) => {
        const of = (p: Tensor, y: Tensor) => loss(p.reshape([1, 1, 3]), y.reshape([1, 1, 3]), exact);
        return [of(a, a), of(a, b), of(b, a), of(a, c), of(b, c)];
      });
      await fc.assert(
        fc.asyncProperty(entries, entries, entries, async (a, b, c) => {
          const [own, ab, ba, ac, bc] = (
            await run(
              ndarray(a, { dtype: 'float64' }),
              ndarray(b, { dtype: 'float64' }),
              ndarray(c, { dtype: 'float64' }),
            )
          ).map((v) => toNumbers(v)[0]);
          // Of numbers that underflow when multiplied, the second form is 0 over 0.
          if ([a, b, c].some((v) => v.every((e) => e < 1e-100))) return;
          close(own, 0, 1e-12, `${name} of itself`);
          close(ab, ba, 1e-12, `${name}, symmetric`);
          expect(ac, `${name}: ${a}, ${b}, ${c}`).toBeLessThanOrEqual(ab + bc + 1e-9);
        }),
        { numRuns: 60 },
      );
    }
  });

  it('do not see a factor common to both, nor the order of positions', async () => {
    const [p, y] = [random64([2, 3, 5], { low: 0, high: 1 }), random64([2, 3, 5], { low: 0, high: 1, stream: 1 })];
    const run = compile((a: Tensor, b: Tensor) => {
      const whole = jaccardMetricLoss(a, b, exact);
      const turned = (v: Tensor) => v.gather(c32([3, 1, 4, 0, 2]), 2);
      return [
        jaccardMetricLoss(a.mul(0.3), b.mul(0.3), exact).sub(whole),
        jaccardMetricLoss(turned(a), turned(b), exact).sub(whole),
        jaccardMetricLoss(a, b, { ...exact, batch: false }).sub(whole),
      ];
    });
    const [factor, order, each] = (await run(p, y)).map((v) => toNumbers(v)[0]);
    close(factor, 0, 1e-14, 'factor');
    close(order, 0, 1e-14, 'order');
    expect(Math.abs(each)).toBeGreaterThan(1e-3);
  });

  it('average the classes that are there', async () => {
    const none = { reduction: 'none' } as const;
    await expectValue(() => jaccardMetricLoss(pixels(), labels(), { ...exact, ...none }), [0.65, 0.625, 0.5714285714]);
    await expectValue(
      () => diceSemimetricLoss(pixels(), labels(), { ...exact, ...none }),
      [0.4814814815, 0.4545454545, 0.4],
    );
    await expectValue(() => jaccardMetricLoss(pixels(), labels()), [0.6151451846]);
    await expectValue(() => jaccardMetricLoss(pixels(), labels(), { smooth: 1 }), [0.4026143791]);
    // Without the third class in the labels, its loss does not count; with all classes it does.
    const two = () => c32([[0, 1, 1, 1]]);
    const [first, second, third] = await value(() => jaccardMetricLoss(pixels(), two(), { ...none, classes: 'all' }));
    await expectValue(() => jaccardMetricLoss(pixels(), two(), none), [first, second, 0]);
    await expectValue(() => jaccardMetricLoss(pixels(), two()), [(first + second) / 2]);
    await expectValue(() => jaccardMetricLoss(pixels(), two(), { classes: 'all' }), [(first + second + third) / 3]);
    await expectValue(() => jaccardMetricLoss(pixels(), two(), { weight: c64([1, 3, 5]) }), [(first + 3 * second) / 4]);
  });

  it('take smoothed labels, all classes of them', async () => {
    const soft = () =>
      labels()
        .oneHot(3, 'bool')
        .cast('float64')
        .moveAxis(-1, 1)
        .mul(0.5)
        .add(0.5 / 3);
    await expectValue(
      () => jaccardMetricLoss(pixels(), soft(), { reduction: 'none' }),
      [0.3135410543, 0.2882952143, 0.1942825423],
    );
    await expectValue(() => jaccardMetricLoss(pixels(), soft()), [0.265372937]);
  });

  it('leave out positions that are ignored, as if they were not there', async () => {
    const without = () => jaccardMetricLoss(pixels().slice([null, null, [0, 3]]), c32([[0, 1, 2]]));
    await expectValue(
      () => jaccardMetricLoss(pixels(), c32([[0, 1, 2, 255]]), { ignoreIndex: 255 }).sub(without()),
      [0],
      14,
    );
    const loss = (p: Tensor) => jaccardMetricLoss(p, c32([[9, 9, 9, 9]]), { ignoreIndex: 9 });
    await expectValue(() => loss(pixels()), [0]);
    await expectValue(() => grad(loss)(pixels()), new Array(12).fill(0));
  });

  it('have the derivatives of their values', async () => {
    const inputs = [
      random64([2, 2, 3], { low: 0.1, high: 0.9 }),
      random64([2, 2, 3], { low: 0.1, high: 0.9, stream: 1 }),
    ];
    for (const loss of [jaccardMetricLoss, jaccardMetricLoss2, diceSemimetricLoss])
      await checkDerivatives((p, y) => loss(p, y), inputs);
  });

  it('refuse what does not fit', () => {
    expect(() => jaccardMetricLoss(zeros([2, 3]), zeros([2, 3]))).toThrow(/jaccardMetricLoss: probabilities \[2, 3\]/);
    expect(() => jaccardMetricLoss(zeros([2, 3, 4]), zeros([2, 3, 4]), { smooth: -1 })).toThrow(/smooth -1/);
    expect(() => diceSemimetricLoss(zeros([2, 3, 4]), zeros([2, 3, 5]))).toThrow(/diceSemimetricLoss: soft targets/);
  });
});

describe("against the authors' definition in PyTorch", () => {
  const { cases, smoothed } = golden<{
    cases: {
      name: string;
      options: object;
      x: GoldenArray;
      y: GoldenArray;
      hard: boolean;
      output: number;
      gradient: GoldenArray;
    }[];
    smoothed: { labels: GoldenArray; output: GoldenArray; options: { classes: number } }[];
  }>('jaccard_metric');
  const named = { jaccardMetricLoss, jaccardMetricLoss2, diceSemimetricLoss };

  it.each(cases.map((c, i) => [`${i} ${c.name} ${Object.keys(c.options)}`, c] as const))('%s', async (_, c) => {
    const loss = named[c.name as keyof typeof named];
    const run = compile((x: Tensor, y: Tensor) => {
      const of = (z: Tensor) => loss(z.softmax(1), y, c.options);
      return { output: of(x), gradient: grad(of)(x) };
    });
    const { output, gradient } = await run(fromGolden(c.x), fromGolden(c.y, c.hard ? 'int32' : 'float64'));
    close(toNumbers(output)[0], c.output, 1e-12, 'loss');
    allClose(gradient, c.gradient.data, 1e-12, 'gradient');
  });

  it.each(smoothed.map((c, i) => [i, c] as const))('boundaries %i', async (_, c) => {
    const run = compile((y: Tensor) => boundaryLabelSmoothing(y, c.options));
    allClose(await run(fromGolden(c.labels, 'int32')), c.output.data, 1e-6, 'labels');
  });
});

describe('boundaryLabelSmoothing', () => {
  it('smooths at boundaries alone, and not at the border', async () => {
    const y = () =>
      c32([
        [
          [0, 0, 0, 1],
          [0, 0, 0, 1],
        ],
      ]);
    const [first, third, fourth] = [0, 2, 3];
    const soft = await compile(() => boundaryLabelSmoothing(y(), { classes: 2, smoothing: 0.4 }))();
    const at = (c: number, column: number) => toNumbers(soft)[c * 8 + column];
    expect([at(0, first), at(1, first)]).toEqual([1, 0]);
    [at(0, third), at(1, third), at(0, fourth), at(1, fourth)].forEach((v, i) => {
      close(v, [0.8, 0.2, 0.2, 0.8][i], 1e-6, `${i}`);
    });
  });

  it('without smoothing, or of one label, is onehot', async () => {
    const run = compile((y: Tensor) => [
      boundaryLabelSmoothing(y, { classes: 3, smoothing: 0 }).sub(y.oneHot(3, 'bool').cast('float32').moveAxis(-1, 1)),
      boundaryLabelSmoothing(y.mul(0), { classes: 3 }).sub(y.mul(0).oneHot(3, 'bool').cast('float32').moveAxis(-1, 1)),
      boundaryLabelSmoothing(y, { classes: 3, window: 1 }).sub(y.oneHot(3, 'bool').cast('float32').moveAxis(-1, 1)),
    ]);
    for (const difference of await run(ndarray(Int32Array.of(0, 1, 2, 1), { shape: [1, 2, 2] })))
      expect(toNumbers(difference).every((v) => v === 0)).toBe(true);
  });

  it('refuses what does not fit', () => {
    expect(() => boundaryLabelSmoothing(zeros([2, 3]), { classes: 2 })).toThrow(
      /labels float32\[2, 3\] must be integers/,
    );
    expect(() => boundaryLabelSmoothing(zeros([1, 2, 3], 'int32'), { classes: 2, window: 2 })).toThrow(/window 2/);
    expect(() => boundaryLabelSmoothing(constant([[[0]]], 'int32'), { classes: 2, smoothing: 2 })).toThrow(
      /smoothing 2/,
    );
  });
});
