import { describe, expect, it } from 'vitest';
import { compile, constant, grad, ndarray, type Tensor, toNumbers } from '../../../src/index.js';
import { checkDerivatives, random64 } from '../../support/derivatives.js';

const matrix = ndarray(
  [
    [3, 1, 2],
    [-1, 5, 0],
  ],
  { dtype: 'float64' },
);
const run = async (fn: (x: Tensor) => Tensor, x = matrix) => toNumbers(await compile(fn)(x));

describe('values', () => {
  it.each<[string, (x: Tensor) => Tensor, number[]]>([
    ['sum', (x) => x.sum(), [10]],
    ['sum over an axis', (x) => x.sum(0), [2, 6, 2]],
    ['sum over no axis', (x) => x.sum([]), [3, 1, 2, -1, 5, 0]],
    ['mean', (x) => x.mean(-1), [2, 4 / 3]],
    ['max', (x) => x.max(1), [3, 5]],
    ['min', (x) => x.min(0, { keepDims: true }), [-1, 1, 0]],
    ['prod', (x) => x.prod(1), [6, -0]],
    ['variance', (x) => x.variance(1), [2 / 3, 62 / 9]],
    ['variance, corrected', (x) => x.variance(1, { correction: 1 }), [1, 31 / 3]],
    ['any', (x) => x.greater(2).any(1), [1, 1]],
    ['all', (x) => x.greater(0).all(1), [1, 0]],
    ['cumsum', (x) => x.cumsum(1), [3, 4, 6, -1, 4, 4]],
    ['cumsum, exclusive and reverse', (x) => x.cumsum(1, { exclusive: true, reverse: true }), [3, 2, 0, 5, 0, 0]],
    ['argmax', (x) => x.argmax(1), [0, 1]],
    ['argmin', (x) => x.argmin(0), [1, 0, 1]],
    ['norm', (x) => x.norm(1), [Math.sqrt(14), Math.sqrt(26)]],
    ['norm 1', (x) => x.norm(1, { p: 1 }), [6, 6]],
    ['norm infinity', (x) => x.norm(1, { p: Infinity }), [3, 5]],
    ['norm 3', (x) => x.norm(0, { p: 3 }), [28 ** (1 / 3), 126 ** (1 / 3), 2]],
    [
      'logSumExp',
      (x) => x.logSumExp(1),
      [Math.log(Math.E ** 3 + Math.E + Math.E ** 2), Math.log(1 / Math.E + Math.E ** 5 + 1)],
    ],
  ])('%s', async (_, fn, expected) => {
    const got = await run(fn);
    expect(got).toHaveLength(expected.length);
    got.forEach((value, i) => {
      expect(value).toBeCloseTo(expected[i], 12);
    });
  });

  it('softmax and logSoftmax are stable', async () => {
    const x = ndarray(
      [
        [1000, 1001],
        [-1000, -1000],
      ],
      { dtype: 'float64' },
    );
    const p = 1 / (1 + Math.E);
    (await run((t) => t.softmax(), x)).forEach((value, i) => expect(value).toBeCloseTo([p, 1 - p, 0.5, 0.5][i], 12));
    (await run((t) => t.logSoftmax(), x)).forEach((value, i) =>
      expect(value).toBeCloseTo([Math.log(p), Math.log(1 - p), -Math.LN2, -Math.LN2][i], 10),
    );
    expect(await run((t) => t.logSumExp(1), x)).toEqual([1001 + Math.log1p(1 / Math.E), -1000 + Math.LN2]);
  });
});

