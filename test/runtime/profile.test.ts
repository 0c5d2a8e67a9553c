import { describe, expect, it } from 'vitest';
import { compile, eigh, type NDArray, ndarray, type Tensor } from '../../src/index.js';
import { operatorProfiles } from '../../src/runtime/profile.js';
import { random64 } from '../support/derivatives.js';

describe('compiled.profile', () => {
  it('tells where the time goes, over all sessions, and takes nothing away', async () => {
    // The decomposition cuts the program into two sessions.
    const run = compile(
      (x: Tensor, w: Tensor) => {
        const y = x.matmul(w).tanh();
        return { y, values: eigh(y.transpose().matmul(y))[0].exp() };
      },
      { donate: [0] },
    );
    const [x, w] = [random64([64, 64]), random64([64, 32], { stream: 1 })];
    const rows = await run.profile(x, w);
    const operators = rows.map((row) => row.operator);
    for (const operator of ['MatMul', 'Tanh', 'Exp']) expect(operators).toContain(operator);
    expect(rows.find((row) => row.operator === 'MatMul')?.nodes).toBe(2);
    expect(rows.reduce((sum, row) => sum + row.share, 0)).toBeCloseTo(1, 9);
    rows.forEach((row, i) => {
      expect(row.milliseconds).toBeLessThanOrEqual(rows[i - 1]?.milliseconds ?? Infinity);
      expect(row.slowest.milliseconds).toBeLessThanOrEqual(row.milliseconds + 1e-12);
    });
    const { y } = await run(x as NDArray, w);
    expect(y.shape).toEqual([64, 32]);
    await expect(run.profile(x, w)).rejects.toThrow(/donated/);
    await expect(run.profile(ndarray([1, 2, 3]), w)).rejects.toThrow(/matmul/);
  });

  it('sums nodes of one operator and averages runs', () => {
    const time = (node: string, operator: string, milliseconds: number) => ({ node, operator, milliseconds });
    const times = [time('a', 'Add', 1), time('b', 'Add', 4), time('c', 'Mul', 12), time('a', 'Add', 3)];
    expect(operatorProfiles(times, 2)).toEqual([
      { operator: 'Mul', nodes: 1, milliseconds: 6, share: 0.6, slowest: { node: 'c', milliseconds: 6 } },
      { operator: 'Add', nodes: 2, milliseconds: 4, share: 0.4, slowest: { node: 'a', milliseconds: 2 } },
    ]);
  });
});
