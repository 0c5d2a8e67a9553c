import { describe, expect, it } from 'vitest';
import { compile, eigh, grad, type Tensor, toNumbers, zeros } from '../../../src/index.js';
import * as losses from '../../../src/losses/index.js';
import { allClose, checkDerivatives, random64 } from '../../support/derivatives.js';
import { c64, expectValue } from '../../support/losses.js';

const first = () =>
  c64([
    [1, 0, 2, -1],
    [0, 1, -1, 3],
  ]);
const second = () =>
  c64([
    [1, 0.5, 2, -0.5],
    [0.5, 1, -1, 2],
  ]);
const covariance = (x: Tensor) => {
  const centred = x.sub(x.mean(0));
  return centred
    .swapAxes(0, 1)
    .matmul(centred)
    .div(x.shape[0] - 1);
};

describe('iterativeWhitening', () => {
  it('makes samples, or features, nearly uncorrelated', async () => {
    await expectValue(
      () => losses.iterativeWhitening(first()),
      [
        0.1615982713, -0.5884488259, 0.9116453684, -0.4847948138, -0.4065706971, -0.1490434707, -0.6640979236,
        1.2197120914,
      ],
    );
    for (const [axis, x1, x2] of [
      ['channel', 0.3576988484, 0.4322199914],
      ['batch', 2.4650205761, 2.4845049131],
    ] as const) {
      const trace = (x: Tensor) => losses.whiteningTraceLoss(losses.iterativeWhitening(x, { axis }), { axis });
      await expectValue(() => trace(first()), [x1]);
      await expectValue(() => trace(second()), [x2]);
    }
  });

  it('does to each eigenvalue what the scalar iteration says', async () => {
    const run = compile((x: Tensor) => {
      const own = covariance(x);
      const [before] = eigh(own.div(own.trace()));
      const [after] = eigh(covariance(losses.iterativeWhitening(x, { axis: 'batch' })));
      return { before, after };
    });
    const { before, after } = await run(random64([12, 5]));
    allClose(
      after,
      (toNumbers(before) as number[]).map((x) => losses.whitenedEigenvalue(x)),
      1e-8,
      'eigenvalues',
    );
    for (const [share, iterations, expected] of [
      [0.8, 4, 0.99999999999985],
      [0.5, 4, 0.999999048261],
      [0.2, 4, 0.9933627145791],
      [0.25, 1, 0.47265625],
    ])
      expect(losses.whitenedEigenvalue(share, iterations)).toBeCloseTo(expected, 12);
    // Equal eigenvalues of many dimensions: the least the trace loss can be in each.
    for (const [n, floor] of [
      [4, 3.29216e-6],
      [16, 0.0427333371],
      [64, 0.4506381142],
      [256, 0.8187488101],
    ])
      expect((losses.whitenedEigenvalue(1 / n) - 1) ** 2).toBeCloseTo(floor, 9);
  });

  it('comes near exact whitening, sees neither scale nor shift, and makes 0 of what is all one', async () => {
    const run = compile((x: Tensor) => {
      const options = { axis: 'batch' } as const;
      return {
        exact: losses.spectralTransform(x, (v) => v.rsqrt(), options),
        iterated: losses.iterativeWhitening(x, { ...options, iterations: 8 }),
        moved: losses.iterativeWhitening(x.mul(7).add(c64([1, -2, 3])), { ...options, iterations: 8 }),
      };
    });
    const { exact, iterated, moved } = await run(random64([20, 3]));
    allClose(iterated, Array.from(exact.data as Float64Array), 1e-8, 'iterated');
    allClose(moved, Array.from(iterated.data as Float64Array), 1e-9, 'moved');
    await expectValue(() => losses.iterativeWhitening(zeros([3, 2], 'float64').add(5)), Array(6).fill(0));
    await expectValue(
      () => grad((x: Tensor) => losses.iterativeWhitening(x).square().sum())(zeros([3, 2], 'float64').add(5)),
      Array(6).fill(0),
    );
  });

  it('has the derivatives of its equation', async () => {
    for (const axis of ['channel', 'batch'] as const)
      await checkDerivatives((x) => losses.iterativeWhitening(x, { axis, iterations: 3 }), [random64([3, 4])]);
    await checkDerivatives((x) => losses.spectralTransform(x, (v) => v.square()), [random64([2, 4])]);
    expect(() => losses.iterativeWhitening(zeros([1, 4]))).toThrow(/x float32\[1, 4\] must be floats \[n, d\]/);
    expect(() => losses.iterativeWhitening(zeros([2, 4]), { iterations: 30 })).toThrow(/iterations 30 must be/);
  });
});

describe('intl', () => {
  it('aligns whitened views and evens out their spectrum', async () => {
    const weighted = (axis: 'channel' | 'batch', traceWeight: number) => () =>
      losses.intl([first(), second()], { axis, traceWeight });
    await expectValue(weighted('channel', 0), [0.4375990091]);
    await expectValue(weighted('channel', 0.05), [0.4770949511]);
    await expectValue(weighted('batch', 0), [0.0602854201]);
    await expectValue(weighted('batch', 0.05), [0.3077616946]);
  });

  it('weighs the trace by how many are whitened', async () => {
    const run = compile((x: Tensor, y: Tensor) => [
      losses.intl([x, y], { axis: 'batch' }),
      losses.intl([x, y], { axis: 'batch', traceWeight: 0.01 }),
      losses.intl([x, y]),
      losses.intl([x, y], { traceWeight: 0 }),
    ]);
    const [sixteen, given, few, zero] = await run(random64([5, 16]), random64([5, 16], { stream: 1 }));
    allClose(sixteen, [Number(given.data[0])], 1e-12, 'of 16 features');
    allClose(few, [Number(zero.data[0])], 1e-12, 'of 5 samples');
  });

  it('averages over views, and gives a momentum encoder no gradient', async () => {
    const three = () => losses.intl([first(), second(), second()], { traceWeight: 0.05 });
    await expectValue(three, [0.4770949511]);
    // Alignment and the trace loss of the view alone.
    await expectValue(
      () => losses.intlMomentum([second()], first(), { traceWeight: 0.05 }),
      [0.4375990091 + 0.05 * 0.4322199914],
    );
    await expectValue(
      () => grad((x: Tensor) => losses.intlMomentum([second()], x, { traceWeight: 0.05 }))(first()),
      Array(8).fill(0),
    );
    await checkDerivatives(
      (x, y) => losses.intl([x, y], { traceWeight: 0.1 }),
      [random64([3, 5]), random64([3, 5], { stream: 1 })],
    );
    expect(() => losses.intl([zeros([2, 3])])).toThrow(/intl: 1 views; there must be two or more/);
    expect(() => losses.intl([zeros([2, 3]), zeros([2, 4])])).toThrow(/views \[2, 3\], \[2, 4\] must have one shape/);
  });
});
