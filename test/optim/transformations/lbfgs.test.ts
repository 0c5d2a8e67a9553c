import { describe, expect, it } from 'vitest';
import { compile, constant, grad, type NDArray, ndarray, type Tensor, toNumbers } from '../../../src/index.js';
import {
  applyUpdates,
  chain,
  firstOrder,
  type Minimizer,
  onlineLbfgs,
  scale,
  scaleByLbfgs,
} from '../../../src/optim/index.js';
import { allClose, random64 } from '../../support/derivatives.js';

type Params = { readonly a: Tensor; readonly b: readonly [Tensor] };
const start = {
  a: ndarray([-1.2, 1], { dtype: 'float64' }),
  b: [ndarray([[0.7, -0.4, 2]], { dtype: 'float64' })] as const,
};

/** Rosenbrock's valley beside a bowl of three curvatures. */
const valley = ({ a, b: [b] }: Params): Tensor => {
  const [x, y] = [a.at(0), a.at(1)];
  const bowl = b.square().mul(constant([[1, 10, 0.1]]).cast('float64'));
  return y.sub(x.square()).square().mul(10).add(x.sub(1).square()).add(bowl.sum());
};

/** Positions after each step. */
async function walked(
  loss: (p: Params) => Tensor,
  options: Parameters<typeof scaleByLbfgs>[0],
  rate: number,
  n: number,
) {
  const optimizer = chain(scaleByLbfgs(options), scale(-rate));
  const run = compile((p: Params, state: unknown) => {
    const gradients = grad(loss)(p);
    const { updates, state: next } = optimizer.update(gradients, state, p);
    return { p: applyUpdates(p, updates), next, gradients };
  }) as unknown as (
    p: unknown,
    state: unknown,
  ) => Promise<{ p: typeof start; next: [{ steps: NDArray }, unknown]; gradients: typeof start }>;
  let [p, state]: [typeof start, unknown] = [start, optimizer.init(start)];
  const row = (t: typeof start) => [...toNumbers(t.a), ...toNumbers(t.b[0])];
  const path: { at: number[]; gradient: number[] }[] = [];
  let steps: number[] = [];
  for (let i = 0; i < n; i++) {
    const got = await run(p, state);
    path.push({ at: row(p), gradient: row(got.gradients) });
    [p, state] = [got.p, got.next];
    steps = toNumbers(got.next[0].steps);
  }
  return { path: [...path, { at: row(p), gradient: [] }], steps };
}

const dot = (a: readonly number[], b: readonly number[]) => a.reduce((sum, v, i) => sum + v * b[i], 0);
const minus = (a: readonly number[], b: readonly number[]) => a.map((v, i) => v - b[i]);

/** The inverse Hessian as a matrix, by the BFGS formula itself: H <- (I - rho s y^T) H (I - rho y s^T) + rho s s^T. */
function inverseHessian(pairs: readonly { s: number[]; y: number[] }[], n: number): number[][] {
  const last = pairs.at(-1);
  const gamma = last ? dot(last.s, last.y) / dot(last.y, last.y) : 1;
  const eye = (i: number, j: number) => (i === j ? 1 : 0);
  const table = (f: (i: number, j: number) => number) =>
    Array.from({ length: n }, (_, i) => Array.from({ length: n }, (_, j) => f(i, j)));
  let h = table((i, j) => gamma * eye(i, j));
  for (const { s, y } of pairs) {
    const rho = 1 / dot(s, y);
    const left = table((i, j) => eye(i, j) - rho * s[i] * y[j]);
    const times = (a: number[][], b: number[][]) => table((i, j) => a[i].reduce((sum, v, k) => sum + v * b[k][j], 0));
    const transposed = table((i, j) => left[j][i]);
    const next = times(times(left, h), transposed);
    h = table((i, j) => next[i][j] + rho * s[i] * s[j]);
  }
  return h;
}

