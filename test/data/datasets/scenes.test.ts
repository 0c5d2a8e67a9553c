import { describe, expect, it } from 'vitest';
import { scenes } from '../../../src/data/index.js';
import { boxOverlaps } from '../../../src/metrics/index.js';
import { key } from '../../../src/runtime/random/index.js';

describe('drawn scenes', () => {
  const size = 40;
  const drawn = scenes({ count: 60, key: key(3), size, objects: [2, 5], digitSize: [16, 24] });
  const objects = Array.from({ length: 60 }, (_, i) =>
    Array.from({ length: 5 }, (_, j) => ({
      label: drawn.labels.data[5 * i + j],
      box: Array.from(drawn.boxes.data.subarray(4 * (5 * i + j), 4 * (5 * i + j + 1))),
    })),
  );

  it('depend on key and position alone', () => {
    const few = scenes({ count: 7, key: key(3), size, objects: [2, 5], digitSize: [16, 24] });
    expect(few.images.data).toEqual(drawn.images.data.slice(0, 7 * size * size));
    expect(few.masks.data).toEqual(drawn.masks.data.slice(0, 7 * size * size));
    expect(few.boxes.data).toEqual(drawn.boxes.data.slice(0, 7 * 20));
    expect(few.labels.data).toEqual(drawn.labels.data.slice(0, 7 * 5));
    const others = scenes({ count: 7, key: key(4), size, objects: [2, 5], digitSize: [16, 24] });
    expect(others.images.data).not.toEqual(few.images.data);
  });

  it('hold as many digits as asked, the missing ones last', () => {
    const counts = objects.map((scene) => scene.filter(({ label }) => label >= 0).length);
    expect(Math.min(...counts)).toBeGreaterThanOrEqual(1);
    expect(Math.max(...counts)).toBe(5);
    expect(counts.filter((n) => n >= 2).length).toBeGreaterThan(55);
    objects.forEach((scene, i) => {
      scene.forEach(({ label, box }, j) => {
        expect(label >= 0).toBe(j < counts[i]);
        if (label < 0) expect(box).toEqual([0, 0, 0, 0]);
      });
    });
    expect(new Set(objects.flat().map(({ label }) => label))).toEqual(new Set([-1, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9]));
  });

  it('have boxes within the picture that touch the pixels of their digit on all sides and share little', () => {
    objects.forEach((scene, i) => {
      const mask = drawn.masks.data.subarray(i * size * size, (i + 1) * size * size);
      const there = scene.filter(({ label }) => label >= 0);
      const covered = new Set<number>();
      for (const { label, box } of there) {
        const [left, top, right, bottom] = box;
        expect(left).toBeGreaterThanOrEqual(0);
        expect(top).toBeGreaterThanOrEqual(0);
        expect(right).toBeLessThanOrEqual(size);
        expect(bottom).toBeLessThanOrEqual(size);
        let [own, columns, rows] = [0, new Set<number>(), new Set<number>()];
        for (let y = top; y < bottom; y++)
          for (let x = left; x < right; x++) {
            covered.add(y * size + x);
            if (mask[y * size + x] !== label + 1) continue;
            own++;
            columns.add(x);
            rows.add(y);
          }
        expect(own).toBeGreaterThan(8);
        // Alone in the picture, nothing can have been drawn over it.
        if (there.length === 1) {
          expect([Math.min(...columns), Math.min(...rows)]).toEqual([left, top]);
          expect([Math.max(...columns) + 1, Math.max(...rows) + 1]).toEqual([right, bottom]);
        }
      }
      mask.forEach((label, at) => {
        if (label > 0) expect(covered.has(at)).toBe(true);
      });
      const boxes = there.map(({ box }) => box);
      const overlaps = boxOverlaps(boxes, boxes);
      boxes.forEach((_, a) => {
        boxes.forEach((_, b) => {
          if (a !== b) expect(overlaps.data[a * boxes.length + b]).toBeLessThanOrEqual(0.15 / (2 - 0.15) + 1e-9);
        });
      });
    });
  });

  it('show ink lighter than the ground', () => {
    objects.forEach((_, i) => {
      const at = (inked: boolean) => {
        const pixels = Array.from(drawn.images.data.subarray(i * size * size, (i + 1) * size * size)).filter(
          (_, k) => drawn.masks.data[i * size * size + k] > 0 === inked,
        );
        return pixels.reduce((a, b) => a + b, 0) / pixels.length;
      };
      expect(at(true)).toBeGreaterThan(at(false) + 60);
    });
  });

  it('refuse what does not fit', () => {
    const given = { count: 1, key: key(0) };
    expect(() => scenes({ ...given, count: -1 })).toThrow(/scenes: count -1/);
    expect(() => scenes({ ...given, size: 8 })).toThrow(/scenes: size 8 must be an integer of at least 16/);
    expect(() => scenes({ ...given, objects: [3, 2] })).toThrow(/objects 3 to 2/);
    expect(() => scenes({ ...given, digitSize: [20, 60] })).toThrow(/digitSize 20 to 60 .* size 48/);
    expect(scenes({ ...given, count: 0 }).images.shape).toEqual([0, 1, 48, 48]);
  });
});
