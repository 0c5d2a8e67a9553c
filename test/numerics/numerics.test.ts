import { describe, expect, it } from 'vitest';
import {
  compile,
  constant,
  eigh,
  grad,
  hvp,
  matmul,
  type NDArray,
  ndarray,
  type Tensor,
  toNumbers,
  vmap,
  zeros,
} from '../../src/index.js';
import * as num from '../../src/numerics/index.js';
import { key } from '../../src/runtime/random/index.js';
import { allClose, checkDerivatives, random64 } from '../support/derivatives.js';

const f64 = (values: number[] | number[][]) => ndarray(values, { dtype: 'float64' });
const at = (fn: (x: Tensor) => Tensor, x: NDArray) => compile(fn)(x);

describe('sinkhorn', () => {
  const cost = random64([2, 4, 5], { stream: 1, low: 0, high: 1 });
  it('moves the masses it was given', async () => {
    const [source, target] = [f64([0.1, 0.2, 0.3, 0.4]), f64([0.3, 0.3, 0.2, 0.1, 0.1])];
    const got = await compile((c: Tensor, a: Tensor, b: Tensor) => {
      const { plan, cost: total, dual } = num.sinkhorn(c, { epsilon: 0.5, iterations: 40, source: a, target: b });
      return { rows: plan.sum(-1), columns: plan.sum(-2), total, dual, entropy: plan.mul(plan.log()).sum([-1, -2]) };
    })(cost, source, target);
    allClose(got.rows, [...toNumbers(source), ...toNumbers(source)], 1e-9, 'rows');
    allClose(got.columns, [...toNumbers(target), ...toNumbers(target)], 1e-12, 'columns');
    // Strong duality: <P, C> + epsilon <P, log P> is the dual value.
    allClose(
      got.dual,
      toNumbers(got.total).map((t, i) => t + 0.5 * Number(got.entropy.data[i])),
      1e-9,
      'dual',
    );
  });

  it('becomes the assignment of least cost as epsilon falls', async () => {
    const c = f64([
      [0, 1, 2],
      [1, 0.2, 3],
      [2, 3, 0],
    ]);
    allClose(
      await at((x) => num.sinkhorn(x, { epsilon: 0.01, iterations: 40 }).plan, c),
      [1, 0, 0, 0, 1, 0, 0, 0, 1].map((v) => v / 3),
      1e-6,
      'plan',
    );
  });

  it('has derivatives; the divergence is 0 for equal clouds and positive else', async () => {
    await checkDerivatives(
      (c) => num.sinkhorn(c, { epsilon: 0.3, iterations: 4 }).plan,
      [random64([3, 3], { stream: 2 })],
    );
    await checkDerivatives(
      (x, y) => num.sinkhornDivergence(x, y, { epsilon: 0.5, iterations: 3 }),
      [random64([3, 2], { stream: 3 }), random64([4, 2], { stream: 4 })],
    );
    const got = await compile((x: Tensor) => [num.sinkhornDivergence(x, x), num.sinkhornDivergence(x, x.add(0.5))])(
      random64([5, 2]),
    );
    expect(Math.abs(Number(got[0].data[0]))).toBeLessThan(1e-12);
    expect(Number(got[1].data[0])).toBeGreaterThan(0.1);
    expect(() => num.sinkhorn(zeros([3, 3]), { epsilon: 0 })).toThrow(/epsilon 0 must be positive/);
    expect(() => num.sinkhorn(zeros([3, 3]), { source: zeros([2]) })).toThrow(/source \[2\] must have 3 masses/);
  });
});

