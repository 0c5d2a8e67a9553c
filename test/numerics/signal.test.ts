import { describe, expect, it } from 'vitest';
import { compile, grad, type Tensor, zeros } from '../../src/index.js';
import * as num from '../../src/numerics/index.js';
import { allClose, checkDerivatives, random64 } from '../support/derivatives.js';
import { fromGolden, type GoldenArray, golden } from '../support/golden.js';

const { stfts, dct, quantiles } = golden<{
  stfts: {
    options: num.StftOptions;
    x: GoldenArray;
    cotangent: GoldenArray;
    output: GoldenArray;
    gradient: GoldenArray;
  }[];
  dct: { x: GoldenArray; output: GoldenArray };
  quantiles: { q: number; x: GoldenArray; output: GoldenArray }[];
}>('waves');

describe('short-time Fourier transform', () => {
  it.each(stfts.map((c) => [JSON.stringify(c.options), c] as const))('%s agrees with PyTorch', async (_, c) => {
    const fn = (x: Tensor) => num.stft(x, c.options);
    const got = await compile((x: Tensor, u: Tensor) => ({ y: fn(x), g: grad((p: Tensor) => fn(p).mul(u).sum())(x) }))(
      fromGolden(c.x),
      fromGolden(c.cotangent),
    );
    expect(got.y.shape).toEqual(c.output.shape);
    allClose(got.y, c.output.data, 1e-12, 'output');
    allClose(got.g, c.gradient.data, 1e-12, 'gradient');
  });

  it('comes back, and has derivatives', async () => {
    const x = random64([2, 24], { stream: 3 });
    const options = { frame: 8, hop: 2 };
    const back = await compile((t: Tensor) => num.inverseStft(num.stft(t, options), options))(x);
    expect(back.shape).toEqual([2, 24]);
    allClose(back, Array.from(x.data), 1e-12, 'signal');
    await checkDerivatives(
      (t) => num.inverseStft(num.stft(t, options).square(), { ...options, length: 20 }),
      [random64([12], { stream: 4 })],
    );
    expect(() => num.stft(zeros([4]), { frame: 8, centre: false })).toThrow(
      /stft: x \[4\] is shorter than a frame of 8/,
    );
    expect(() => num.inverseStft(zeros([4, 3, 2]), { frame: 8 })).toThrow(/must have 5 frequencies/);
  });
});

describe('cosine transform', () => {
  it("agrees with SciPy's, comes back over one axis and two, and has derivatives", async () => {
    const got = await compile((x: Tensor) => ({
      y: num.dct(x),
      back: num.idct(num.dct(x)),
      block: num.idct2(num.dct2(x)),
    }))(fromGolden(dct.x));
    allClose(got.y, dct.output.data, 1e-13, 'dct');
    allClose(got.back, dct.x.data, 1e-13, 'there and back');
    allClose(got.block, dct.x.data, 1e-13, 'blocks there and back');
    await checkDerivatives((x) => num.dct2(x).square(), [random64([3, 4], { stream: 5 })]);
  });
});

describe('quantiles', () => {
  it.each(quantiles.map((c) => [c.q, c] as const))('q = %d agrees with PyTorch', async (q, c) => {
    allClose(await compile((x: Tensor) => num.quantile(x, q))(fromGolden(c.x)), c.output.data, 1e-14, 'quantile');
    await checkDerivatives((x) => num.quantile(x, q, 0).square(), [random64([5, 3], { stream: 6 })]);
  });

  it('median and errors', async () => {
    allClose(
      await compile((x: Tensor) => num.median(x, 0))(random64([1, 2], { stream: 7 })),
      Array.from(random64([1, 2], { stream: 7 }).data),
      0,
      'median of one',
    );
    expect(() => num.quantile(zeros([3]), 1.5)).toThrow(/q 1.5 must lie in \[0, 1\]/);
    expect(() => num.quantile(zeros([3, 0]), 0.5)).toThrow(/has no elements along axis -1/);
  });
});
