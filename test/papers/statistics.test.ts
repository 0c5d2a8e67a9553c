import { describe, expect, it } from 'vitest';
import { meanInterval } from '../../src/papers/index.js';

describe('meanInterval', () => {
  // The 97.5% quantiles of Student's t, from tables.
  it.each([
    [2, 12.7062],
    [3, 4.30265],
    [5, 2.77645],
    [10, 2.26216],
    [31, 2.04227],
  ])('of %i numbers uses Student’s t', (n, t) => {
    const values = Array.from({ length: n }, (_, i) => i);
    const { mean, interval } = meanInterval(values);
    const deviation = Math.sqrt(values.reduce((s, v) => s + (v - mean) ** 2, 0) / (n - 1));
    expect(mean).toBeCloseTo((n - 1) / 2, 12);
    expect((interval[1] - interval[0]) / 2).toBeCloseTo((t * deviation) / Math.sqrt(n), 3);
    expect(interval[0] + interval[1]).toBeCloseTo(2 * mean, 10);
  });

  it('refuses what has no interval', () => {
    expect(() => meanInterval([1])).toThrow(/1 numbers/);
    expect(() => meanInterval([1, Number.NaN])).toThrow(/not all finite/);
  });
});
