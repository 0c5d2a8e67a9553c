import { describe, expect, it } from 'vitest';
import { listsOf, queries } from '../../../src/data/index.js';
import { ndcg } from '../../../src/metrics/index.js';
import { key } from '../../../src/runtime/random/index.js';

describe('drawn queries', () => {
  const drawn = queries({ count: 300, key: key(0) });

  it('follow from the key and the number of the query alone, and differ in length', () => {
    const { groups, features, targets } = drawn;
    const few = queries({ count: 7, key: key(0) });
    expect(few.features.data).toEqual(features.data.slice(0, few.features.data.length));
    expect(few.targets.data).toEqual(targets.data.slice(0, few.targets.data.length));
    expect(queries({ count: 7, key: key(1) }).features.data.slice(0, 8)).not.toEqual(features.data.slice(0, 8));
    const lengths = new Array<number>(300).fill(0);
    for (const group of groups.data) lengths[group]++;
    expect([Math.min(...lengths), Math.max(...lengths), new Set(lengths).size]).toEqual([5, 20, 16]);
    expect(listsOf(drawn).mask.shape).toEqual([300, 20]);
    expect(queries({ count: 3, key: key(0), items: [4, 4] }).groups.data.length).toBe(12);
  });

  it('have grades 0 to 4, which the hidden function ranks nearly in order and single features do not', () => {
    expect([...new Set(drawn.targets.data)].sort()).toEqual([0, 1, 2, 3, 4]);
    const rankedBy = (score: (x: Float32Array) => number) => {
      const { features, relevance, mask } = listsOf(drawn);
      const [lists, items, columns] = features.shape;
      const scores = Array.from({ length: lists * items }, (_, at) =>
        score(features.data.subarray(at * columns, (at + 1) * columns)),
      );
      const table = (values: ArrayLike<number>) =>
        Array.from({ length: lists }, (_, q) => Array.from({ length: items }, (_, i) => values[q * items + i]));
      const grades = relevance.data.map((grade, at) => (mask.data[at] ? grade : -1));
      const values = ndcg(table(scores), table(grades), { truncation: 5 });
      return values.reduce((a, b) => a + b) / lists;
    };
    const hidden = (x: Float32Array) =>
      0.8 * x[0] - 0.6 * x[1] + 0.5 * x[2] + 0.4 * x[3] - 0.3 * x[4] + 0.2 * x[5] + Math.max(0, x[0]) * x[2];
    expect(rankedBy(hidden)).toBeGreaterThan(0.93);
    expect(rankedBy((x) => x[0])).toBeLessThan(0.85);
    expect(rankedBy((x) => x[7])).toBeLessThan(0.7);
  });

  it('are refused for counts and lengths that make no sense', () => {
    expect(() => queries({ count: -1, key: key(0) })).toThrow(/count -1 must be a non-negative integer/);
    expect(() => queries({ count: 1, key: key(0), items: [3, 2] })).toThrow(/items 3 to 2 must be integers/);
    expect(queries({ count: 0, key: key(0) }).features.shape).toEqual([0, 8]);
  });
});
