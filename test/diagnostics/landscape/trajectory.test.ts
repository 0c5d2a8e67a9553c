import { describe, expect, it } from 'vitest';
import { fitTrajectory, principalDirections, projectTrajectory } from '../../../src/diagnostics/index.js';
import { compile, type NDArray, ndarray, svd, type Tensor, toNumbers } from '../../../src/index.js';
import { allClose, close, random64 } from '../../support/derivatives.js';

type Tree<L> = { w: L; b: L; running_mean: L };
const f64 = (values: Parameters<typeof ndarray>[0]): NDArray => ndarray(values as number[], { dtype: 'float64' });
const tree = (stream: number): Tree<NDArray> => ({
  w: random64([3, 4], { stream }),
  b: random64([3], { stream: stream + 100 }),
  running_mean: random64([3], { stream: stream + 200 }),
});
const checkpoints = [1, 2, 3, 4, 5].map(tree);
const final = tree(6);

describe('principalDirections', () => {
  it.each(['zero', 'copy'] as const)('are those of a singular value decomposition, vectors: %s', async (vectors) => {
    const got = await compile((all: Tree<Tensor>[], end: Tree<Tensor>, rows: Tensor) => {
      const principal = principalDirections(all, end, { vectors });
      const centred = rows.sub(rows.mean(0));
      const [, s, v] = svd(centred);
      return {
        principal,
        s,
        v,
        fitted: fitTrajectory(all, end, principal.directions, { vectors }),
        projected: projectTrajectory(all, end, principal.directions, { vectors }),
      };
    })(checkpoints, final, matrix(vectors));
    const variances = toNumbers(got.s).map((s) => s * s);
    const total = variances.reduce((a, b) => a + b);
    allClose(got.principal.explained, [variances[0] / total, variances[1] / total], 1e-12, 'explained');
    const length = vectors === 'copy' ? 15 : 12;
    got.principal.directions.forEach((direction, k) => {
      const vector = [...toNumbers(direction.w), ...(vectors === 'copy' ? toNumbers(direction.b) : [])];
      const reference = Array.from({ length }, (_, i) => Number(got.v.data[i * 5 + k]));
      close(Math.abs(vector.reduce((sum, v, i) => sum + v * reference[i], 0)), 1, 1e-12, `component ${k}`);
      close(Math.hypot(...vector), 1, 1e-12, `length ${k}`);
      expect(toNumbers(direction.running_mean)).toEqual([0, 0, 0]);
      if (vectors === 'zero') expect(toNumbers(direction.b)).toEqual([0, 0, 0]);
    });
    allClose(got.fitted, toNumbers(got.projected), 1e-12, 'orthogonal directions: both projections agree');
  });

  it('has no second direction on a straight path, and none at all where nothing moves', async () => {
    const along = (a: number) => ({ w: f64([[a, 2 * a]]), b: f64([0]), running_mean: f64([0]) });
    const run = compile((all: Tree<Tensor>[], end: Tree<Tensor>) => {
      const principal = principalDirections(all, end);
      return { ...principal, at: projectTrajectory(all, end, principal.directions) };
    });
    const straight = await run([along(0), along(1), along(5)], along(6));
    allClose(straight.explained, [1, 0], 1e-12, 'explained');
    expect(toNumbers(straight.directions[1].w)).toEqual([0, 0]);
    const first = toNumbers(straight.at).filter((_, i) => i % 2 === 0);
    first.forEach((v, i) => close(Math.abs(v), [6, 5, 1][i] * Math.sqrt(5), 1e-10, 'position'));
    const still = await run([along(1), along(1), along(1)], along(2));
    expect([...toNumbers(still.explained), ...toNumbers(still.directions[0].w)]).toEqual([0, 0, 0, 0]);
  });

  it('leave biases out by default', async () => {
    const [byDefault, zero] = await compile((all: Tree<Tensor>[], end: Tree<Tensor>) => [
      principalDirections(all, end).explained,
      principalDirections(all, end, { vectors: 'zero' }).explained,
    ])(checkpoints, final);
    expect(toNumbers(byDefault)).toEqual(toNumbers(zero));
  });

  it('refuses two checkpoints', async () => {
    await expect(compile((a: Tree<Tensor>) => principalDirections([a, a], a))(final)).rejects.toThrow(/2 checkpoints/);
    await expect(compile((a: { b: Tensor }) => principalDirections([a, a, a], a))({ b: f64([1]) })).rejects.toThrow(
      /there are no parameters to move/,
    );
  });
});

describe('projections', () => {
  it('differ for directions that are not orthogonal', async () => {
    const row = (values: number[]) => ({ w: f64([values]) });
    const got = await compile((at: { w: Tensor }, end: { w: Tensor }, dx: { w: Tensor }, dy: { w: Tensor }) => ({
      projected: projectTrajectory([at], end, [dx, dy]),
      fitted: fitTrajectory([at], end, [dx, dy]),
    }))(row([2, 3, 4]), row([1, 1, 1]), row([3, 4, 0]), row([0, 1, 1]));
    allClose(got.projected, [2.2, 3.5355339059327373], 1e-14, 'projected');
    allClose(got.fitted, [0.0588235294, 2.3823529412], 1e-10, 'fitted');
  });
});

/** The rows that the trees stand for. */
function matrix(vectors: 'zero' | 'copy'): NDArray {
  const flat = ({ w, b }: Tree<NDArray>) => [...toNumbers(w), ...(vectors === 'copy' ? toNumbers(b) : [])];
  const end = flat(final);
  return f64(checkpoints.map((each) => flat(each).map((v, i) => v - end[i])));
}
