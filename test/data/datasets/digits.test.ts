import { describe, expect, it } from 'vitest';
import { digits } from '../../../src/data/index.js';
import { key } from '../../../src/runtime/random/index.js';

describe('drawn digits', () => {
  it('depend on key and position alone, hold each digit once in ten, and look like ink on dark paper', () => {
    const many = digits({ count: 60, key: key(4) });
    const few = digits({ count: 25, key: key(4) });
    expect(few.images.data).toEqual(many.images.data.slice(0, 25 * 784));
    expect(digits({ count: 25, key: key(5) }).images.data).not.toEqual(few.images.data);
    for (let block = 0; block < 6; block++)
      expect([...many.labels.data.slice(10 * block, 10 * block + 10)].sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    for (let i = 0; i < 60; i++) {
      const image = many.images.data.subarray(i * 784, (i + 1) * 784);
      const ink = image.filter((v) => v > 128).length / 784;
      expect(ink).toBeGreaterThan(0.015);
      expect(ink).toBeLessThan(0.4);
    }
    expect(digits({ count: 1, key: key(0), size: 16 }).images.shape).toEqual([1, 1, 16, 16]);
    expect(() => digits({ count: 1, key: key(0), size: 2 })).toThrow(/size 2/);
  });
});
