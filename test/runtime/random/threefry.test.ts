import { describe, expect, it } from 'vitest';
import { bits, key } from '../../../src/runtime/random/index.js';
import { threefry } from '../../../src/runtime/random/threefry.js';

describe('Threefry-2x32-20', () => {
  // Known-answer vectors of the authors' Random123 library.
  it.each([
    [0, 0, 0, 0, 0x6b200159, 0x99ba4efe],
    [-1, -1, -1, -1, 0x1cb996fc, 0xbb002be7],
    [0x13198a2e, 0x03707344, 0x243f6a88, 0x85a308d3, 0xc4923a9c, 0x483df7a0],
  ])('key %i %i, counter %i %i', (k0, k1, low, high, first, second) => {
    const out = new Uint32Array(2);
    threefry(k0, k1, low, high, out);
    expect([...out]).toEqual([first, second]);
  });

  it('counts blocks up from the one it is given, and cuts the last where the length is odd', () => {
    const all = new Uint32Array(9);
    threefry(7, 8, 0, 5, all);
    const later = new Uint32Array(5);
    threefry(7, 8, 2, 5, later);
    expect([...later]).toEqual([...all.subarray(4)]);
  });

  it('changes half of all bits when one bit of the key changes', () => {
    const before = bits(key(0), 2000);
    for (const bit of [0n, 1n, 17n, 31n, 32n, 63n]) {
      const after = bits(key(1n << bit), 2000);
      let changed = 0;
      after.forEach((word, i) => {
        for (let difference = word ^ before[i]; difference !== 0; difference &= difference - 1) changed++;
      });
      // 64,000 fair coins: standard error 126.
      expect(Math.abs(changed - 32_000)).toBeLessThan(4.5 * 126.5);
    }
  });
});
