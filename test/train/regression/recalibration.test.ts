import { describe, expect, it } from 'vitest';
import { ndarray } from '../../../src/index.js';
import { key, normal } from '../../../src/runtime/random/index.js';
import { normalCumulative, normalQuantile } from '../../../src/runtime/random/normal.js';
import { recalibrated } from '../../../src/train/regression/recalibration.js';

const n = 2000;
const targets = normal(key(0), [n]);
const prediction = ndarray(new Float32Array(n));
const column = (value: number) => ndarray(new Float32Array(n).fill(value), { shape: [n, 1] });

describe('recalibration of forecasts', () => {
  it('mends distributions that are too sure', () => {
    const pits = ndarray(targets.data.map((y) => normalCumulative(y / 0.4)));
    const mixtures = { weights: column(1), means: column(0), deviations: column(0.4) };
    const found = recalibrated(
      { targets, prediction, counts: false, distributions: { mixtures, nll: pits, crps: pits, pits } },
      key(1),
    );
    expect(found?.errorBefore).toBeGreaterThan(0.1);
    expect(found?.errorAfter).toBeLessThan(0.02);
    for (const { level, observed } of found?.after ?? []) expect(Math.abs(level - observed)).toBeLessThan(0.04);
  });

  it('moves quantiles to where they cover what they should', () => {
    const levels = [0.1, 0.5, 0.9];
    const values = ndarray(
      Float32Array.from({ length: 3 * n }, (_, at) => 0.3 * normalQuantile(levels[at % 3]) + 0.5),
      { shape: [n, 3] },
    );
    const found = recalibrated({ targets, prediction, counts: false, quantiles: { levels, values } }, key(1));
    expect(found?.before.map(({ level }) => level)).toEqual(levels);
    expect(found?.errorBefore).toBeGreaterThan(0.15);
    expect(found?.errorAfter).toBeLessThan(0.03);
  });

  it('is of forecasts of several levels', () => {
    const quantiles = { levels: [0.5], values: column(0) };
    expect(recalibrated({ targets, prediction, counts: false }, key(0))).toBeUndefined();
    expect(recalibrated({ targets, prediction, counts: false, quantiles }, key(0))).toBeUndefined();
  });
});