describe('relaxed sorting', () => {
  it('softRank: hard ranks for small strength, the projection else', async () => {
    const x = f64([
      [5, 1, 2],
      [2, 1, 5],
    ]);
    allClose(await at((t) => num.softRank(t, { strength: 1 }), x), [3, 1, 2, 2, 1, 3], 1e-12, 'strength 1');
    // x / 2 = (2.5, 0.5, 1); less (3, 2, 1) in order (-0.5, -1, -0.5), whose last two pool at -0.75.
    allClose(await at((t) => num.softRank(t, { strength: 2 }), x), [3, 1.25, 1.75, 1.75, 1.25, 3], 1e-12, 'strength 2');
    allClose(await at((t) => num.softRank(t, { strength: 1e6 }), x), [2, 2, 2, 2, 2, 2], 1e-5, 'strength 1e6');
  });

  it('softRank: ranks sum to n (n + 1) / 2, follow the order, and have derivatives', async () => {
    const x = random64([3, 7], { stream: 5, low: -3, high: 3 });
    const ranks = await at((t) => num.softRank(t, { strength: 0.7 }), x);
    for (let row = 0; row < 3; row++)
      expect(
        toNumbers(ranks)
          .slice(7 * row, 7 * row + 7)
          .reduce((a, b) => a + b),
      ).toBeCloseTo(28, 10);
    await checkDerivatives((t) => num.softRank(t, { strength: 0.7 }).square(), [x]);
    const got = await compile((t: Tensor) => [vmap((row: Tensor) => num.softRank(row))(t), num.softRank(t)])(x);
    expect(toNumbers(got[0])).toEqual(toNumbers(got[1]));
  });

  it.each<[string, (x: Tensor, temperature: number) => Tensor]>([
    ['neuralSort', (x, temperature) => num.neuralSort(x, { temperature })],
    ['softSort', (x, temperature) => num.softSort(x, { temperature })],
  ])('%s: a permutation in the limit, rows that sum to 1, derivatives', async (_, fn) => {
    const x = f64([2, 5, 3]);
    allClose(await at((t) => fn(t, 1e-3), x), [0, 1, 0, 0, 0, 1, 1, 0, 0], 1e-12, 'limit');
    allClose(await at((t) => fn(t, 2).sum(-1), x), [1, 1, 1], 1e-12, 'rows');
    allClose(await at((t) => matmul(fn(t, 1e-3), t), x), [5, 3, 2], 1e-9, 'sorted');
    await checkDerivatives((t) => fn(t, 1.5), [random64([2, 4], { stream: 6, low: -2, high: 2 })]);
    expect(() => fn(zeros([3]), 0)).toThrow(/temperature 0 must be positive/);
  });
});

describe('a sorting network', () => {
  it('sorts in the limit, with a matrix that gives the same, and has derivatives', async () => {
    const x = f64([
      [3, 1, 2, -1],
      [0, 5, 4, 4.5],
    ]);
    const got = await compile((t: Tensor) => ({ hard: num.oddEvenSort(t, { steepness: 200 }).sorted }))(x);
    allClose(got.hard, [-1, 1, 2, 3, 0, 4, 4.5, 5], 1e-9, 'sorted');
    const check = await compile((t: Tensor) => {
      const { sorted, permutation } = num.oddEvenSort(t, { steepness: 2 });
      return [
        permutation.matmul(t.expandDims(-1)).squeeze(-1).sub(sorted).abs().max(),
        permutation.sum(-1).sub(1).abs().max(),
        permutation.sum(-2).sub(1).abs().max(),
      ];
    })(x);
    for (const error of check) expect(Number(error.data[0])).toBeLessThan(1e-12);
    await checkDerivatives((t) => num.oddEvenSort(t, { steepness: 1.5 }).sorted, [random64([2, 5], { stream: 11 })]);
    expect(() => num.oddEvenSort(zeros([3]), { steepness: 0 })).toThrow(/steepness 0/);
  });
});

describe('nearest neighbours', () => {
  it('are those of all distances, whatever the chunk, and have derivatives', async () => {
    const [x, y] = [random64([7, 3], { stream: 12 }), random64([9, 3], { stream: 13 })];
    const distance = (i: number, j: number) =>
      [0, 1, 2].reduce((sum, k) => sum + (x.data[3 * i + k] - y.data[3 * j + k]) ** 2, 0);
    const expected = Array.from({ length: 7 }, (_, i) =>
      Array.from({ length: 9 }, (_, j) => j)
        .sort((a, b) => distance(i, a) - distance(i, b))
        .slice(0, 4),
    );
    for (const chunk of [2, 7, 100]) {
      const [distances, positions] = await compile((a: Tensor, b: Tensor) => num.nearestNeighbours(a, b, 4, { chunk }))(
        x,
        y,
      );
      expect(toNumbers(positions)).toEqual(expected.flat());
      allClose(
        distances,
        expected.flatMap((row, i) => row.map((j) => distance(i, j))),
        1e-12,
        'distances',
      );
    }
    await checkDerivatives((a, b) => num.nearestNeighbours(a, b, 2, { chunk: 3 })[0], [x, y]);
    expect(() => num.nearestNeighbours(zeros([2, 3]), zeros([4, 3]), 5)).toThrow(/k 5 must be an integer from 1 to 4/);
  });
});

