import { describe, expect, it } from 'vitest';
import { ndarray } from '../../../src/index.js';
import { neighboursOf } from '../../../src/train/embedding/neighbours.js';
import { embeddingScores, linearProbe, spread } from '../../../src/train/embedding/scores.js';
import { numbers } from '../../support/numbers.js';

/** n points around the corners of a triangle, as far from them as `noise`. */
function clusters(n: number, noise: number, stream: number) {
  const jitter = numbers(stream, 2 * n, -noise, noise);
  const labels = Int32Array.from({ length: n }, (_, i) => i % 3);
  const data = Float32Array.from({ length: 2 * n }, (_, k) => {
    const angle = (2 * Math.PI * labels[k >> 1]) / 3;
    return (k % 2 === 0 ? Math.cos(angle) : Math.sin(angle)) + jitter[k];
  });
  return { embeddings: ndarray(data, { shape: [n, 2] }), labels: ndarray(labels) };
}

describe('scores of embeddings', () => {
  it('are the best there are where classes are points', async () => {
    const { alignment, uniformity, ...rest } = await embeddingScores(clusters(30, 0, 0), clusters(15, 0, 1), 3);
    for (const [name, score] of Object.entries(rest)) expect(score, name).toBeCloseTo(1, 6);
    expect(alignment).toBeCloseTo(0, 6);
    // Of all ordered pairs 4 in 14 coincide; the others are sqrt(3) apart: log((4 + 10 e^(-2 * 3)) / 14).
    expect(uniformity).toBeCloseTo(Math.log((4 + 10 * Math.exp(-6)) / 14), 5);
  });

  it('lie between chance and that where classes overlap', async () => {
    const scores = await embeddingScores(clusters(60, 1.6, 2), clusters(60, 1.6, 3), 3);
    for (const name of ['knnAccuracy', 'linearProbe', 'recallAt1', 'meanAveragePrecisionAtR'] as const) {
      expect(scores[name], name).toBeGreaterThan(0.25);
      expect(scores[name], name).toBeLessThan(0.95);
    }
    expect(scores.recallAt1).toBeLessThanOrEqual(scores.recallAt5);
    expect(scores.recallAt5).toBeLessThanOrEqual(scores.recallAt10);
    expect(scores.normalizedMutualInformation).toBeLessThan(0.9);
  });

  it('probe: a direction that no neighbour sees is seen by a linear classifier', async () => {
    // The class is the sign of a small coordinate beside a large one.
    const of = (n: number, stream: number) => {
      const noise = numbers(stream, n, -10, 10);
      const data = Float32Array.from({ length: 2 * n }, (_, k) =>
        k % 2 === 0 ? noise[k >> 1] : (k >> 1) % 2 ? 0.01 : -0.01,
      );
      return {
        embeddings: ndarray(data, { shape: [n, 2] }),
        labels: ndarray(Int32Array.from({ length: n }, (_, i) => i % 2)),
      };
    };
    expect(await linearProbe(of(40, 4), of(40, 5), 2)).toBe(1);
  });

  it('spread: alignment by hand', async () => {
    const embeddings = ndarray([
      [2, 0],
      [0, 3],
      [1, 0],
      [0, -1],
    ]);
    // Pairs of one class: (1, 0) with (1, 0), and (0, 1) with (0, -1), at distance 2.
    expect((await spread({ embeddings, labels: ndarray(Int32Array.of(0, 1, 0, 1)) })).alignment).toBeCloseTo(2, 6);
  });
});

describe('neighbours', () => {
  const images = ndarray(Uint8Array.from([10, 20, 30, 40]), { shape: [4, 1, 1, 1] });
  const embeddings = ndarray([
    [1, 0],
    [5, 0.1],
    [0, 1],
    [-1, 0],
  ]);
  it('are the nearest by cosine, of a query a class in turn', () => {
    const found = neighboursOf(
      { embeddings, labels: ndarray(Int32Array.of(0, 0, 1, 1)) },
      { images },
      { queries: 3, count: 2 },
    );
    expect(found.map(({ image }) => image.data[0])).toEqual([10, 30, 20]);
    expect(found[0].nearest.map(({ image, label }) => [image.data[0], label])).toEqual([
      [20, 0],
      [30, 1],
    ]);
    expect(found[0].nearest[0].cosine).toBeCloseTo(5 / Math.hypot(5, 0.1), 9);
  });
});
