import { describe, expect, it } from 'vitest';
import { ndarray, toNumbers } from '../../../src/index.js';
import * as metrics from '../../../src/metrics/index.js';
import { inconsistency, utilityOf } from '../../../src/metrics/retrieval/operating-points.js';
import { numbers } from '../../support/derivatives.js';

/** Embeddings in three dimensions, six of each of four classes, the classes spread unequally. */
const labels = Array.from({ length: 24 }, (_, i) => i % 4);
const embeddings = labels.map((label, i) => {
  const noise = numbers(i, 3);
  return [0, 1, 2].map((k) => (label === k ? 1 : 0) + (0.2 + 0.2 * label) * noise[k]);
});

/** By the definition, pair by pair. */
function byHand(x: number[][], y: number[], distances: readonly number[]) {
  const unit = x.map((row) => row.map((v) => v / Math.hypot(...row)));
  const distance = (i: number, j: number) => Math.hypot(...unit[i].map((v, k) => v - unit[j][k]));
  return [...new Set(y)].sort().map((label) =>
    distances.map((d) => {
      let [accepted, negatives, rejected, positives] = [0, 0, 0, 0];
      for (let i = 0; i < x.length; i++)
        for (let j = 0; j < i; j++) {
          if (y[i] !== label && y[j] !== label) continue;
          const match = distance(i, j) <= d + 1e-9;
          if (y[i] === y[j]) [positives, rejected] = [positives + 1, rejected + (match ? 0 : 1)];
          else [negatives, accepted] = [negatives + 1, accepted + (match ? 1 : 0)];
        }
      return utilityOf(accepted / negatives, rejected / positives);
    }),
  );
}

describe('utilityOf', () => {
  it('is the harmonic mean of what is judged rightly', () => {
    // Distances of positives [.2, .4] and [.6, .8], of negatives [.5, .9, 1.2] and [.5, .9, 1.4], at .3, .5 and .7.
    const rates = [
      [0, 0.5],
      [1 / 3, 0],
      [1 / 3, 0],
      [0, 1],
      [1 / 3, 1],
      [1 / 3, 0.5],
    ];
    const utility = rates.map(([accept, reject]) => utilityOf(accept, reject));
    [2 / 3, 0.8, 0.8, 0, 0, 4 / 7].forEach((u, i) => {
      expect(utility[i]).toBeCloseTo(u, 12);
    });
    expect(inconsistency(ndarray(Float64Array.from(utility), { shape: [2, 3] }))).toBeCloseTo(0.0947241119, 9);
    expect(utilityOf(1, 1)).toBe(0);
  });
});

describe('operatingPoints', () => {
  it('are those of all pairs, class by class, over distances that accept the shares asked for', () => {
    const options = { leastFalseAcceptRate: 0.05, greatestFalseAcceptRate: 0.3, points: 7 };
    const { distances, classes, utility, falseAcceptRate, falseRejectRate } = metrics.operatingPoints(
      embeddings,
      labels,
      options,
    );
    expect(toNumbers(classes)).toEqual([0, 1, 2, 3]);
    expect(utility.shape).toEqual([4, 7]);
    const expected = byHand(embeddings, labels, toNumbers(distances)).flat();
    toNumbers(utility).forEach((u, i) => {
      expect(u).toBeCloseTo(expected[i], 12);
      expect(utilityOf(falseAcceptRate.data[i], falseRejectRate.data[i])).toBe(u);
    });
    // All classes are equally large, so their mean is the share of all pairs.
    const shares = [0, 6].map((k) => [0, 1, 2, 3].reduce((sum, c) => sum + falseAcceptRate.data[7 * c + k] / 4, 0));
    expect(shares[0]).toBeGreaterThanOrEqual(0.05);
    expect(shares[0]).toBeLessThan(0.06);
    expect(shares[1]).toBeGreaterThanOrEqual(0.3);
    expect(shares[1]).toBeLessThan(0.31);
    expect(metrics.operatingPointInconsistency(embeddings, labels, options)).toBe(inconsistency(utility));
  });

  it('leave out classes of one, whose pairs are negatives of the others', () => {
    const { classes, falseAcceptRate } = metrics.operatingPoints(
      [
        [1, 0],
        [0, 1],
        [1, 1],
      ],
      [5, 5, 9],
      { greatestFalseAcceptRate: 1 },
    );
    expect(toNumbers(classes)).toEqual([5]);
    expect(falseAcceptRate.data.at(-1)).toBe(1);
  });
});

describe('operatingPointInconsistency', () => {
  it('is 0 where classes fare alike, or where there is one', () => {
    const cross = [
      [1, 0.1],
      [1, -0.1],
      [0.1, 1],
      [-0.1, 1],
    ];
    expect(metrics.operatingPointInconsistency(cross, [0, 0, 1, 1])).toBeCloseTo(0, 12);
    expect(metrics.operatingPointInconsistency(cross, [0, 0, 0, 0])).toBe(0);
  });

  it('does not see lengths, rotations or the names of classes', () => {
    const score = metrics.operatingPointInconsistency(embeddings, labels);
    expect(score).toBeGreaterThan(0.005);
    const turned = embeddings.map(([a, b, c]) => [0.6 * a - 0.8 * b, 0.8 * a + 0.6 * b, c].map((v) => 3 * v));
    expect(metrics.operatingPointInconsistency(turned, labels)).toBeCloseTo(score, 9);
    expect(
      metrics.operatingPointInconsistency(
        embeddings,
        labels.map((label) => 7 - 2 * label),
      ),
    ).toBeCloseTo(score, 12);
  });

  it('refuses what does not fit', () => {
    const at = (options: metrics.OperatingPointOptions) => () =>
      metrics.operatingPointInconsistency(embeddings, labels, options);
    expect(at({ leastFalseAcceptRate: 0.2 })).toThrow(/false accept rates 0.2 and 0.1 must lie in \(0, 1\]/);
    expect(at({ points: 1 })).toThrow(/points 1 must be an integer of at least 2/);
  });
});
