import { describe, expect, it } from 'vitest';
import { ndarray } from '../../../src/index.js';
import { normalCumulative } from '../../../src/runtime/random/normal.js';
import { coverageOf, intervalsOf, mixtureQuantile, rowMeasures } from '../../../src/train/regression/answers.js';

const f32 = (rows: number[] | number[][]) => ndarray(rows as number[], { dtype: 'float32' });
const targets = f32([1, 2, 3, 4]);
const prediction = f32([1, 2, 3, 6]);

describe('what a regression is measured by', () => {
  it('of numbers: errors in the unit of the target', () => {
    expect(rowMeasures({ targets, prediction, counts: false })).toEqual({
      error: 1,
      meanAbsoluteError: 0.5,
      r2: 1 - 4 / 5,
    });
    expect(rowMeasures({ targets, prediction, counts: true }).poissonDeviance).toBeCloseTo(
      (2 * (4 * Math.log(4 / 6) + 2)) / 4,
      6,
    );
  });

  it('of quantiles: pinball loss, how often intervals cover and how wide they are', () => {
    const levels = [0.1, 0.5, 0.9];
    const values = f32([
      [0, 1, 2],
      [0, 1, 1.5],
      [1, 3, 3],
      [5, 6, 7],
    ]);
    const answers = { targets, prediction, quantiles: { levels, values }, counts: false };
    expect(intervalsOf(answers)).toMatchObject({ level: 0.8, lower: { data: Float64Array.of(0, 0, 1, 5) } });
    expect(coverageOf(answers)).toEqual([
      { level: 0.1, observed: 0.25 },
      { level: 0.5, observed: 0.75 },
      { level: 0.9, observed: 0.75 },
    ]);
    const measures = rowMeasures(answers);
    expect(measures.coverage).toBe(0.5);
    expect(measures.intervalWidth).toBe((2 + 1.5 + 2 + 2) / 4);
    expect(measures.calibrationError).toBeCloseTo((0.15 + 0.25 + 0.15) / 3, 12);
    const pinball = (level: number, errors: number[]) =>
      errors.reduce((sum, e) => sum + Math.max(level * e, (level - 1) * e), 0) / 4;
    const expected = (pinball(0.1, [1, 2, 2, -1]) + pinball(0.5, [0, 1, 0, -2]) + pinball(0.9, [-1, 0.5, 0, -3])) / 3;
    expect(measures.pinballLoss).toBeCloseTo(expected, 12);
    const one = { levels: [0.5], values: f32([[1], [2], [3], [6]]) };
    expect(intervalsOf({ targets, prediction, quantiles: one, counts: false })).toBeUndefined();
  });

  it('of distributions: likelihood, scores, and how uniform their transforms are', () => {
    const mixtures = {
      weights: f32([[1], [1], [1], [1]]),
      means: f32([[1], [2], [3], [6]]),
      deviations: f32([[1], [1], [2], [0.5]]),
    };
    const pits = f32([0.5, 0.5, 0.5, 0]);
    const distributions = { mixtures, nll: f32([1, 2, 3, 4]), crps: f32([0, 0, 0, 2]), pits };
    const answers = { targets, prediction, distributions, counts: false };
    const measures = rowMeasures(answers);
    expect([measures.negativeLogLikelihood, measures.crps, measures.coverage]).toEqual([2.5, 0.5, 0.75]);
    // The width of a normal distribution's is twice 1.645 deviations.
    expect(measures.intervalWidth).toBeCloseTo((2 * 1.6448536269514722 * 4.5) / 4, 6);
    expect(coverageOf(answers)?.map(({ observed }) => observed)).toEqual([
      ...new Array(9).fill(0.25),
      ...new Array(10).fill(1),
    ]);
    expect(measures.calibrationError).toBeGreaterThan(0.1);
  });

  it('finds the quantiles of mixtures', () => {
    const mixtures = {
      weights: f32([
        [0.25, 0.75],
        [0.5, 0.5],
      ]),
      means: f32([
        [-3, 5],
        [0, 0],
      ]),
      deviations: f32([
        [0.5, 2],
        [1, 1],
      ]),
    };
    for (const level of [0.001, 0.05, 0.5, 0.95]) {
      const q = mixtureQuantile(mixtures, 0, level);
      expect(0.25 * normalCumulative((q + 3) / 0.5) + 0.75 * normalCumulative((q - 5) / 2)).toBeCloseTo(level, 9);
    }
    expect(mixtureQuantile(mixtures, 1, 0.975)).toBeCloseTo(1.959963984540054, 9);
  });
});
