import { describe, expect, it } from 'vitest';
import * as ct from '../../src/index.js';
import { compile, grad, ndarray, type Tensor, toNumbers, vmap } from '../../src/index.js';

const x = ndarray([-1.5, -0.5, 0.5, 1.5, 2.5, 0.7]);

/** Value, and gradient of the sum of squares: 2 f(x) times the derivative that f is taken to have. */
async function both(fn: (x: Tensor) => Tensor): Promise<[number[], number[]]> {
  const run = compile((x: Tensor) => [fn(x), grad((p: Tensor) => fn(p).square().sum())(x)]);
  const [value, gradient] = await run(x);
  return [toNumbers(value), toNumbers(gradient)];
}

describe('straight-through', () => {
  it.each<[string, (x: Tensor) => Tensor, number[], number[]]>([
    ['round', ct.roundStraightThrough, [-2, -0, 0, 2, 2, 1], [1, 1, 1, 1, 1, 1]],
    ['floor', ct.floorStraightThrough, [-2, -1, 0, 1, 2, 0], [1, 1, 1, 1, 1, 1]],
    ['sign', ct.signStraightThrough, [-1, -1, 1, 1, 1, 1], [0, 1, 1, 0, 0, 1]],
    ['clip', (x) => ct.clipStraightThrough(x, -1, 1), [-1, -0.5, 0.5, 1, 1, 0.7], [1, 1, 1, 1, 1, 1]],
    [
      'reversed',
      (x) => ct.reverseGradient(x, 0.5),
      [-1.5, -0.5, 0.5, 1.5, 2.5, 0.7],
      [-0.5, -0.5, -0.5, -0.5, -0.5, -0.5],
    ],
  ])('%s', async (_, fn, expected, slope) => {
    const [value, gradient] = await both(fn);
    value.forEach((v, i) => expect(v).toBeCloseTo(expected[i], 6));
    gradient.forEach((g, i) => expect(g).toBeCloseTo(2 * expected[i] * slope[i], 5));
  });

  it('has derivatives of higher order, and goes with vmap', async () => {
    // d/dx of round(x)^3 is 3 round(x)^2 where round's derivative is 1, and so on.
    const cube = (x: Tensor) => ct.roundStraightThrough(x).pow(3).sum();
    const run = compile((x: Tensor) => ({
      second: grad((p: Tensor) => grad(cube)(p).sum())(x),
      each: vmap(grad(cube))(x),
    }));
    const { second, each } = await run(x);
    expect(toNumbers(second).map((v) => v + 0)).toEqual([-12, 0, 0, 12, 12, 6]);
    expect(toNumbers(each)).toEqual([12, 0, 0, 12, 12, 3]);
  });

  it('refuses a function that changes the shape', () => {
    expect(() => ct.straightThrough((x) => x.sum())(ct.zeros([2]))).toThrow(
      /straightThrough: .*shape and dtype must stay/,
    );
  });
});
