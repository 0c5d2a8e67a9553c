import { describe, expect, it } from 'vitest';
import { clusteringAccuracy, normalizedMutualInformation } from '../../../src/metrics/index.js';

describe('normalized mutual information', () => {
  it('is 1 for the same groups under other names, 0 for independent ones', () => {
    expect(normalizedMutualInformation([0, 0, 1, 1], [7, 7, 3, 3])).toBeCloseTo(1, 12);
    expect(normalizedMutualInformation([0, 1, 0, 1], [0, 0, 1, 1])).toBeCloseTo(0, 12);
    expect(normalizedMutualInformation([4, 4], [1, 1])).toBe(1);
    // I = log 2 - (log 2)/2 ... by hand: clusters {0,0,0,1}, labels {0,0,1,1}.
    const h = (...p: number[]) => -p.reduce((total, q) => total + q * Math.log(q), 0);
    const [a, b, joint] = [h(0.75, 0.25), h(0.5, 0.5), h(0.5, 0.25, 0.25)];
    expect(normalizedMutualInformation([0, 0, 0, 1], [0, 0, 1, 1])).toBeCloseTo((2 * (a + b - joint)) / (a + b), 12);
  });

  it('refuses lists of two lengths', () => {
    expect(() => normalizedMutualInformation([0, 1], [0])).toThrow(/labels \[1\] must be \[2\]/);
  });
});

describe('clusteringAccuracy', () => {
  it('counts what the best one-to-one pairing gets right', () => {
    expect(clusteringAccuracy([0, 0, 1, 1], [7, 7, 3, 3])).toBe(1);
    // Cluster 0 holds labels 0, 0, 1; cluster 1 labels 1, 0: three of five at best.
    expect(clusteringAccuracy([0, 0, 0, 1, 1], [0, 0, 1, 1, 0])).toBeCloseTo(3 / 5, 12);
    // The greedy pairing 0-0 (3) leaves 1-1 (0); 0-1 with 1-0 gets 2 + 3.
    expect(clusteringAccuracy([0, 0, 0, 0, 0, 1, 1, 1], [0, 0, 0, 1, 1, 0, 0, 0])).toBeCloseTo(5 / 8, 12);
  });

  it('leaves clusters without a label where there are more of them, and labels without a cluster', () => {
    expect(clusteringAccuracy([0, 1, 2, 3], [5, 5, 6, 6])).toBeCloseTo(1 / 2, 12);
    expect(clusteringAccuracy([4, 4, 4, 4], [0, 1, 1, 2])).toBeCloseTo(1 / 2, 12);
    expect(clusteringAccuracy([], [])).toBe(0);
    expect(() => clusteringAccuracy([0, 1], [0])).toThrow(/clusteringAccuracy: labels \[1\] must be \[2\]/);
  });
});
