import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  assignRows,
  compile,
  connectedComponents,
  linearSumAssignment,
  ndarray,
  type Tensor,
  toNumbers,
  UnionFind,
  vmap,
  zeros,
} from '../../../src/index.js';
import { fromGolden, type GoldenArray, golden } from '../../support/golden.js';

const { assignments } = golden<{ assignments: { cost: GoldenArray; columns: number[]; total: number }[] }>('discrete');

describe('linearSumAssignment', () => {
  it.each(assignments.map((a) => [a.cost.shape.join(' x '), a] as const))(
    '%s agrees with SciPy',
    async (_, { cost, columns, total }) => {
      const f = compile((c: Tensor) => {
        const at = linearSumAssignment(c);
        return { at, total: c.takeAlongAxis(at.expandDims(1), 1).sum() };
      });
      const got = await f(fromGolden(cost));
      expect(toNumbers(got.at)).toEqual(columns);
      expect(toNumbers(got.total)[0]).toBeCloseTo(total, 12);
    },
  );

  it('is as good as every permutation, whatever the costs', () => {
    const permutations = (n: number): number[][] =>
      n === 0
        ? [[]]
        : permutations(n - 1).flatMap((p) =>
            Array.from({ length: n }, (_, i) => [...p.slice(0, i), n - 1, ...p.slice(i)]),
          );
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 5 }),
        fc.array(fc.integer({ min: -5, max: 5 }), { minLength: 25, maxLength: 25 }),
        (n, costs) => {
          const total = (columns: ArrayLike<number>) =>
            Array.from({ length: n }, (_, i) => costs[i * n + columns[i]]).reduce((a, b) => a + b, 0);
          const found = assignRows(costs.slice(0, n * n), n, n);
          expect(new Set(found).size).toBe(n);
          expect(total(found)).toBe(Math.min(...permutations(n).map(total)));
        },
      ),
      { numRuns: 200 },
    );
  });

  it('takes stacks, in vmap too, and refuses what has no answer', async () => {
    const cost = ndarray([
      [
        [1, 2],
        [2, 1],
      ],
      [
        [2, 1],
        [1, 2],
      ],
    ]);
    const got = await compile((c: Tensor) => [linearSumAssignment(c), vmap(linearSumAssignment)(c)])(cost);
    expect(got.map(toNumbers)).toEqual([
      [0, 1, 1, 0],
      [0, 1, 1, 0],
    ]);
    expect(() => linearSumAssignment(zeros([3, 2]))).toThrow(/no more rows than columns/);
    await expect(
      compile((c: Tensor) => linearSumAssignment(c))(
        ndarray([
          [Infinity, Infinity],
          [1, 2],
        ]),
      ),
    ).rejects.toThrow(/no assignment of finite cost/);
  });
});

describe('connected components', () => {
  it('are numbered by their first vertices', async () => {
    const f = compile((e: Tensor) => connectedComponents(e, 7));
    expect(
      toNumbers(
        await f(
          ndarray(
            [
              [5, 1],
              [1, 6],
              [2, 3],
            ],
            { dtype: 'int32' },
          ),
        ),
      ),
    ).toEqual([0, 1, 2, 2, 3, 1, 1]);
    await expect(
      f(
        ndarray(
          [
            [0, 7],
            [0, 0],
            [0, 0],
          ],
          { dtype: 'int32' },
        ),
      ),
    ).rejects.toThrow(/edge 0 joins 0 and 7, beyond the 7 vertices/);
    expect(() => connectedComponents(zeros([2, 2]), 3)).toThrow(/must be integers \[edges, 2\]/);
  });

  it('merge each pair of sets once', () => {
    const sets = new UnionFind(4);
    expect([sets.union(0, 1), sets.union(2, 3), sets.union(1, 3), sets.union(0, 2)]).toEqual([true, true, true, false]);
    expect(new Set([0, 1, 2, 3].map((v) => sets.find(v))).size).toBe(1);
  });
});
