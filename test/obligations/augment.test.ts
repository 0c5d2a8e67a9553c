import { describe, expect, it } from 'vitest';
import * as augment from '../../src/augment/index.js';
import { compile, type Tensor, toNumbers } from '../../src/index.js';
import { key } from '../../src/runtime/random/index.js';
import { functions, keyed } from './augment/index.js';
import { withoutEntry } from './coverage.js';
import { owes } from './differentiable.js';
import { drawn, shares } from './given.js';

describe('every export of cotangent/augment', () => {
  it('has an entry', () => {
    // A function of plain numbers: general-mixup.test.ts says what it gives.
    expect(withoutEntry(augment, [functions], ['midpointLossFloor'])).toEqual([]);
  });
});

describe.each(Object.entries(keyed))('%s', (name, of) => {
  it('is the same for a key and another for another, and stays in [0, 1]', async () => {
    const { x } = drawn({ x: shares(['n', 3, 3, 4]) }, { n: 8, float: 'float32' });
    const run = compile((images: Tensor, k: Tensor) => of(images, k));
    const [first, again, other] = [await run(x, key(1)), await run(x, key(1)), await run(x, key(2))];
    expect(toNumbers(again)).toEqual(toNumbers(first));
    expect(toNumbers(other)).not.toEqual(toNumbers(first));
    expect(toNumbers(first)).not.toEqual(toNumbers(x));
    for (const value of toNumbers(first)) {
      expect(value, name).toBeGreaterThanOrEqual(0);
      expect(value, name).toBeLessThanOrEqual(1);
    }
  });
});

describe('mixtures', () => {
  it.each([
    ['mixup', augment.mixup],
    ['cutMix', augment.cutMix],
  ] as const)('%s says which examples it mixed, and in what share', async (_, mix) => {
    const { x } = drawn({ x: shares(['n', 3, 4, 4]) }, { n: 6, float: 'float64' });
    for (const perExample of [false, true]) {
      const run = compile((images: Tensor, k: Tensor) => {
        const { x: mixed, partner, share } = mix(images, k, { perExample });
        // What a box leaves is a mixture in the mean of images that are of one colour each.
        const [own, other] = [images.mean([1, 2, 3]), images.mean([1, 2, 3]).gather(partner)];
        const flat = own.reshape([6, 1, 1, 1]).broadcastTo(images.shape);
        const expected = own.mul(share).add(other.mul(share.neg().add(1)));
        return { mean: mix(flat, k, { perExample }).x.mean([1, 2, 3]), expected, partner, share, mixed };
      });
      const { mean, expected, partner, share, mixed } = await run(x, key(4));
      toNumbers(mean).forEach((value, i) => {
        expect(value).toBeCloseTo(toNumbers(expected)[i], 9);
      });
      expect([...toNumbers(partner)].sort()).toEqual([0, 1, 2, 3, 4, 5]);
      expect(share.shape).toEqual(perExample ? [6] : []);
      for (const value of toNumbers(share)) expect(value >= 0 && value <= 1).toBe(true);
      expect(mixed.shape).toEqual(x.shape);
    }
  });
});

for (const [name, example] of Object.entries(functions)) owes(name, example);
