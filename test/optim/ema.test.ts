import { describe, expect, it } from 'vitest';
import { compile, type NDArray, ndarray, type Tensor, toNumbers } from '../../src/index.js';
import { type EmaState, exponentialMovingAverage } from '../../src/optim/index.js';

describe('exponentialMovingAverage', () => {
  it('is the weighted mean of all trees so far', async () => {
    const decay = 0.9;
    const ema = exponentialMovingAverage(decay);
    const step = compile((state: EmaState<{ w: Tensor }>, p: { w: Tensor }) => {
      const next = ema.update(state, p);
      return { next, value: ema.value(next) };
    }) as unknown as (s: unknown, p: unknown) => Promise<{ next: unknown; value: { w: NDArray } }>;
    const weights = [
      [1, -2],
      [3, 5],
      [0, 7],
    ];
    let state: unknown = ema.init({ w: ndarray(weights[0], { dtype: 'float64' }) });
    for (let t = 0; t < weights.length; t++) {
      const result = await step(state, { w: ndarray(weights[t], { dtype: 'float64' }) });
      state = result.next;
      const shares = Array.from({ length: t + 1 }, (_, i) => decay ** (t - i));
      const total = shares.reduce((a, b) => a + b);
      [0, 1].forEach((k) =>
        expect(Number(result.value.w.data[k])).toBeCloseTo(
          shares.reduce((sum, share, i) => sum + (share / total) * weights[i][k], 0),
          12,
        ),
      );
    }
    const before = await compile((s: EmaState<{ w: Tensor }>) => ema.value(s).w)(
      ema.init({ w: ndarray([1, 2]) }) as never,
    );
    expect(toNumbers(before)).toEqual([0, 0]);
    expect(() => exponentialMovingAverage(1)).toThrow(/decay 1 must lie in \[0, 1\)/);
  });
});
