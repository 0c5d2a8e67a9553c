import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { meanAveragePrecisionAtR, recallAtK, rPrecision } from '../../../src/metrics/index.js';
import { numbers } from '../../support/derivatives.js';

/** On a line: 0 and 2 of class 0, 1 and 5 of class 1, 9 alone. */
const x = [[0], [2], [1], [5], [9]];
const y = [0, 0, 1, 1, 2];

describe('recall at k', () => {
  it('is the share of queries with one of their class among the k nearest', () => {
    // By distance: 0 -> 1 (class 1) then 2; 2 -> 1, then 0; 1 -> 0 and 2, then 5; 5 -> 2, then 1 and 9.
    expect(recallAtK(x, y, { by: 'euclidean' })).toBe(0);
    expect(recallAtK(x, y, { by: 'euclidean', k: 2 })).toBe(3 / 4);
    expect(recallAtK(x, y, { by: 'euclidean', k: 3 })).toBe(1);
    expect(recallAtK(x, [0, 1, 2, 3, 4])).toBe(0);
  });

  it('looks in the reference, and by cosine does not see lengths', () => {
    const reference = {
      embeddings: [
        [0, 5],
        [1, 0],
      ],
      labels: [7, 8],
    };
    const query = [
      [0.1, 3],
      [9, 1],
    ];
    expect(recallAtK(query, [7, 8], { reference })).toBe(1);
    expect(recallAtK(query, [8, 7], { reference })).toBe(0);
    expect(recallAtK([[0.2, 0.3]], [8], { reference, by: 'euclidean' })).toBe(1);
  });

  it('refuses what does not fit', () => {
    expect(() => recallAtK(x, [0])).toThrow(/recallAtK: labels \[1\] must be \[5\]/);
    expect(() => recallAtK([[1], [Number.NaN]], [0, 0])).toThrow(/embeddings \[2, 1\] must be finite/);
    expect(() => recallAtK(x, y, { k: 0 })).toThrow(/k 0 must be a positive integer/);
    expect(() => recallAtK(x, y, { reference: { embeddings: [[1, 2]], labels: [0] } })).toThrow(
      /embeddings \[5, 1\] and reference \[1, 2\]/,
    );
  });
});

describe('mean average precision at R', () => {
  // Musgrave et al. 2020: of R = 10, the nearest alone right; the first and last; the first and second; all.
  const of = (hits: number[]) => {
    const embeddings = [[0], ...Array.from({ length: 20 }, (_, i) => [i + 1])];
    const reference = { embeddings, labels: [9, ...Array.from({ length: 20 }, (_, i) => (hits.includes(i) ? 0 : 1))] };
    return [rPrecision, meanAveragePrecisionAtR].map((metric) =>
      metric([[0.4]], [0], {
        reference: { embeddings: embeddings.slice(1), labels: reference.labels.slice(1) },
        by: 'euclidean',
      }),
    );
  };

  it('counts early hits for more', () => {
    const late = [11, 12, 13, 14, 15, 16, 17, 18, 19];
    expect(of([0, ...late])).toEqual([0.1, 0.1]);
    expect(of([0, 9, ...late.slice(1)])[0]).toBe(0.2);
    expect(of([0, 9, ...late.slice(1)])[1]).toBeCloseTo((1 + 2 / 10) / 10, 12);
    expect(of([0, 1, ...late.slice(1)])[1]).toBeCloseTo(0.2, 12);
    expect(of([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])).toEqual([1, 1]);
  });

  it('leaves out queries with nothing to find', () => {
    expect(meanAveragePrecisionAtR(x, [0, 0, 1, 2, 3], { by: 'euclidean' })).toBe(0);
    expect(rPrecision([[1]], [0])).toBe(0);
  });
});

describe('rankings', () => {
  it('do not see the order of the batch, nor rotations, and more neighbours find no less', () => {
    fc.assert(
      fc.property(fc.nat(1e6), fc.double({ min: 0, max: 6.3, noNaN: true }), (stream, angle) => {
        const n = 12;
        const points = numbers(stream, 2 * n, -1, 1);
        const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
        const embeddings = Array.from({ length: n }, (_, i) => [points[2 * i], points[2 * i + 1]]);
        const labels = embeddings.map((_, i) => i % 3);
        const turned = embeddings.map(([a, b]) => [a * cos - b * sin, a * sin + b * cos]).reverse();
        for (const metric of [recallAtK, rPrecision, meanAveragePrecisionAtR])
          expect(metric(turned, labels.slice().reverse())).toBeCloseTo(metric(embeddings, labels), 12);
        const recalls = [1, 2, 5, 11].map((k) => recallAtK(embeddings, labels, { k }));
        expect(recalls).toEqual(recalls.slice().sort((a, b) => a - b));
        expect(recalls[3]).toBe(1);
        expect(meanAveragePrecisionAtR(embeddings, labels)).toBeLessThanOrEqual(rPrecision(embeddings, labels) + 1e-12);
      }),
      { numRuns: 30 },
    );
  });

  it('keep equally near ones in their order', () => {
    const reference = { embeddings: [[1], [3], [1], [3]], labels: [0, 1, 1, 0] };
    expect(recallAtK([[2]], [0], { reference, by: 'euclidean' })).toBe(1);
    expect(recallAtK([[2]], [1], { reference, by: 'euclidean' })).toBe(0);
    expect(recallAtK([[2]], [1], { reference, by: 'euclidean', k: 2 })).toBe(1);
  });
});