describe('derivatives', () => {
  const x = random64([2, 3, 4], { stream: 11, low: 0.3, high: 2 });
  it.each<[string, (x: Tensor) => Tensor]>([
    ['sum', (x) => x.square().sum([0, 2])],
    ['mean', (x) => x.square().mean(1, { keepDims: true })],
    ['max', (x) => x.max(2).square()],
    ['min', (x) => x.min([0, 1]).square()],
    ['prod', (x) => x.prod([0, 2])],
    ['variance', (x) => x.variance([1, 2], { correction: 1 })],
    ['softmax', (x) => x.softmax(1)],
    ['logSoftmax', (x) => x.logSoftmax()],
    ['logSumExp', (x) => x.logSumExp([0, 2])],
    ['cumsum', (x) => x.square().cumsum(1)],
    ['cumsum, reverse', (x) => x.square().cumsum(2, { reverse: true })],
    ['cumsum, exclusive', (x) => x.square().cumsum(0, { exclusive: true })],
    ['norm', (x) => x.norm(1)],
    ['norm 3', (x) => x.norm([0, 2], { p: 3 })],
    ['norm 1', (x) => x.norm(2, { p: 1 }).square()],
    ['normalize', (x) => x.normalize(2)],
  ])('%s', async (_, fn) => {
    await checkDerivatives(fn, [x]);
  });

  it('prod is exact at zeros', async () => {
    const zeros = ndarray(
      [
        [0, 2, 3],
        [0, 0, 5],
        [1, 2, 4],
      ],
      { dtype: 'float64' },
    );
    expect(await run((t) => grad((p: Tensor) => p.prod(1).sum())(t), zeros)).toEqual([6, 0, 0, 0, 0, 0, 8, 4, 2]);
    await checkDerivatives(
      (t) => t.prod(1),
      [
        ndarray(
          [
            [0, 2, 3],
            [0, 0, 5],
          ],
          { dtype: 'float64' },
        ),
      ],
    );
  });

  it('ties share the cotangent of max and min', async () => {
    const ties = ndarray(
      [
        [1, 1, 0],
        [2, 2, 2],
      ],
      { dtype: 'float64' },
    );
    expect(await run((t) => grad((p: Tensor) => p.max(1).sum())(t), ties)).toEqual([0.5, 0.5, 0, 1 / 3, 1 / 3, 1 / 3]);
  });

  it('the norm of the zero vector has gradient 0', async () => {
    for (const p of [1, 2, 3])
      expect(
        await run(
          (t) => grad((q: Tensor) => q.norm(1, { p }).sum())(t),
          ndarray(
            [
              [0, 0],
              [3, 4],
            ],
            { dtype: 'float64' },
          ),
        ),
      ).not.toContain(Number.NaN);
    expect(
      (
        await run(
          (t) => grad((q: Tensor) => q.norm(1).sum())(t),
          ndarray(
            [
              [0, 0],
              [3, 4],
            ],
            { dtype: 'float64' },
          ),
        )
      ).slice(0, 2),
    ).toEqual([0, 0]);
  });

  it('logSumExp leaves out what is masked, and is minus infinity with gradient 0 where all is', async () => {
    const x = ndarray(
      [
        [1, 2, 3],
        [4, 5, 6],
      ],
      { dtype: 'float64' },
    );
    const mask = () =>
      constant([
        [true, false, true],
        [false, false, false],
      ]);
    const value = await run((t) => t.logSumExp(1, { where: mask() }), x);
    expect(value[0]).toBeCloseTo(Math.log(Math.E + Math.E ** 3), 12);
    expect(value[1]).toBe(-Infinity);
    const g = await run(
      (t) =>
        grad((p: Tensor) =>
          p
            .logSumExp(1, { where: mask() })
            .at(0)
            .add(p.logSumExp(1, { where: mask() }).at(1).maximum(-1)),
        )(t),
      x,
    );
    expect(g.slice(1, 2)).toEqual([0]);
    expect(g.slice(3)).toEqual([0, 0, 0]);
    expect(g[0] + g[2]).toBeCloseTo(1, 12);
  });
});

describe('errors', () => {
  it('say what there is nothing of', () => {
    const empty = constant([[1, 2]]).slice([[0, 0]]);
    expect(() => empty.mean(0)).toThrow(/mean: x \[0, 2\] has no elements/);
    expect(() => empty.max()).toThrow(/max: x \[0, 2\] has no elements/);
    expect(() => constant([1, 2]).variance(0, { correction: 2 })).toThrow(/variance: 2 elements with correction 2/);
    expect(() => constant([1, 2]).sum([0, 0])).toThrow(/axes \[0, 0\] repeat/);
    expect(() => constant([1, 2]).norm(0, { p: -1 })).toThrow(/norm: p -1/);
  });
});
