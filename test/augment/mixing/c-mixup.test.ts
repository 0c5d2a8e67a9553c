import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cMixup, cMixupPartners, labelKernel, mixExamples, partnerStatistics } from '../../../src/augment/index.js';
import { compile, constant, ndarray, type Tensor, toNumbers, zeros } from '../../../src/index.js';
import { key } from '../../../src/runtime/random/index.js';
import { allClose, checkDerivatives, close, random64 } from '../../support/derivatives.js';
import { c64, expectValue } from '../../support/losses.js';

const column = (values: readonly number[]) => values.map((v) => [v]);
const y = () => c64(column([0, 1, 1.5, 4]));

describe('labelKernel', () => {
  it('has the values of the card', async () => {
    const rows = [
      [0.5177273495, 0.3140175109, 0.1680814614, 0.0001736782],
      [0.2425990123, 0.3999781518, 0.35297948, 0.0044433559],
      [0.1442203557, 0.3920315721, 0.4442299695, 0.0195181027],
      [0.0003178591, 0.0105260493, 0.0416313324, 0.9475247591],
    ];
    await expectValue(() => labelKernel(y(), y(), { bandwidth: 1 }), rows.flat());
    await expectValue(
      () => labelKernel(y(), y(), { bandwidth: 1.75 }).at(3),
      [0.0440954194, 0.1382706577, 0.2166303932, 0.6010035296],
    );
    const pairs = () =>
      c64([
        [0, 0],
        [1, 0],
        [0, 2],
      ]);
    await expectValue(
      () => labelKernel(pairs(), pairs(), { bandwidth: 1 }).gather(constant([0, 2], 'int32')),
      [0.574096993, 0.3482074279, 0.0776955791, 0.1111656223, 0.0674253582, 0.8214090195],
    );
    const gap = (bandwidth: number) => () => partnerStatistics(labelKernel(y(), y(), { bandwidth }), y(), y()).labelGap;
    await expectValue(gap(1), [0.3993306819]);
    await expectValue(gap(1e6), [1.5625]);
  });

  it('does not change when targets move together, or scale with the bandwidth', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.nat(1e6),
        fc.double({ min: -100, max: 100, noNaN: true }),
        fc.double({ min: 0.1, max: 10, noNaN: true }),
        async (stream, shift, scale) => {
          const run = compile((t: Tensor) => {
            const moved = t.add(shift);
            return [
              labelKernel(t, t, { bandwidth: 0.4 }),
              labelKernel(moved, moved, { bandwidth: 0.4 }),
              labelKernel(t.mul(scale), t.mul(scale), { bandwidth: 0.4 * scale }),
            ];
          });
          const [plain, moved, scaled] = await run(random64([5, 2], { stream }));
          allClose(moved, toNumbers(plain), 1e-11, 'moved');
          allClose(scaled, toNumbers(plain), 1e-12, 'scaled');
        },
      ),
      { numRuns: 10 },
    );
  });

  it('is even where targets are one or the bandwidth is large, and the identity where it is small', async () => {
    const even = new Array(16).fill(0.25);
    await expectValue(
      () => labelKernel(c64(column([2, 2, 2, 2])), c64(column([2, 2, 2, 2])), { bandwidth: 1 }),
      even,
      14,
    );
    await expectValue(() => labelKernel(y(), y(), { bandwidth: 1e8 }), even, 12);
    const identity = even.map((_, i) => (i % 5 === 0 ? 1 : 0));
    await expectValue(() => labelKernel(y(), y(), { bandwidth: 1e-3 }), identity, 14);
    await expectValue(
      () => partnerStatistics(labelKernel(y(), y(), { bandwidth: 1e-3 }), y(), y()).effectivePartners,
      [1, 1, 1, 1],
      12,
    );
    await expectValue(
      () => partnerStatistics(labelKernel(y(), y(), { bandwidth: 1e8 }), y(), y()).effectivePartners,
      [4, 4, 4, 4],
    );
  });

  it('of a top hat is even among targets that are near, the edge left out', async () => {
    const third = 1 / 3;
    for (const [bandwidth, rows] of [
      [1, [1, 0, 0, 0, 0, 1 / 2, 1 / 2, 0, 0, 1 / 2, 1 / 2, 0, 0, 0, 0, 1]],
      [1.01, [1 / 2, 1 / 2, 0, 0, third, third, third, 0, 0, 1 / 2, 1 / 2, 0, 0, 0, 0, 1]],
    ] as const)
      await expectValue(() => labelKernel(y(), y(), { bandwidth, kernel: 'tophat' }), [...rows], 14);
  });

  it('is right in its derivatives', async () => {
    await checkDerivatives(
      (a, b) => labelKernel(a, b, { bandwidth: 0.7 }),
      [random64([3, 2]), random64([4, 2], { stream: 1 })],
    );
  });
});

