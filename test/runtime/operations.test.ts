import { describe, expect, it } from 'vitest';
import { compile, conv, convTranspose, grad, linear, type Tensor, zerosArray } from '../../src/index.js';
import { scan } from '../../src/numerics/index.js';
import { lower } from '../../src/runtime/lower.js';
import { multiplyAdds } from '../../src/runtime/operations.js';
import { input } from '../../src/tensor/ops/constant.js';

const symbol = (...shape: number[]) => input('x', shape, 'float32');
const count = (y: Tensor) => multiplyAdds(lower([y], 'cpu'));

describe('multiplyAdds', () => {
  it.each<[string, Tensor, number]>([
    ['x y', symbol(3, 4).matmul(symbol(4, 5)), 60],
    ['x^T y', symbol(4, 3).transpose().matmul(symbol(4, 5)), 60],
    ['stacks', symbol(7, 3, 4).matmul(symbol(4, 5)), 420],
    ['a product with a bias', linear(symbol(3, 4), symbol(5, 4), symbol(5)), 60],
    ['a convolution', conv(symbol(2, 3, 8, 8), symbol(5, 3, 3, 3)), 2 * 5 * 36 * 27],
    ['in groups', conv(symbol(2, 4, 8, 8), symbol(6, 2, 1, 1), undefined, { groups: 2 }), 2 * 6 * 64 * 2],
    [
      'a transposed one',
      convTranspose(symbol(2, 3, 4, 4), symbol(3, 5, 2, 2), undefined, { stride: 2 }),
      2 * 3 * 16 * 20,
    ],
    ['no product', symbol(3).mul(2).exp(), 0],
    ['a sum that runs as a product', symbol(8, 5).sum(0), 0],
  ])('%s', (_, y, expected) => {
    expect(count(y)).toBe(expected);
  });

  it('counts the body of a loop once a step', () => {
    const weight = symbol(4, 4);
    const body = (h: Tensor, x: Tensor): [Tensor, Tensor] => {
      const next = h.matmul(weight).add(x);
      return [next, next];
    };
    const [last] = scan(body, symbol(3, 4), symbol(6, 3, 4), { unroll: false });
    expect(count(last)).toBe(6 * 48);
  });

  it('is part of the statistics of a compiled function', async () => {
    const f = compile((w: Tensor, x: Tensor) => grad((p: Tensor) => x.matmul(p).square().sum())(w));
    await f(zerosArray([4, 5]), zerosArray([3, 4]));
    expect(f.stats()[0].multiplyAdds).toBe(120);
  });
});
