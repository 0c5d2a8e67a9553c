import { describe, expect, it } from 'vitest';
import { isotonicCalibration, plattScaling, temperatureScaling } from '../../src/calibration/index.js';
import { expectedCalibrationError, logLoss } from '../../src/metrics/index.js';
import { numbers } from '../support/numbers.js';

/** Labels drawn from the softmax of logits; the classifier says `factor` times those logits. */
function sample(n: number, factor: number, stream: number) {
  const truth = Array.from({ length: n }, (_, i) => numbers(stream + 10 * i, 3, -2, 2));
  const chance = numbers(stream + 1, n, 0, 1);
  const labels = truth.map((row, i) => {
    const masses = row.map(Math.exp);
    let left = chance[i] * masses.reduce((a, b) => a + b);
    return masses.findIndex((m, k) => {
      left -= m;
      return left <= 0 || k === 2;
    });
  });
  return { logits: truth.map((row) => row.map((z) => factor * z)), labels };
}

describe('temperatureScaling', () => {
  it('finds by how much logits are too large, and calibrates new data', () => {
    const held = sample(2000, 3, 5);
    const { temperature, probabilities } = temperatureScaling(held.logits, held.labels);
    expect(temperature).toBeGreaterThan(2.7);
    expect(temperature).toBeLessThan(3.3);
    const fresh = sample(2000, 3, 77);
    const sure = temperatureScaling([[0, 0, 1]], [2]).probabilities;
    expect(sure([0, 0, 1])[2]).toBeCloseTo(1, 12);
    const raw = fresh.logits.map((row) => {
      const masses = row.map(Math.exp);
      const total = masses.reduce((a, b) => a + b);
      return masses.map((m) => m / total);
    });
    const before = expectedCalibrationError(raw, fresh.labels);
    const after = expectedCalibrationError(fresh.logits.map(probabilities), fresh.labels);
    expect(before).toBeGreaterThan(0.1);
    expect(after).toBeLessThan(before / 3);
    expect(logLoss(fresh.logits.map(probabilities), fresh.labels)).toBeLessThan(logLoss(raw, fresh.labels));
  });

  it('has the exact answer where there is one, and limits where there is none', () => {
    // Right three times of four at logits (d, 0): sigmoid(d / T) = 3/4.
    const logits = Array.from({ length: 4 }, () => [5, 0]);
    expect(temperatureScaling(logits, [0, 0, 0, 1]).temperature).toBeCloseTo(5 / Math.log(3), 10);
    expect(temperatureScaling(logits, [0, 0, 0, 0]).temperature).toBeCloseTo(1e-3, 12);
    expect(temperatureScaling(logits, [1, 1, 1, 1]).temperature).toBeCloseTo(1e3, 8);
    expect(() => temperatureScaling([[1, 2]], [2])).toThrow(/label 2 must be an integer from 0 to 1/);
    expect(() => temperatureScaling([[1, 2]], [0, 1])).toThrow(/labels \[2\] must be \[1\]/);
  });
});

describe('plattScaling', () => {
  it('finds the line that scores were drawn from', () => {
    const scores = numbers(3, 4000, -3, 3);
    const chance = numbers(4, 4000, 0, 1);
    const outcomes = scores.map((s, i) => (chance[i] < 1 / (1 + Math.exp(-(0.7 * s + 0.4))) ? 1 : 0));
    const { slope, offset, probability } = plattScaling(scores, outcomes);
    expect(slope).toBeCloseTo(0.7, 1);
    expect(offset).toBeCloseTo(0.4, 1);
    expect(probability(0)).toBeCloseTo(1 / (1 + Math.exp(-offset)), 12);
    // At the best line the pulled-in targets and the probabilities agree on average.
    const [n1, n0] = [outcomes.filter(Boolean).length, outcomes.filter((o) => !o).length];
    const target = outcomes.reduce<number>((sum, o) => sum + (o ? (n1 + 1) / (n1 + 2) : 1 / (n0 + 2)), 0);
    expect(scores.reduce((sum, s) => sum + probability(s), 0)).toBeCloseTo(target, 6);
  });

  it('has a finite line for separable scores and for one outcome alone', () => {
    const { slope, probability } = plattScaling([-1, -0.5, 0.5, 1], [0, 0, 1, 1]);
    expect(Number.isFinite(slope)).toBe(true);
    expect(probability(1)).toBeGreaterThan(0.6);
    expect(plattScaling([1, 1], [1, 1]).probability(1)).toBeCloseTo(0.75, 6);
  });
});

describe('isotonicCalibration', () => {
  it('pools what is out of order', () => {
    const { probability } = isotonicCalibration([1, 2, 3, 4, 5], [0, 1, 0, 1, 1]);
    expect([1, 2, 2.5, 3, 4, 5].map(probability)).toEqual([0, 0.5, 0.5, 0.5, 1, 1]);
    expect([probability(-9), probability(1.5), probability(3.5), probability(9)]).toEqual([0, 0.25, 0.75, 1]);
  });

  it('takes equal scores as one point', () => {
    const { probability } = isotonicCalibration([1, 1, 2], [1, 0, 1]);
    expect([probability(1), probability(2)]).toEqual([0.5, 1]);
  });
});
