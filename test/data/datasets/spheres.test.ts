import { describe, expect, it } from 'vitest';
import { spheres } from '../../../src/data/index.js';
import { key } from '../../../src/runtime/random/index.js';

describe('drawn scenes with depths', () => {
  const size = 32;
  const drawn = spheres({ count: 12, key: key(0), size, stereo: true });
  const plane = size * size;
  const depthAt = (i: number, row: number, column: number) => drawn.depths.data[i * plane + row * size + column];

  it('follow from the key and the number of the scene alone', () => {
    const few = spheres({ count: 3, key: key(0), size });
    expect(few.images.shape).toEqual([3, 3, size, size]);
    expect(few.depths.shape).toEqual([3, 1, size, size]);
    expect(few.images.data).toEqual(drawn.images.data.slice(0, few.images.data.length));
    expect(few.depths.data).toEqual(drawn.depths.data.slice(0, few.depths.data.length));
    expect([few.left, few.right]).toEqual([undefined, undefined]);
    expect(spheres({ count: 3, key: key(1), size }).images.data).not.toEqual(few.images.data);
  });

  it('have a flat floor and wall, and spheres before them', () => {
    for (let i = 0; i < 12; i++) {
      // The floor is at one height: depth times the row's slope; what is nearer is a sphere.
      const heights = Array.from({ length: size }, (_, column) => depthAt(i, 31, column) * (31.5 / size - 0.5));
      const floor = Math.max(...heights);
      expect(floor).toBeGreaterThan(0.79);
      expect(floor).toBeLessThan(1.41);
      expect(heights.filter((h) => Math.abs(h - floor) < 1e-5).length).toBeGreaterThan(4);
      const all = drawn.depths.data.subarray(i * plane, (i + 1) * plane);
      const wall = Math.max(...all);
      expect(wall).toBeGreaterThan(8);
      expect(wall).toBeLessThan(12);
      expect(Math.min(...all)).toBeGreaterThan(1);
      const background = (row: number) => {
        const slope = (row + 0.5) / size - 0.5;
        return slope > 0 ? Math.min(wall, floor / slope) : wall;
      };
      const before = [...all].map((depth, at) => depth < background(Math.floor(at / size)) - 1e-3);
      expect(before.filter(Boolean).length, `scene ${i}`).toBeGreaterThan(0);
    }
  });

  it('show a point to the left in the right view and to the right in the left one, by its disparity', () => {
    const { images, left, right, focalLength, baseline } = drawn;
    const errorAt = (view: typeof left, sign: number, factor: number) => {
      let [sum, count] = [0, 0];
      for (let i = 0; i < 12; i++)
        for (let row = 0; row < size; row++)
          for (let column = 6; column < size - 6; column++) {
            const at = column + sign * factor * ((focalLength * baseline) / depthAt(i, row, column));
            const [low, share] = [Math.floor(at), at - Math.floor(at)];
            const line = (i * 3 * size + row) * size;
            const pixels = view?.data as Uint8Array;
            sum += Math.abs(
              (1 - share) * pixels[line + low] + share * pixels[line + low + 1] - images.data[line + column],
            );
            count++;
          }
      return sum / count;
    };
    for (const [view, sign] of [
      [right, -1],
      [left, 1],
    ] as const) {
      const matched = errorAt(view, sign, 1);
      // Neither unmoved nor moved by another distance is as like.
      expect(matched).toBeLessThan(0.6 * errorAt(view, sign, 0));
      expect(matched).toBeLessThan(0.75 * errorAt(view, sign, 1.5));
      expect(matched).toBeLessThan(0.5 * errorAt(view, -sign, 1));
    }
  });

  it('refuses what cannot be drawn', () => {
    expect(() => spheres({ count: -1, key: key(0) })).toThrow(/spheres: count -1 must be a non-negative integer/);
    expect(() => spheres({ count: 1, key: key(0), size: 4 })).toThrow(
      /spheres: size 4 must be an integer of at least 8/,
    );
    expect(spheres({ count: 0, key: key(0) }).images.data.length).toBe(0);
  });
});
