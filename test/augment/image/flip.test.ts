import { describe, expect, it } from 'vitest';
import { randomHorizontalFlip } from '../../../src/augment/index.js';
import { compile, constant, grad, type Tensor, toNumbers, zeros } from '../../../src/index.js';
import { key } from '../../../src/runtime/random/index.js';
import { random64 } from '../../support/derivatives.js';

const images = random64([64, 2, 3, 5], { stream: 1 });
const size = 30;
const mirrored = images.data.map((_, i) => images.data[i - (i % 5) + 4 - (i % 5)]);

describe('randomHorizontalFlip', () => {
  const run = (probability: number | undefined) =>
    compile((x: Tensor, k: Tensor) => randomHorizontalFlip(x, k, { probability }));

  it('mirrors whole images, about half of them, others with another key', async () => {
    const flip = run(undefined);
    const flips = async (seed: number) => {
      const got = toNumbers(await flip(images, key(seed)));
      return Array.from({ length: 64 }, (_, i) => {
        const piece = got.slice(i * size, (i + 1) * size);
        const [plain, other] = [images.data, mirrored].map((data) =>
          Array.from(data.subarray(i * size, (i + 1) * size)),
        );
        const isOther = piece[0] === other[0];
        expect(piece).toEqual(isOther ? other : plain);
        return isOther;
      });
    };
    const first = await flips(1);
    const count = first.filter(Boolean).length;
    // Within four standard deviations of 32.
    expect(Math.abs(count - 32)).toBeLessThanOrEqual(16);
    expect(await flips(1)).toEqual(first);
    expect(await flips(2)).not.toEqual(first);
  });

  it('mirrors none with probability 0 and all with 1', async () => {
    expect(toNumbers(await run(0)(images, key(1)))).toEqual(Array.from(images.data));
    expect(toNumbers(await run(1)(images, key(1)))).toEqual(Array.from(mirrored));
  });

  it('passes gradients back to where they came from', async () => {
    const weights = random64([2, 1, 1, 3], { stream: 2 });
    const gradient = compile((x: Tensor, w: Tensor, k: Tensor) =>
      grad((p: Tensor) => randomHorizontalFlip(p, k, { probability: 1 }).mul(w).sum())(x),
    );
    const [a, b, c, d, e, f] = weights.data;
    expect(toNumbers(await gradient(random64([2, 1, 1, 3]), weights, key(0)))).toEqual([c, b, a, f, e, d]);
  });

  it('refuses what is no batch of images', () => {
    const k = constant(key(0));
    expect(() => randomHorizontalFlip(zeros([3, 4, 4]), k)).toThrow(
      /randomHorizontalFlip: images \[3, 4, 4\] must be \[n, channels, height, width\]/,
    );
    expect(() => randomHorizontalFlip(zeros([1, 3, 4, 4], 'uint8'), k)).toThrow(
      /must be float32 or float64, not uint8/,
    );
    expect(() => randomHorizontalFlip(zeros([1, 3, 4, 4]), k, { probability: 2 })).toThrow(/probability 2/);
  });
});
