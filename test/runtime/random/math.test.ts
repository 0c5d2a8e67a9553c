import { describe, expect, it } from 'vitest';
import { normalCumulative } from '../../../src/runtime/random/draw.js';
import { exp, log, normalQuantile } from '../../../src/runtime/random/math.js';
import { numbers } from '../../support/derivatives.js';

describe('logarithm and exponential without Math.log and Math.exp', () => {
  it('agree with them to a few units in the last place', () => {
    for (const u of numbers(1, 5000, -700, 700)) {
      const y = Math.exp(u);
      expect(Math.abs(exp(u) / y - 1)).toBeLessThan(5e-16);
      expect(Math.abs(log(y) - u)).toBeLessThanOrEqual(3e-16 * Math.max(1, Math.abs(u)));
    }
    for (const u of numbers(2, 5000, 0.5, 2)) expect(Math.abs(log(u) - Math.log(u))).toBeLessThanOrEqual(2.3e-16);
  });

  it('have their limits', () => {
    expect(exp(-1000)).toBe(0);
    expect(exp(1000)).toBe(Infinity);
    expect(log(0)).toBe(-Infinity);
    expect(log(1)).toBe(0);
    expect(exp(0)).toBe(1);
  });
});

describe('the normal distribution', () => {
  it('has the quantiles of the tables', () => {
    const table: [number, number][] = [
      [0.5, 0],
      [0.975, 1.959963984540054],
      [0.995, 2.5758293035489004],
      [0.9, 1.2815515655446004],
      [0.999999, 4.753424308822899],
      [1e-10, -6.361340902404056],
      [0.25, -0.6744897501960817],
    ];
    for (const [p, x] of table)
      expect(Math.abs(normalQuantile(p) - x)).toBeLessThan(1e-13 * Math.max(1, Math.abs(x)) * (p > 0.9999 ? 100 : 1));
  });

  it('has a quantile function inverse to its distribution function', () => {
    for (const p of numbers(3, 500, 0, 1))
      expect(Math.abs(normalCumulative(normalQuantile(p)) - p)).toBeLessThan(1e-15);
  });
});
