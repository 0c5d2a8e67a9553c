import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { exp, log } from '../../../src/runtime/random/math.js';
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

  it('keep their relative precision where the result is small', () => {
    for (const u of numbers(4, 2000, -1e-6, 1e-6)) {
      expect(Math.abs(log(1 + u) / Math.log(1 + u) - 1)).toBeLessThan(5e-16);
      expect(Math.abs(exp(u) - Math.exp(u))).toBeLessThanOrEqual(2.3e-16);
    }
  });

  it('have their limits', () => {
    expect(exp(-1000)).toBe(0);
    expect(exp(1000)).toBe(Infinity);
    expect(exp(0)).toBe(1);
    expect(exp(Number.NaN)).toBeNaN();
    expect(log(0)).toBe(-Infinity);
    expect(log(1)).toBe(0);
    expect(log(Infinity)).toBe(Infinity);
    expect(log(-1)).toBeNaN();
    expect(log(Number.NaN)).toBeNaN();
    expect(log(5e-324)).toBeCloseTo(-744.4400719213812, 10);
  });
});

describe('the source of every draw', () => {
  it('uses only arithmetic that is exact on every platform', () => {
    const folder = fileURLToPath(new URL('../../../src/runtime/random', import.meta.url));
    const exact = new Set(['abs', 'floor', 'max', 'min', 'round', 'sqrt', 'LN2', 'LOG2E', 'PI', 'SQRT2']);
    for (const name of readdirSync(folder)) {
      const code = readFileSync(`${folder}/${name}`, 'utf8').replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, '');
      const used = [...code.matchAll(/\bMath\.(\w+)/g)].map((match) => match[1]);
      expect(
        used.filter((member) => !exact.has(member)),
        name,
      ).toEqual([]);
      expect(code, name).not.toMatch(/\*\*/);
    }
  });
});
