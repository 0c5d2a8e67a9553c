import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  gradientMap,
  saliencyToDiverging,
  saliencyToGray,
  smoothedMaps,
  smoothGrad,
  smoothGradSquared,
  smoothingNoise,
  varGrad,
} from '../../../src/diagnostics/index.js';
import { compile, constant, conv, type NDArray, ndarray, type Tensor, toNumbers } from '../../../src/index.js';
import { key } from '../../../src/runtime/random/index.js';
import { allClose, checkDerivatives, close, random64 } from '../../support/derivatives.js';

const f64 = (values: Parameters<typeof ndarray>[0]): NDArray => ndarray(values as number[], { dtype: 'float64' });
const zero = () => constant([0], 'int32');

describe('smoothedMaps', () => {
  // f(x) = x0^3 + 2 x0 x1 as the only score.
  const cubic = gradientMap((x) => {
    const [a, b] = [x.at(0, 1), x.at(1, 1)];
    return a.pow(3).add(a.mul(b).mul(2)).expandDims(-1);
  }, zero());

  it('averages what the card averages', async () => {
    const noise = f64([[[0.1, -0.2]], [[-0.3, 0.4]], [[0.2, 0.1]]]);
    const got = await compile((x: Tensor, e: Tensor) => smoothedMaps(cubic, x, e))(f64([[0.5, -1]]), noise);
    allClose(got.mean, [-0.91, 1], 1e-12, 'mean');
    allClose(got.square, [1.0059, 3.56 / 3], 1e-12, 'square');
    allClose(got.variance, [0.1778, 0.56 / 3], 1e-12, 'variance');
  });

  it('has the expectations of the smoothed function', async () => {
    const noise = compile((k: Tensor) => smoothingNoise(constant([[0, 2]], 'float64'), k, { samples: 100000 }));
    const e = await noise(key(0));
    const got = await compile((x: Tensor, e: Tensor) => smoothedMaps(cubic, x, e))(f64([[0.5, -1]]), e);
    // spread 0.15 of a range of 2: sigma 0.3.
    allClose(got.mean, [-0.98, 1], 0.02, 'mean');
    allClose(got.variance, [1.3158, 0.36], 0.03, 'variance');
    allClose(got.square, [2.2762, 1.36], 0.04, 'square');
  });
});

