import { describe, expect, it } from 'vitest';
import { compile, constant, grad, ndarray, type Tensor, toNumbers } from '../../../src/index.js';
import { forwardGradient, projectGradient, randomGuess } from '../../../src/optim/index.js';
import { key } from '../../../src/runtime/random/index.js';
import { allClose, random64 } from '../../support/derivatives.js';

const f64 = (values: number[] | number[][]) => ndarray(values, { dtype: 'float64' });

describe('forwardGradient', () => {
  it('is the projection of the gradient on the guess, or the unbiased product', async () => {
    const loss = (w: Tensor) => w.mul(constant([3, -1, 2]).cast(w.dtype)).sum();
    const got = await compile((w: Tensor, v: Tensor) => ({
      projected: forwardGradient(loss, w, v)[1],
      plain: forwardGradient(loss, w, v, { normalize: false })[1],
    }))(f64([0, 0, 0]), f64([1, 1, 0]));
    allClose(got.projected, [1, 1, 0], 1e-12, 'projection');
    allClose(got.plain, [2, 2, 0], 1e-12, 'product');
  });

  it('has the coefficient of backpropagation, and gives the gradient back when guessed, up to any factor', async () => {
    const x = random64([5, 4], { stream: 1 });
    const loss = (p: { w: Tensor; b: Tensor }, x: Tensor) => x.matmul(p.w).add(p.b).tanh().square().mean();
    const got = await compile((p: { w: Tensor; b: Tensor }, v: { w: Tensor; b: Tensor }, x: Tensor) => {
      const at = (q: typeof p) => loss(q, x);
      const gradient = grad(at)(p);
      const scaled = { w: gradient.w.mul(-3), b: gradient.b.mul(-3) };
      return {
        gradient,
        estimate: forwardGradient(at, p, v)[1],
        projected: projectGradient(gradient, v),
        exact: forwardGradient(at, p, scaled)[1],
        byTensor: projectGradient(gradient, v, { granularity: 'tensor' }),
        v,
      };
    })(
      { w: random64([4, 2], { stream: 2 }), b: random64([2], { stream: 3 }) },
      { w: random64([4, 2], { stream: 4 }), b: random64([2], { stream: 5 }) },
      x,
    );
    for (const name of ['w', 'b'] as const) {
      allClose(got.estimate[name], toNumbers(got.projected[name]), 1e-12, `estimate of ${name}`);
      allClose(got.exact[name], toNumbers(got.gradient[name]), 1e-12, `gradient of ${name}`);
      const [g, v] = [toNumbers(got.gradient[name]), toNumbers(got.v[name])];
      const c = g.reduce((s, e, i) => s + e * v[i], 0) / v.reduce((s, e) => s + e * e, 0);
      allClose(
        got.byTensor[name],
        v.map((e) => c * e),
        1e-12,
        `own coefficient of ${name}`,
      );
    }
  });

  it('is unbiased for random guesses, with the variance that the theory gives', async () => {
    const [dimension, draws] = [10, 40_000];
    const g = random64([dimension], { stream: 6 });
    const run = compile((g: Tensor, k: Tensor) => {
      // One draw after the other is one large draw.
      const v = randomGuess(g.expandDims(0).broadcastTo([draws, dimension]).mul(1), k);
      const estimates = v.mul(v.matmul(g).expandDims(1));
      return { mean: estimates.mean(0), error: estimates.sub(g).square().sum(1).mean().div(g.square().sum()) };
    });
    const { mean, error } = await run(g, key(3));
    const norm = Math.hypot(...toNumbers(g));
    // Standard error of the mean: |g| sqrt((D + 1) / draws) over all coordinates.
    const distance = Math.hypot(...toNumbers(mean).map((v, i) => v - toNumbers(g)[i]));
    expect(distance / norm).toBeLessThan(3 * Math.sqrt((dimension + 1) / draws));
    expect(Math.abs(toNumbers(error)[0] - (dimension + 1))).toBeLessThan(0.5);
    const signs = await compile((w: Tensor, k: Tensor) => randomGuess({ w, u: w }, k, 'signs'))(g, key(4));
    expect(new Set(toNumbers(signs.w).map(Math.abs))).toEqual(new Set([1]));
    expect(toNumbers(signs.w)).not.toEqual(toNumbers(signs.u));
  });
});