describe('cMixup', () => {
  it('draws partners in the shares of the kernel', async () => {
    const n = 4000;
    const many = ndarray(
      Float64Array.from({ length: 4 * n }, (_, i) => [0, 1, 1.5, 4][i % 4]),
      { shape: [4 * n, 1] },
    );
    const run = compile((t: Tensor, k: Tensor) => ({
      partner: cMixupPartners(t, y(), k, { bandwidth: 1.75 }),
      probabilities: labelKernel(y(), y(), { bandwidth: 1.75 }),
    }));
    const { partner, probabilities } = await run(many, key(4));
    const counts = new Array(16).fill(0);
    toNumbers(partner).forEach((j, i) => {
      counts[4 * (i % 4) + j]++;
    });
    toNumbers(probabilities).forEach((p, i) => {
      expect(Math.abs(counts[i] - n * p), `cell ${i}`).toBeLessThan(4.5 * Math.sqrt(n * p * (1 - p)));
    });
  });

  it.each([false, true])('mixes inputs and targets alike, shares of each: %s', async (perExample) => {
    const options = { bandwidth: 0.5, perExample };
    const run = compile((a: Tensor, b: Tensor, k: Tensor) => {
      const batch = { x: a.slice([[0, 6]]), y: b.slice([[0, 6]]) };
      const mixed = cMixup(batch, { x: a, y: b }, k, options);
      const other = (t: Tensor) => t.gather(mixed.partner);
      return { mixed, x: mixExamples(batch.x, other(a), mixed.share), y: mixExamples(batch.y, other(b), mixed.share) };
    });
    const inputs = [random64([20, 3], { stream: 5 }), random64([20, 1], { stream: 6 })] as const;
    const got = await run(...inputs, key(8));
    expect(toNumbers(got.mixed.x)).toEqual(toNumbers(got.x));
    expect(toNumbers(got.mixed.y)).toEqual(toNumbers(got.y));
    expect(got.mixed.share.shape).toEqual(perExample ? [6] : []);
    expect(Math.max(...toNumbers(got.mixed.partner))).toBeGreaterThan(5);
    expect(toNumbers((await run(...inputs, key(8))).mixed.x)).toEqual(toNumbers(got.mixed.x));
    expect(toNumbers((await run(...inputs, key(9))).mixed.x)).not.toEqual(toNumbers(got.mixed.x));
  });

  it('draws shares from Beta(2, 2)', async () => {
    const n = 20_000;
    const run = compile((t: Tensor, k: Tensor) => {
      const all = { x: t, y: t };
      const { share } = cMixup(all, { x: t.slice([[0, 2]]), y: t.slice([[0, 2]]) }, k, {
        bandwidth: 1,
        perExample: true,
      });
      return [share.mean(), share.sub(0.5).square().mean()];
    });
    const [mean, variance] = (await run(random64([n, 1]), key(3))).map((v) => toNumbers(v)[0]);
    // Four standard errors; the fourth central moment is 3/560.
    close(mean, 1 / 2, 4 * Math.sqrt(1 / 20 / n), 'mean');
    close(variance, 1 / 20, 4 * Math.sqrt((3 / 560 - 1 / 400) / n), 'variance');
  });

  it('errs in the target by at most the curvature over 8 times the squared gap', async () => {
    // Inputs t, targets g(t) = e^t: what the mixed target differs from the target of the mixed input.
    await fc.assert(
      fc.asyncProperty(fc.nat(1e6), async (seed) => {
        const run = compile((t: Tensor, k: Tensor) => {
          const all = { x: t, y: t.exp() };
          const mixed = cMixup(all, all, k, { bandwidth: 0.5, perExample: true });
          return { error: mixed.y.sub(mixed.x.exp()).abs(), gap: t.sub(t.gather(mixed.partner)).square() };
        });
        const { error, gap } = await run(random64([30, 1], { stream: seed }), key(seed));
        toNumbers(error).forEach((e, i) => {
          expect(e).toBeLessThanOrEqual((Math.E / 8) * toNumbers(gap)[i] + 1e-12);
        });
      }),
      { numRuns: 5 },
    );
    const [a, b] = [0.3, 1.7];
    const half = toNumbers(await compile(() => mixExamples(c64([a ** 2]), c64([b ** 2]), c64(0.5)))())[0];
    close(half - ((a + b) / 2) ** 2, (2 / 8) * (a - b) ** 2, 1e-14, 'a parabola, at 1/2');
  });

  it.each<[string, () => unknown, RegExp]>([
    [
      'one axis',
      () => labelKernel(zeros([3]), zeros([3]), { bandwidth: 1 }),
      /labelKernel: y \[3\] and pool \[3\] must be \[n, targets\] and \[m, targets\]/,
    ],
    ['targets', () => labelKernel(zeros([3, 2]), zeros([3, 1]), { bandwidth: 1 }), /y \[3, 2\] and pool \[3, 1\]/],
    [
      'bandwidth',
      () => labelKernel(zeros([3, 1]), zeros([3, 1]), { bandwidth: 0 }),
      /labelKernel: bandwidth 0 must be a number above 0/,
    ],
    [
      'labels',
      () => cMixupPartners(zeros([3, 1], 'int32'), zeros([3, 1]), constant(key(0)), { bandwidth: 1 }),
      /cMixupPartners: y must be floats, not int32/,
    ],
    [
      'examples',
      () =>
        cMixup({ x: zeros([3, 2]), y: zeros([2, 1]) }, { x: zeros([3, 2]), y: zeros([3, 1]) }, constant(key(0)), {
          bandwidth: 1,
        }),
      /cMixup: inputs \[3, 2\], \[3, 2\] and targets \[2, 1\], \[3, 1\] must be of as many examples/,
    ],
  ])('refuses %s', (_, fn, message) => {
    expect(fn).toThrow(message);
  });
});
