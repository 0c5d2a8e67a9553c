import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { boxOverlaps } from '../../../src/metrics/index.js';
import { nonMaximumSuppression } from '../../../src/train/detection/suppression.js';

describe('non-maximum suppression', () => {
  const boxes = [
    [0, 0, 10, 10],
    [1, 0, 11, 10],
    [20, 20, 30, 30],
    [0, 0, 10, 4],
  ];

  it('keeps the best of those that overlap, best first', () => {
    // IoU of the first two: 90 / 110; of the first and the last: 0.4.
    expect(nonMaximumSuppression(boxes, [0.5, 0.9, 0.7, 0.6])).toEqual([1, 2, 3]);
    expect(nonMaximumSuppression(boxes, [0.5, 0.9, 0.7, 0.6], { overlap: 0.3 })).toEqual([1, 2]);
    expect(nonMaximumSuppression(boxes, [0.5, 0.9, 0.7, 0.6], { overlap: 0.9 })).toEqual([1, 2, 3, 0]);
  });

  it('tells classes apart, leaves out low scores, and stops', () => {
    const scores = [0.5, 0.9, 0.7, 0.6];
    expect(nonMaximumSuppression(boxes, scores, { labels: [1, 0, 0, 0] })).toEqual([1, 2, 3, 0]);
    expect(nonMaximumSuppression(boxes, scores, { labels: [1, 0, 0, 0], leastScore: 0.6 })).toEqual([1, 2, 3]);
    expect(nonMaximumSuppression(boxes, scores, { most: 2 })).toEqual([1, 2]);
    expect(nonMaximumSuppression([], [])).toEqual([]);
    // The first of equals.
    expect(nonMaximumSuppression([boxes[0], boxes[1]], [0.5, 0.5])).toEqual([0]);
  });

  it('leaves no two that overlap, and nothing out without a better one that does', () => {
    const box = fc.tuple(fc.nat(20), fc.nat(20), fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 12 }));
    fc.assert(
      fc.property(fc.array(fc.tuple(box, fc.nat(1000)), { minLength: 1, maxLength: 12 }), (found) => {
        const corners = found.map(([[x, y, w, h]]) => [x, y, x + w, y + h]);
        const scores = found.map(([, score]) => score / 1000);
        const kept = nonMaximumSuppression(corners, scores);
        const iou = boxOverlaps(corners, corners);
        const overlap = (a: number, b: number) => iou.data[a * found.length + b];
        for (const a of kept) for (const b of kept) if (a !== b) expect(overlap(a, b)).toBeLessThanOrEqual(0.5);
        scores.forEach((score, i) => {
          if (!kept.includes(i)) expect(kept.some((j) => overlap(i, j) > 0.5 && scores[j] >= score)).toBe(true);
        });
        expect(kept.map((i) => scores[i])).toEqual(kept.map((i) => scores[i]).sort((a, b) => b - a));
      }),
    );
  });

  it('refuses what is not one for each', () => {
    expect(() => nonMaximumSuppression(boxes, [1])).toThrow(/nonMaximumSuppression: 4 boxes, 1 scores/);
    expect(() => nonMaximumSuppression(boxes, [1, 1, 1, 1], { labels: [0] })).toThrow(/4 scores and 1 labels/);
  });
});
