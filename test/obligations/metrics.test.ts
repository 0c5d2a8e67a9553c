import { describe, expect, it } from 'vitest';
import { type DType, isNDArray, ndarray } from '../../src/index.js';
import * as metrics from '../../src/metrics/index.js';
import { withoutEntry } from './coverage.js';
import { entries } from './metrics/index.js';

type Measure = (...args: readonly unknown[]) => unknown;

/** Lists of `n` in another order, in records too. */
function reordered(value: unknown, n: number): unknown {
  if (Array.isArray(value)) return value.length === n ? [...value.slice(1), value[0]].reverse() : value;
  if (value === null || typeof value !== 'object' || isNDArray(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, reordered(field, n)]));
}

/** Nested lists of numbers as arrays: whole numbers as int32, others of a dtype. */
function asArray(value: unknown, dtype: DType): unknown {
  if (!Array.isArray(value)) return value;
  const flat = value.flat(3) as number[];
  const whole = flat.every((x) => Number.isInteger(x));
  return ndarray(value, { dtype: whole ? 'int32' : dtype });
}

/** What is close to what, whatever holds the numbers. */
function expectClose(actual: unknown, expected: unknown, digits = 9): void {
  if (typeof expected === 'number' && Number.isFinite(expected)) expect(actual).toBeCloseTo(expected, digits);
  else if (expected !== null && typeof expected === 'object') {
    expect(Object.keys(actual as object)).toEqual(Object.keys(expected));
    for (const [name, field] of Object.entries(expected))
      expectClose((actual as Record<string, unknown>)[name], field, digits);
  } else expect(actual).toEqual(expected);
}

describe('every export of cotangent/metrics', () => {
  it('has an entry, and stands in the registry where it is one number', () => {
    expect(withoutEntry(metrics, [entries])).toEqual([]);
    const single = Object.entries(entries).flatMap(([name, { of, typical }]) =>
      typeof (of as Measure)(...typical) === 'number' ? [name] : [],
    );
    // A count of edits, whose rates stand there.
    expect(single.filter((name) => !(name in metrics.metricRegistry))).toEqual(['editDistance']);
  });
});

describe.each(Object.entries(entries))('%s', (name, entry) => {
  const of = entry.of as Measure;
  const { typical, best, worst, empty, wrong } = entry;
  const value = of(...typical);

  it('says of the best, the worst and of nothing what it should, within its range', () => {
    for (const extreme of [best, worst]) if (extreme) expectClose(of(...extreme[0]), extreme[1]);
    const [args, result] = empty;
    if (result instanceof RegExp) expect(() => of(...args)).toThrow(result);
    else expectClose(of(...args), result);
    const info = (metrics.metricRegistry as Record<string, metrics.MetricInfo>)[name];
    if (!info) return;
    for (const x of [value, best?.[1], worst?.[1]].flat().filter((x) => typeof x === 'number')) {
      expect(x).toBeGreaterThanOrEqual(info.range[0]);
      expect(x).toBeLessThanOrEqual(info.range[1]);
    }
    if (typeof best?.[1] === 'number' && typeof worst?.[1] === 'number' && best[1] !== worst[1])
      expect(best[1] > worst[1]).toBe(info.higherIsBetter);
  });

  it('is the same in any order of the samples, for lists and for arrays of any dtype, and again', () => {
    expect(of(...typical)).toEqual(value);
    const first = typical.find((arg) => Array.isArray(arg)) as readonly unknown[] | undefined;
    if (!entry.ordered && first) expectClose(of(...typical.map((arg) => reordered(arg, first.length))), value);
    if (entry.plain) return;
    for (const dtype of ['float64', 'float32'] as const)
      expectClose(of(...typical.map((arg) => asArray(arg, dtype))), value, 5);
  });

  if (wrong)
    it('refuses what does not fit, with its name', () => {
      expect(() => of(...wrong)).toThrow(new RegExp(`^${name}\\b.*\\d`));
    });
});
