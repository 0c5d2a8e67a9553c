import { describe, expect, it } from 'vitest';
import { compile, grad, item, type Tensor, toNumbers } from '../../../src/index.js';
import * as losses from '../../../src/losses/index.js';
import { random64 } from '../../support/derivatives.js';
import { c32, c64, expectValue } from '../../support/losses.js';

/** Losses of two anchors; the last of the first, and all of the third, do not count. */
const all = () =>
  c64([
    [1, 3, 0],
    [2, 0, 0],
    [0, 0, 0],
  ]);
const counted = () =>
  c32([
    [1, 1, 0],
    [1, 1, 1],
    [0, 0, 0],
  ]).cast('bool');

describe('reducers', () => {
  it.each<[string, losses.Reducer, number]>([
    ['mean of positive', losses.meanOfPositive, 2],
    ['mean within', losses.meanWithin({ low: 0, high: 3 }), 3 / 2],
    ['mean within, no limits', losses.meanWithin({}), 6 / 5],
    ['mean per anchor', losses.meanPerAnchor, (2 + 2 / 3) / 2],
  ])('%s', async (_, reducer, expected) => {
    await expectValue(() => reducer(all(), counted()), [expected]);
    await expectValue(() => reducer(all().mul(0), counted().and(false)), [0]);
  });

  it('mean by class weighs anchors', async () => {
    const reducer = () => losses.meanByClass(c32([1, 0, 1]), c64([1, 3]));
    await expectValue(() => reducer()(all(), counted()), [(3 * 4 + 2) / (3 * 2 + 3)]);
    expect(() => losses.meanByClass(c32([1]), c64([1, 3]))(all(), counted())).toThrow(/labels \[1\] and weights \[2\]/);
  });

  it('take the place of a name in every metric loss', async () => {
    const labels = () => c32([0, 0, 1, 1]);
    const run = compile((x: Tensor) =>
      [losses.contrastiveLoss, losses.tripletLoss, losses.circlePairLoss].map((loss) => {
        const each = loss(x, labels(), { reduction: 'none' });
        return [
          loss(x, labels(), { reduction: losses.meanOfPositive }),
          each.sum().div(each.greater(0).cast(x.dtype).sum()),
        ];
      }),
    );
    for (const [got, expected] of (await run(random64([4, 3]))).map((pair) => pair.map((v) => item(v)))) {
      expect(got).toBeCloseTo(expected, 12);
      expect(got).toBeGreaterThan(0);
    }
  });

  it('give no gradient where nothing counts', async () => {
    const run = compile((x: Tensor) => grad((e: Tensor) => losses.tripletLoss(e, c32([0, 0, 0])))(x));
    expect(toNumbers(await run(random64([3, 2]))).flat()).toEqual(Array(6).fill(0));
  });
});