describe('scaleByLbfgs', () => {
  it.each([1, 3, 10])('multiplies by the inverse Hessian of BFGS of the last %i pairs', async (history) => {
    const { path } = await walked(valley, { history }, 0.3, 25);
    const pairs: { s: number[]; y: number[] }[] = [];
    let skipped = 0;
    for (let k = 0; k < 25; k++) {
      const { at, gradient } = path[k];
      if (k > 0) {
        const [s, y] = [minus(at, path[k - 1].at), minus(gradient, path[k - 1].gradient)];
        if (dot(s, y) > 1e-4 * Math.sqrt(dot(s, s) * dot(y, y))) pairs.push({ s, y });
        else skipped++;
        if (pairs.length > history) pairs.shift();
      }
      const shorter = pairs.length === 0 ? 1 / Math.max(1, Math.sqrt(dot(gradient, gradient))) : 1;
      const direction = inverseHessian(pairs, 5).map((row) => shorter * dot(row, gradient));
      const expected = at.map((v, i) => v - 0.3 * direction[i]);
      allClose(ndarray(path[k + 1].at, { dtype: 'float64' }), expected, 1e-8, `step ${k}`);
    }
    expect(skipped).toBeLessThan(25);
  });

  it('ends quadratics that have as many dimensions as pairs', async () => {
    const bowl = ({ a, b: [b] }: Params) =>
      a
        .square()
        .mul(constant([1, 3]).cast('float64'))
        .sum()
        .add(
          b
            .square()
            .mul(constant([[2, 5, 9]]).cast('float64'))
            .sum(),
        );
    const { path } = await walked(bowl, { history: 10 }, 1, 40);
    for (const value of path[40].at) expect(Math.abs(value)).toBeLessThan(1e-8);
    const plain = [1.2, 1, 0.7, 0.4, 2];
    // As many steps of descent, at a rate that the steepest direction bears.
    expect(Math.abs(plain[0] * (1 - 0.1 * 2) ** 40)).toBeGreaterThan(1e-5);
  });

  it('leaves out pairs of a loss that is curved downwards: it stays a descent', async () => {
    const hill = ({ a, b: [b] }: Params) => a.square().sum().add(b.square().sum()).neg();
    const { path, steps } = await walked(hill, { history: 4 }, 0.1, 6);
    expect(steps.every((v) => v === 0)).toBe(true);
    path.slice(0, -1).forEach(({ at, gradient }, k) => {
      const length = Math.max(1, Math.sqrt(dot(gradient, gradient)));
      allClose(
        ndarray(path[k + 1].at, { dtype: 'float64' }),
        at.map((v, i) => v - (0.1 * gradient[i]) / length),
        1e-12,
        `step ${k}`,
      );
    });
  });

  it('onlineLbfgs takes both gradients of a pair on one batch: their change is the Hessian times the step, whatever the noise of batches', async () => {
    const curvatures = [2, 20];
    const noisy = (w: Tensor, shift: Tensor) =>
      w
        .square()
        .mul(constant([1, 10]).cast('float64'))
        .sum()
        .add(w.mul(shift).sum());
    const pairs = async (minimizer: Minimizer) => {
      const run = compile((w: Tensor, state: never, shift: Tensor) => {
        const step = minimizer.step((p: Tensor) => noisy(p, shift), w, state);
        return { params: step.params, state: step.state as Tensor };
      });
      let params = ndarray([3, -2], { dtype: 'float64' });
      let state = minimizer.init(params) as never;
      for (let i = 0; i < 6; i++) {
        const next = await run(params as never, state, random64([2], { stream: i }) as never);
        [params, state] = [next.params as typeof params, next.state as never];
      }
      const [{ steps, changes }] = state as unknown as [{ steps: NDArray; changes: NDArray }];
      const expected = toNumbers(steps).map((v, i) => v * curvatures[i % 2]);
      return toNumbers(changes).map((v, i) => Math.abs(v - expected[i]));
    };
    const online = await pairs(onlineLbfgs(scale(-0.3), { history: 3 }));
    expect(Math.max(...online)).toBeLessThan(1e-12);
    const streamed = await pairs(firstOrder(chain(scaleByLbfgs({ history: 3 }), scale(-0.3))));
    expect(Math.max(...streamed)).toBeGreaterThan(0.1);
  });

  it('refuses options that do not fit', () => {
    expect(() => scaleByLbfgs({ history: 0 })).toThrow(/scaleByLbfgs: history 0 must be a positive integer/);
    expect(() => scaleByLbfgs({ curvature: 1 })).toThrow(/scaleByLbfgs: curvature 1 must lie in \[0, 1\)/);
  });
});
