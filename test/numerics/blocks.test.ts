import { describe, expect, it } from 'vitest';
import { compile, grad, stack, type Tensor, toNumbers, vmap } from '../../src/index.js';
import * as num from '../../src/numerics/index.js';
import { smooth, stepping } from '../support/blocks.js';
import { allClose, checkDerivatives, random64 } from '../support/derivatives.js';

const between = (shape: number[], stream: number) => random64(shape, { low: 0.2, high: 0.8, stream });

describe('every building block', () => {
  it('of numerics has a program', () => {
    const named = new Set(Object.keys({ ...smooth, ...stepping }).map((name) => name.split(':')[0]));
    const functions = Object.keys(num).filter((name) => !named.has(name));
    // A window is a constant.
    expect(functions).toEqual(['hannWindow']);
  });

  it.each(Object.entries(smooth))('%s: first and second derivatives, forward and reverse', async (_, fn) => {
    const [x, y] = [between([2, 4], 51), between([2, 4], 52)];
    // The square gives linear ones a second derivative.
    await checkDerivatives((a, b) => fn(a, b).square().add(b.sum().mul(0)), [x, y]);
  });

  it.each(Object.entries({ ...smooth, ...stepping }))(
    '%s: vmap agrees with a loop, in value and gradient',
    async (_, fn) => {
      const form = (a: Tensor, b: Tensor) => fn(a, b).square().sum().add(a.sum().mul(0));
      const [x, y] = [between([2, 2, 4], 53), between([2, 2, 4], 54)];
      const got = await compile((x: Tensor, y: Tensor) => ({
        values: vmap(fn)(x, y),
        gradients: vmap(grad(form))(x, y),
        expected: {
          values: stack([0, 1].map((i) => fn(x.at(i), y.at(i)))),
          gradients: stack([0, 1].map((i) => grad(form)(x.at(i), y.at(i)))),
        },
      }))(x, y);
      allClose(got.values, toNumbers(got.expected.values), 1e-10, 'value');
      allClose(got.gradients, toNumbers(got.expected.gradients), 1e-10, 'gradient');
    },
  );
});
