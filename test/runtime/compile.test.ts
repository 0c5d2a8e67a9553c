import { describe, expect, it } from 'vitest';
import { compile, grad, ndarray, type Tensor, toNumbers } from '../../src/index.js';

describe('compile', () => {
  it('runs a function of tensors on arrays', async () => {
    const f = compile((x: Tensor, y: Tensor) => ({ sum: x.add(y), product: x.matmul(y) }));
    const r = await f(
      ndarray([
        [1, 2],
        [3, 4],
      ]),
      ndarray([
        [5, 6],
        [7, 8],
      ]),
    );
    expect(toNumbers(r.sum)).toEqual([6, 8, 10, 12]);
    expect(toNumbers(r.product)).toEqual([19, 22, 43, 50]);
    expect(r.product.shape).toEqual([2, 2]);
  });

  it('differentiates', async () => {
    const f = compile((x: Tensor) => grad((p: Tensor) => p.square().mul(p).sum())(x));
    expect(toNumbers(await f(ndarray([1, 2, 3])))).toEqual([3, 12, 27]);
  });
});
