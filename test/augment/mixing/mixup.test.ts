import { describe, expect, it } from 'vitest';
import { mixExamples, mixedLoss, mixup } from '../../../src/augment/index.js';
import { compile, constant, type Tensor, toNumbers, zeros } from '../../../src/index.js';
import { crossEntropy } from '../../../src/losses/index.js';
import { key } from '../../../src/runtime/random/index.js';
import { allClose, checkDerivatives, close, random64 } from '../../support/derivatives.js';
import { c32, c64 } from '../../support/losses.js';

const x = random64([6, 2, 3], { stream: 3 });

describe('mixup', () => {
  it.each([false, true])('mixes examples with their partners, shares of each: %s', async (perExample) => {
    const run = compile((x: Tensor, k: Tensor) => mixup(x, k, { alpha: 2, perExample }));
    const { x: mixed, partner, share } = await run(x, key(5));
    const [order, shares] = [toNumbers(partner), toNumbers(share)];
    expect([...order].sort()).toEqual([0, 1, 2, 3, 4, 5]);
    expect(order).not.toEqual([0, 1, 2, 3, 4, 5]);
    expect(shares).toHaveLength(perExample ? 6 : 1);
    for (const s of shares) {
      expect(s).toBeGreaterThan(0);
      expect(s).toBeLessThan(1);
    }
    const expected = Array.from(x.data, (v, i) => {
      const s = shares[perExample ? Math.floor(i / 6) : 0];
      return s * v + (1 - s) * x.data[order[Math.floor(i / 6)] * 6 + (i % 6)];
    });
    allClose(mixed, expected, 1e-15, 'mixed');
    const again = await run(x, key(5));
    expect(toNumbers(again.x)).toEqual(toNumbers(mixed));
    expect(toNumbers((await run(x, key(6))).share)).not.toEqual(shares);
  });

  it('draws shares with the mean and deviation of Beta(20, 20)', async () => {
    const n = 100_000;
    const run = compile((k: Tensor) => mixup(zeros([n], 'float64'), k, { alpha: 20, perExample: true }).share);
    const shares = toNumbers(await run(key(7)));
    const mean = shares.reduce((a, b) => a + b, 0) / n;
    const deviation = Math.sqrt(shares.reduce((a, b) => a + (b - mean) ** 2, 0) / n);
    const expected = 0.0780868809;
    expect(Math.abs(mean - 0.5)).toBeLessThan((3 * expected) / Math.sqrt(n));
    expect(Math.abs(deviation - expected)).toBeLessThan((3 * expected) / Math.sqrt(2 * n));
  });

  it('leaves everything as it is with alpha 0, and one example to itself', async () => {
    const off = compile((x: Tensor, k: Tensor) => mixup(x, k, { alpha: 0 }).x);
    expect(toNumbers(await off(x, key(1)))).toEqual(Array.from(x.data));
    const single = compile((x: Tensor, k: Tensor) => mixup(x, k).x);
    allClose(await single(random64([1, 4]), key(1)), random64([1, 4]).data, 1e-15, 'alone');
  });

  it('is right in its derivatives', async () => {
    await checkDerivatives((p) => mixup(p, constant(key(3)), { perExample: true }).x.sin(), [random64([4, 3])]);
    await checkDerivatives((p, q, s) => mixExamples(p, q, s), [random64([3, 2]), random64([3, 2]), random64([3])]);
  });
});

describe('mixedLoss', () => {
  const logits = () =>
    c64([
      [0.3, 0.2, -0.5],
      [1, -0.4, 0.1],
    ]);

  it('is the cross-entropy of the mixed targets', async () => {
    const run = compile(() => {
      const mixture = { partner: c32([1, 0]), share: c64(0.4) };
      const labels = c32([0, 2]);
      const soft = labels.oneHot(3, 'float64');
      return {
        mixed: mixedLoss(mixture, labels, (y) => crossEntropy(logits(), y)),
        soft: crossEntropy(logits(), mixExamples(soft, soft.gather(c32([1, 0])), c64(0.4))),
      };
    });
    const { mixed, soft } = await run();
    close(toNumbers(mixed)[0], 1.0994396507, 1e-10, 'value of the card');
    close(toNumbers(soft)[0], 1.0994396507, 1e-10, 'of mixed targets');
  });

  it('weighs each example by its own share', async () => {
    const run = compile(() => {
      const mixture = { partner: c32([1, 0]), share: c64([0.25, 1]) };
      const each = (y: Tensor) => crossEntropy(logits(), y, { reduction: 'none' });
      return { got: mixedLoss(mixture, c32([0, 2]), each), own: each(c32([0, 2])), other: each(c32([2, 0])) };
    });
    const { got, own, other } = await run();
    const [a, b] = [toNumbers(own), toNumbers(other)];
    close(toNumbers(got)[0], (0.25 * a[0] + 0.75 * b[0] + a[1]) / 2, 1e-15, 'mean');
    expect(() =>
      mixedLoss({ partner: c32([1, 0]), share: c64([0.25, 1]) }, c32([0, 2]), (y) => crossEntropy(logits(), y)),
    ).toThrow(/mixedLoss: the loss \[\] must be \[2\], one an example/);
  });
});

describe('errors', () => {
  it.each<[string, () => unknown, RegExp]>([
    ['integers', () => mixup(zeros([2], 'int32'), constant(key(0))), /mixup: x must be float32 or float64, not int32/],
    ['a scalar', () => mixup(zeros([]), constant(key(0))), /mixup: x \[\] must be \[n, ...\]/],
    ['alpha', () => mixup(zeros([2]), constant(key(0)), { alpha: -1 }), /mixup: alpha -1/],
    [
      'shapes',
      () => mixExamples(zeros([2, 3]), zeros([2, 4]), zeros([])),
      /mixExamples: x \[2, 3\] and other \[2, 4\] must have one shape/,
    ],
    ['shares', () => mixExamples(zeros([2, 3]), zeros([2, 3]), zeros([3])), /share \[3\] be \[\] or \[n\]/],
  ])('%s', (_, fn, message) => {
    expect(fn).toThrow(message);
  });
});
