import { describe, expect, it } from 'vitest';
import { normalCumulative, normalQuantile } from '../../../src/runtime/random/normal.js';
import { numbers } from '../../support/derivatives.js';

describe('the normal distribution', () => {
  // Reference values computed with forty digits.
  it.each([
    [0.75, 0.6744897501960817],
    [0.9, 1.2815515655446006],
    [0.975, 1.9599639845400538],
    [0.995, 2.5758293035489004],
    [0.999, 3.090232306167813],
    [0.25, -0.6744897501960817],
    [1e-3, -3.0902323061678136],
    [1e-5, -4.264890793922825],
    [1e-10, -6.361340902404056],
    [1e-20, -9.26234008979841],
    [1e-100, -21.273453560965326],
    [1e-300, -37.0470962993612],
  ])('has its quantile at %d', (p, x) => {
    expect(Math.abs(normalQuantile(p) / x - 1)).toBeLessThan(1e-14);
  });

  it('has its median', () => {
    expect(normalQuantile(0.5)).toBe(0);
  });

  it.each([
    [-1, 0.15865525393145705],
    [-2, 0.02275013194817921],
    [-3, 0.0013498980316300946],
    [-3.5, 0.00023262907903552504],
    [-6, 9.86587645037698e-10],
    [-10, 7.619853024160525e-24],
    [-20, 2.7536241186062337e-89],
    [-37, 5.725571222524577e-300],
    [1.5, 0.933192798731142],
    [4, 0.9999683287581669],
  ])('has its distribution function at %d', (x, p) => {
    expect(Math.abs(normalCumulative(x) / p - 1)).toBeLessThan(1e-12);
  });

  it('has the limits of the distribution function', () => {
    expect(normalCumulative(-Infinity)).toBe(0);
    expect(normalCumulative(Infinity)).toBe(1);
    expect(normalCumulative(0)).toBe(0.5);
  });

  it('has a quantile function inverse to its distribution function', () => {
    for (const p of numbers(3, 500, 0, 1))
      expect(Math.abs(normalCumulative(normalQuantile(p)) - p)).toBeLessThan(1e-15);
    for (const x of numbers(5, 500, -37, -1))
      expect(Math.abs(normalQuantile(normalCumulative(x)) - x)).toBeLessThan(1e-12);
  });
});
