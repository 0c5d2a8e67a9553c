import { describe, expect, it } from 'vitest';
import { compile, constant, ndarray, type Tensor, toNumbers, where } from '../../../src/index.js';
import { checkDerivatives, random64 } from '../../support/derivatives.js';

describe('comparisons and logic', () => {
  it.each<[string, (x: Tensor) => Tensor, number[]]>([
    ['equal', (x) => x.equal(1), [0, 1, 0]],
    ['notEqual', (x) => x.notEqual(1), [1, 0, 1]],
    ['greater', (x) => x.greater(1), [0, 0, 1]],
    ['greaterEqual', (x) => x.greaterEqual(1), [0, 1, 1]],
    ['less', (x) => x.less(1), [1, 0, 0]],
    ['lessEqual', (x) => x.lessEqual(1), [1, 1, 0]],
    ['and', (x) => x.greater(0).and(x.less(2)), [0, 1, 0]],
    ['or', (x) => x.less(1).or(x.greater(1)), [1, 0, 1]],
    ['xor', (x) => x.less(2).xor(x.greater(0)), [1, 0, 1]],
    ['not', (x) => x.less(1).not(), [0, 1, 1]],
    ['isNaN', (x) => x.div(x).isNaN(), [1, 0, 0]],
    ['isInf', (x) => x.reciprocal().isInf(), [1, 0, 0]],
    ['isFinite', (x) => x.reciprocal().isFinite(), [0, 1, 1]],
  ])('%s', async (_, fn, expected) => {
    const y = await compile(fn)(ndarray([0, 1, 2]));
    expect(y.dtype).toBe('bool');
    expect(toNumbers(y)).toEqual(expected);
  });

  it('where chooses, broadcasts, and sends each cotangent where it was taken', async () => {
    const f = compile((x: Tensor) => where(x.greater(0), x, constant([[10], [20]])));
    expect(toNumbers(await f(ndarray([-1, 2])))).toEqual([10, 2, 20, 2]);
    const condition = () => constant([[true, false, true]]);
    await checkDerivatives(
      (x, y) => condition().where(x, y).square(),
      [random64([2, 3], { stream: 1 }), random64([2, 1], { stream: 2 })],
    );
    await checkDerivatives(
      (x, y) => condition().where(x, y).square(),
      [random64([], { stream: 1 }), random64([3], { stream: 2 })],
    );
  });

  it('refuse what is not bool', () => {
    expect(() => constant([1]).and(true)).toThrow(/And: dtype float32 is not bool/);
    expect(() => where(constant([1]), 1, 2)).toThrow(/where: condition of dtype float32 is not bool/);
    expect(() => constant([true]).greater(false)).toThrow(/Greater: bool is not supported/);
  });
});