describe('smoothGrad', () => {
  it('is the gradient of a linear score, without variance, for any noise', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: 1e6 }),
        fc.integer({ min: 1, max: 6 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        async (seed, samples, spread) => {
          const w = random64([4, 3], { stream: seed });
          const map = () => gradientMap((x) => x.matmul(constant(w)), constant([2, 0], 'int32'));
          const got = await compile((x: Tensor, k: Tensor) => ({
            mean: smoothGrad(map(), x, k, { samples, spread }),
            variance: varGrad(map(), x, k, { samples, spread }),
          }))(random64([2, 4], { stream: seed + 1 }), key(seed));
          const column = (c: number) => [0, 1, 2, 3].map((i) => Number(w.data[i * 3 + c]));
          allClose(got.mean, [...column(2), ...column(0)], 1e-12, 'mean');
          allClose(got.variance, new Array(8).fill(0), 1e-12, 'variance');
        },
      ),
      { numRuns: 10 },
    );
  });

  it('smooths a step into the normal distribution function, and a ripple away', async () => {
    // The second element, which the score ignores, sets the range: sigma = 0.15 * 8/3 = 0.4 and 0.15 * 1 = 0.15.
    const at = (fn: (x: Tensor) => Tensor, x: number, range: number) =>
      compile((point: Tensor, k: Tensor) =>
        smoothGrad(
          gradientMap((p) => fn(p.slice([null, [0, 1]])), zero()),
          point,
          k,
          { samples: 200000 },
        ),
      )(f64([[x, x - range]]), key(3));
    const value = async (...args: Parameters<typeof at>) => toNumbers(await at(...args))[0];
    close(await value((x) => x.relu(), 0.2, 8 / 3), 0.6914624613, 0.005, 'relu, 0.2');
    close(await value((x) => x.relu(), -0.3, 8 / 3), 0.2266273524, 0.005, 'relu, -0.3');
    const ripple = (x: Tensor) =>
      x.add(
        x
          .mul(20)
          .sin()
          .mul(2 / 20),
      );
    close(await value(ripple, 0.1, 1), 0.9907540525, 0.015, 'ripple');
    const raw = await compile((x: Tensor) => gradientMap(ripple, zero())(x))(f64([[0.1]]));
    close(toNumbers(raw)[0], 0.1677063269, 1e-10, 'ripple, not smoothed');
  });

  it('scales its noise with the range of each sample; none leaves the map as it is', async () => {
    const x = f64([
      [0, 1, 2],
      [5, 5, 5],
      [-10, 0, 10],
    ]);
    const noise = await compile((p: Tensor, k: Tensor) => smoothingNoise(p, k, { samples: 4000, spread: 0.1 }))(
      x,
      key(1),
    );
    const deviation = [0, 1, 2].map((row) => {
      const values = toNumbers(noise).filter((_, i) => Math.floor(i / 3) % 3 === row);
      return Math.sqrt(values.reduce((total, v) => total + v * v, 0) / values.length);
    });
    close(deviation[0], 0.2, 0.01, 'range 2');
    expect(deviation[1]).toBe(0);
    close(deviation[2], 2, 0.05, 'range 20');
    const map = gradientMap((p) => p.sin(), constant([0, 1, 2], 'int32'));
    const same = await compile((p: Tensor, k: Tensor) => [smoothGrad(map, p, k, { samples: 1, spread: 0 }), map(p)])(
      x,
      key(1),
    );
    expect(toNumbers(same[0])).toEqual(toNumbers(same[1]));
  });

  it('takes 25 copies with a spread of 0.15 by default, as the published code', async () => {
    const x = random64([2, 3], { stream: 14 });
    const got = await compile((p: Tensor, k: Tensor) => [
      smoothGrad((v) => v.sin(), p, k),
      smoothGrad((v) => v.sin(), p, k, { samples: 25, spread: 0.15 }),
    ])(x, key(6));
    expect(toNumbers(got[0])).toEqual(toNumbers(got[1]));
  });

  it('takes the square as variance plus squared mean, from one key', async () => {
    const x = random64([3, 4], { stream: 4 });
    const map = (p: Tensor) => p.sin().mul(p);
    const got = await compile((p: Tensor, k: Tensor) => ({
      mean: smoothGrad(map, p, k),
      square: smoothGradSquared(map, p, k),
      variance: varGrad(map, p, k),
    }))(x, key(5));
    const mean = toNumbers(got.mean);
    const square = toNumbers(got.square);
    allClose(
      got.variance,
      square.map((s, i) => s - mean[i] ** 2),
      1e-12,
      'variance',
    );
    square.forEach((s, i) => expect(s).toBeGreaterThanOrEqual(mean[i] ** 2));
  });

  it('lets derivatives through to the input and to the parameters', async () => {
    const [w, v] = [random64([4, 5], { stream: 6 }), random64([5, 3], { stream: 7 })];
    const noise = () => constant(random64([3, 2, 4], { stream: 8, low: -0.2, high: 0.2 }));
    const network = (x: Tensor, a: Tensor, b: Tensor) => x.matmul(a).tanh().matmul(b);
    await checkDerivatives(
      (x, a, b) => {
        const { mean, variance } = smoothedMaps(
          gradientMap((p) => network(p, a, b), constant([1, 2], 'int32')),
          x,
          noise(),
        );
        return mean.add(variance);
      },
      [random64([2, 4], { stream: 9 }), w, v],
    );
  });

  it('goes through a convolutional network like one copy after another', async () => {
    const filters = random64([3, 1, 3, 3], { stream: 10 });
    const x = random64([2, 1, 6, 6], { stream: 11 });
    const noise = random64([4, 2, 1, 6, 6], { stream: 12, low: -0.1, high: 0.1 });
    const model = (p: Tensor) => conv(p, constant(filters)).relu().mean([-2, -1]);
    const map = gradientMap(model, constant([0, 2], 'int32'));
    const [together, apart] = await compile((p: Tensor, e: Tensor) => [
      smoothedMaps(map, p, e).mean,
      [0, 1, 2, 3]
        .map((i) => map(p.add(e.at(i))))
        .reduce((a, b) => a.add(b))
        .div(4),
    ])(x, noise);
    allClose(together, toNumbers(apart), 1e-12, 'map');
  });

  it.each<[string, () => unknown, RegExp]>([
    [
      'x',
      () => smoothingNoise(constant([1, 2]), constant([0, 0], 'int32')),
      /x float32\[2\] must be floats \[n, ...\]/,
    ],
    ['samples', () => smoothingNoise(constant([[1, 2]]), zero(), { samples: 0 }), /samples 0 must be a positive/],
    ['spread', () => smoothingNoise(constant([[1, 2]]), zero(), { spread: -1 }), /spread -1/],
    ['noise', () => smoothedMaps((x) => x, constant([[1, 2]]), constant([[1, 2]])), /noise \[1, 2\] must be \[samples/],
    ['map', () => smoothedMaps((x) => x.sum(1), constant([[1, 2]]), constant([[[1, 2]]])), /makes \[1\] of x \[1, 2\]/],
    ['classes', () => gradientMap((x) => x, constant([0.5])), /classes float32\[1\] must be integers/],
    ['scores', () => gradientMap((x) => x, zero())(constant([[1], [2]])), /scores \[2, 1\] must be/],
  ])('refuses %s that does not fit', (_, fn, message) => {
    expect(fn).toThrow(message);
  });
});

describe('saliency pictures', () => {
  // The card's map [height, width, channels], channels first.
  const map = f64([
    [
      [1, 0],
      [-0.3, 2],
    ],
    [
      [-2, 0],
      [0.2, 2],
    ],
    [
      [0.5, 0.1],
      [0.1, -2],
    ],
  ]);

  it("draws the card's gray picture", async () => {
    const got = await compile((m: Tensor) => saliencyToGray(m))(map);
    expect(got.shape).toEqual([2, 2]);
    allClose(got, [0.58369099, 0, 0.08583691, 1], 1e-8, 'gray');
  });

  it('keeps signs, and each picture of a stack to itself', async () => {
    const got = await compile((m: Tensor) => ({
      one: saliencyToDiverging(m, { percentile: 100 }),
      stack: saliencyToGray(m.expandDims(0).mul(constant([1, 7, 0], 'float64').reshape([3, 1, 1, 1]))),
    }))(map);
    allClose(got.one, [-0.25, 0.05, 0, 1], 1e-12, 'diverging');
    allClose(
      got.stack,
      [0.58369099, 0, 0.08583691, 1, 0.58369099, 0, 0.08583691, 1, 0, 0, 0, 0],
      1e-8,
      'a stack; a picture of zeros is 0, not NaN',
    );
  });

  it('refuses what is no picture', () => {
    expect(() => saliencyToGray(constant([[1]]))).toThrow(/map \[1, 1\] must be \[..., channels, height, width\]/);
    expect(() => saliencyToDiverging(constant([[[1]]]), { percentile: 101 })).toThrow(/percentile 101/);
  });
});