describe('iterative linear algebra', () => {
  const basis = random64([6, 6], { stream: 7 });
  const spd = (b: Tensor) =>
    b.matmul(b.transpose()).add(
      constant(0.5, 'float64')
        .broadcastTo([6])
        .expandDims(0)
        .mul(
          constant(
            ndarray(
              Array.from({ length: 6 }, (_, i) => Array.from({ length: 6 }, (_, j) => (i === j ? 1 : 0))),
              { dtype: 'float64' },
            ),
          ),
        ),
    );
  const start = random64([6], { stream: 8 });

  it('finds what the decomposition finds', async () => {
    const got = await compile((b: Tensor, v: Tensor) => {
      const a = spd(b);
      const map = (x: Tensor) => a.matmul(x);
      const [values] = eigh(a);
      const { diagonal, offDiagonal, basis: q } = num.lanczos(map, v, { steps: 6 });
      const n = 6;
      const shift = (x: Tensor, k: number) =>
        x
          .pad([[0, n - x.shape[0]]])
          .expandDims(-1)
          .mul(
            constant(
              ndarray(
                Array.from({ length: n }, (_, i) => Array.from({ length: n }, (_, j) => (j - i === k ? 1 : 0))),
                { dtype: 'float64' },
              ),
            ),
          );
      const t = shift(diagonal, 0).add(shift(offDiagonal, 1)).add(shift(offDiagonal, 1).transpose());
      return {
        values,
        lanczos: eigh(t)[0],
        orthonormal: q.matmul(q.transpose()),
        top: num.powerIteration(map, v, { steps: 300 }).value,
        solved: a
          .matmul(num.conjugateGradient(map, v, { steps: 12 }))
          .sub(v)
          .abs()
          .max(),
      };
    })(basis, start);
    allClose(got.lanczos, toNumbers(got.values), 1e-9, 'Lanczos');
    allClose(
      got.orthonormal,
      Array.from({ length: 36 }, (_, i) => (i % 7 === 0 ? 1 : 0)),
      1e-12,
      'basis',
    );
    expect(Number(got.top.data[0])).toBeCloseTo(toNumbers(got.values)[5], 8);
    expect(Number(got.solved.data[0])).toBeLessThan(1e-8);
  });

  it('stops where the space ends, and estimates traces', async () => {
    const got = await compile((v: Tensor, k: Tensor) => ({
      // The identity exhausts its space at once.
      ended: num.lanczos((x) => x.mul(2), v, { steps: 3 }),
      still: num.conjugateGradient((x) => x.mul(2), v, { steps: 5 }),
      trace: num.hutchinsonTrace(
        (x) =>
          hvp(
            (p: Tensor) =>
              p
                .square()
                .mul(constant([1, 2, 3]))
                .sum(),
            zeros([3]),
            x,
          ),
        k,
        [3],
        { samples: 3 },
      ),
    }))(start, key(1));
    expect(toNumbers(got.ended.diagonal)[0]).toBeCloseTo(2, 12);
    expect(toNumbers(got.ended.offDiagonal)).toEqual([0, 0]);
    allClose(
      got.still,
      toNumbers(start).map((x) => x / 2),
      1e-12,
      'solution',
    );
    // A diagonal matrix has its trace exactly.
    expect(toNumbers(got.trace)[0]).toBeCloseTo(12, 5);
    expect(() => num.lanczos((x) => x, zeros([2]), { steps: 3 })).toThrow(/must be a vector of at least 3/);
  });
});

describe('equations', () => {
  const cube: num.Equation = (x, p) => x.pow(3).sub(p);
  it.each<[string, (p: Tensor) => Tensor]>([
    ['bisection', (p) => num.bisection(cube, p, p.zerosLike(), p.add(1))],
    ['newton', (p) => num.newton(cube, p, p.onesLike())],
  ])('%s: roots and their derivatives by the parameters', async (_, root) => {
    allClose(await at(root, f64([8, 27, 2])), [2, 3, Math.cbrt(2)], 1e-12, 'roots');
    allClose(
      await at((p) => grad((q: Tensor) => root(q).sum())(p), f64([8, 27])),
      [1 / 12, 1 / 27],
      1e-12,
      'derivative',
    );
  });

  it('Runge and Kutta: order four, and a derivative', async () => {
    const exact = Math.exp(-1);
    const error = async (steps: number) =>
      Math.abs(Number((await at((y) => num.rungeKutta4((x) => x.neg(), y, { steps }), f64([1]))).data[0]) - exact);
    const ratio = (await error(8)) / (await error(16));
    expect(ratio).toBeGreaterThan(14);
    expect(ratio).toBeLessThan(18);
    expect(await error(64)).toBeLessThan(1e-9);
    await checkDerivatives(
      (y) => num.rungeKutta4((x, t) => x.square().mul(-t), y, { steps: 5 }),
      [random64([3], { stream: 9, low: 0.2, high: 1 })],
    );
  });
});
