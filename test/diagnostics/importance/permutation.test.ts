import { describe, expect, it } from 'vitest';
import { permutationImportance } from '../../../src/diagnostics/index.js';
import { ndarray } from '../../../src/index.js';
import { key, normal } from '../../../src/runtime/random/index.js';

describe('permutationImportance', () => {
  const n = 4000;
  const features = normal(key(0), [n, 3]);
  const y = Float32Array.from({ length: n }, (_, i) => 2 * features.data[3 * i] - features.data[3 * i + 1]);
  const squaredError = ({ data }: { readonly data: Float32Array }) =>
    y.reduce((sum, target, i) => sum + (2 * data[3 * i] - data[3 * i + 1] - target) ** 2, 0) / n;

  it('of a linear model is twice the squared weight times the variance, and 0 where it does not look', async () => {
    const [a, b, c] = await permutationImportance(features, squaredError, { key: key(1) });
    expect(a / 8).toBeCloseTo(1, 1);
    expect(b / 2).toBeCloseTo(1, 1);
    expect(c).toBe(0);
    expect(await permutationImportance(features, squaredError, { key: key(1) })).toEqual([a, b, c]);
    expect(await permutationImportance(features, squaredError, { key: key(2), repeats: 1 })).not.toEqual([a, b, c]);
  });

  it('leaves the features as they were, and hands out one column changed at a time', async () => {
    const small = ndarray([1, 10, 2, 20, 3, 30], { shape: [3, 2], dtype: 'float32' });
    const seen: number[][] = [];
    const evaluate = ({ data }: { readonly data: Float32Array }) => seen.push([...data]);
    await permutationImportance(small, evaluate, { key: key(0), repeats: 2 });
    expect([...small.data]).toEqual([1, 10, 2, 20, 3, 30]);
    expect(seen).toHaveLength(5);
    const column = (data: number[], j: number) => [0, 1, 2].map((i) => data[2 * i + j]);
    for (const [at, changed] of [0, 0, 1, 1].entries()) {
      const [own, other] = [column(seen[at + 1], changed), column(seen[at + 1], 1 - changed)];
      expect(own.sort((p, q) => p - q)).toEqual(column([...small.data], changed));
      expect(other).toEqual(column([...small.data], 1 - changed));
    }
  });

  it('refuses what does not fit', async () => {
    const one = ndarray([1, 2], { shape: [1, 2], dtype: 'float32' });
    await expect(permutationImportance(one, () => 0, { key: key(0) })).rejects.toThrow(/features \[1, 2\] must be/);
    await expect(permutationImportance(features, () => 0, { key: key(0), repeats: 0 })).rejects.toThrow(/repeats 0/);
  });
});
