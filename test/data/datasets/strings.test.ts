import { describe, expect, it } from 'vitest';
import { strings } from '../../../src/data/index.js';
import { key } from '../../../src/runtime/random/index.js';

describe('drawn strings', () => {
  const drawn = strings({ count: 80, key: key(1), length: [2, 4], height: 20 });

  it('depend on key and position alone', () => {
    const few = strings({ count: 9, key: key(1), length: [2, 4], height: 20 });
    expect(few.images.shape).toEqual([9, 1, 20, 80]);
    expect(few.images.data).toEqual(drawn.images.data.slice(0, 9 * 1600));
    expect(few.labels.data).toEqual(drawn.labels.data.slice(0, 36));
    expect(few.lengths.data).toEqual(drawn.lengths.data.slice(0, 9));
    expect(strings({ count: 9, key: key(2), length: [2, 4], height: 20 }).images.data).not.toEqual(few.images.data);
  });

  it('say all digits, in lengths as asked, zeros after the last', () => {
    expect(new Set(drawn.lengths.data)).toEqual(new Set([2, 3, 4]));
    const said = Array.from(drawn.lengths.data, (length, i) =>
      Array.from(drawn.labels.data.subarray(4 * i, 4 * i + length)),
    );
    expect(new Set(said.flat())).toEqual(new Set([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]));
    said.forEach((digits, i) => {
      expect(drawn.labels.data.slice(4 * i + digits.length, 4 * i + 4).every((v) => v === 0)).toBe(true);
    });
    expect(drawn.characters).toHaveLength(10);
  });

  it('are as long in ink as in digits, somewhere along the picture', () => {
    const { images, lengths } = strings({ count: 200, key: key(5), length: [1, 4] });
    const spans = Array.from({ length: 200 }, (_, i) => {
      const image = images.data.subarray(i * 28 * 112, (i + 1) * 28 * 112);
      const lit = Array.from({ length: 112 }, (_, x) =>
        Array.from({ length: 28 }, (_, y) => image[y * 112 + x]).some((v) => v > 170),
      );
      return { first: lit.indexOf(true), ink: lit.lastIndexOf(true) - lit.indexOf(true), length: lengths.data[i] };
    });
    const meanOf = (n: number) => {
      const some = spans.filter(({ length }) => length === n).map(({ ink }) => ink);
      return some.reduce((a, b) => a + b, 0) / some.length;
    };
    for (const n of [2, 3, 4]) expect(meanOf(n)).toBeGreaterThan(meanOf(n - 1) + 8);
    const single = spans.filter(({ length }) => length === 1).map(({ first }) => first);
    expect(Math.max(...single) - Math.min(...single)).toBeGreaterThan(50);
  });

  it('refuse what does not fit', () => {
    const given = { count: 1, key: key(0) };
    expect(() => strings({ ...given, count: 1.5 })).toThrow(/strings: count 1.5/);
    expect(() => strings({ ...given, length: [0, 2] })).toThrow(/strings: length 0 to 2/);
    expect(() => strings({ ...given, height: 4 })).toThrow(/strings: height 4 must be an integer of at least 16/);
  });
});
