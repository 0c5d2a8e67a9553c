import { describe, expect, it } from 'vitest';
import { knnAccuracy, weightedKnn } from '../../../src/metrics/index.js';

const reference = {
  embeddings: [
    [1, 0],
    [0.8, 0.6],
    [0, 1],
    [-0.6, 0.8],
  ],
  labels: [0, 0, 1, 1],
};

describe('weighted k-nearest neighbours', () => {
  it('votes with exp(cosine / temperature)', () => {
    const { scores, predictions } = weightedKnn(reference, [[0.6, 0.8]], { k: 3 });
    expect(scores.shape).toEqual([1, 2]);
    expect(scores.data[0]).toBeCloseTo(0.9081738133985764, 12);
    expect(scores.data[1]).toBeCloseTo(0.09182618660142364, 12);
    expect(Array.from(predictions.data)).toEqual([0]);
    // Lengths do not matter, nor does a k beyond what there is.
    expect(weightedKnn(reference, [[6, 8]], { k: 100 }).scores.data[0]).toBeCloseTo(
      weightedKnn(reference, [[0.6, 0.8]], { k: 4 }).scores.data[0],
      12,
    );
  });

  it('asks 200 neighbours by default', () => {
    const angles = Array.from({ length: 230 }, (_, i) => i * 0.01);
    const many = { embeddings: angles.map((a) => [Math.cos(a), Math.sin(a)]), labels: angles.map((_, i) => i % 2) };
    const scores = (k?: number) => Array.from(weightedKnn(many, [[1, 0]], { k }).scores.data);
    expect(scores()).toEqual(scores(200));
    expect(scores()).not.toEqual(scores(201));
  });

  it('is the share that it gets right', () => {
    const queries = {
      embeddings: [
        [1, 0.1],
        [-1, 1],
        [0, 2],
      ],
      labels: [0, 1, 0],
    };
    expect(knnAccuracy(reference, queries, { k: 1 })).toBeCloseTo(2 / 3, 12);
    expect(() => weightedKnn(reference, [[1, 0]], { temperature: 0 })).toThrow(/temperature 0 must be above 0/);
    expect(() => weightedKnn({ embeddings: [[1, 0]], labels: [0, 1] }, [[1, 0]])).toThrow(/labels \[2\] must be \[1\]/);
  });
});
