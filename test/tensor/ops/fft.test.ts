import { describe, expect, it } from 'vitest';
import {
  compile,
  complex,
  complexAbs,
  complexMul,
  conjugate,
  fft,
  fft2,
  grad,
  ifft,
  ifft2,
  irfft,
  rfft,
  type Tensor,
  vmap,
  zeros,
} from '../../../src/index.js';
import { allClose, checkDerivatives, random64 } from '../../support/derivatives.js';
import { fromGolden, type GoldenArray, golden } from '../../support/golden.js';

interface Case {
  name: 'fft' | 'ifft' | 'rfft' | 'irfft' | 'fft2' | 'ifft2';
  n: number;
  x: GoldenArray;
  cotangent: GoldenArray;
  output: GoldenArray;
  gradient: GoldenArray;
}
const { fourier } = golden<{ fourier: Case[] }>('discrete');
const functions = { fft: (x: Tensor) => fft(x), ifft: (x: Tensor) => ifft(x), rfft, irfft, fft2, ifft2 };

describe('Fourier transforms', () => {
  it.each(fourier.map((c) => [`${c.name} of ${c.n || c.x.shape}`, c] as const))(
    '%s agrees with PyTorch',
    async (_, c) => {
      const fn = (x: Tensor) => functions[c.name](x, c.n);
      const got = await compile((x: Tensor, u: Tensor) => ({
        y: fn(x),
        g: grad((p: Tensor) => fn(p).mul(u).sum())(x),
      }))(fromGolden(c.x), fromGolden(c.cotangent));
      expect(got.y.shape).toEqual(c.output.shape);
      allClose(got.y, c.output.data, 1e-12, 'output');
      allClose(got.g, c.gradient.data, 1e-12, 'gradient');
    },
  );

  it('have derivatives of second order along any axis, and go with vmap', async () => {
    await checkDerivatives((x) => fft(x, 0).square(), [random64([3, 2, 2], { stream: 1 })]);
    await checkDerivatives((x) => complexAbs(rfft(x)), [random64([2, 5], { stream: 2 })]);
    await checkDerivatives(
      (x, y) => ifft(complexMul(fft(x), conjugate(fft(y)))),
      [random64([4, 2], { stream: 3 }), random64([4, 2], { stream: 4 })],
    );
    const got = await compile((x: Tensor) => [vmap((row: Tensor) => irfft(rfft(row), 5))(x), x])(random64([3, 5]));
    allClose(got[0], Array.from(got[1].data as Float64Array), 1e-12, 'there and back');
  });

  it('turn circular convolutions into products', async () => {
    const got = await compile((x: Tensor, y: Tensor) => irfft(complexMul(rfft(x), rfft(y)), 4))(
      ...([
        [1, 2, 3, 4],
        [1, 0, 0, 1],
      ].map((v) => ({ data: Float64Array.from(v), shape: [4], dtype: 'float64' as const })) as [never, never]),
    );
    allClose(got, [3, 5, 7, 5], 1e-12, 'convolution');
  });

  it('refuse what is not complex', () => {
    expect(() => fft(zeros([4]))).toThrow(/fft: x \[4\] must be complex/);
    expect(() => irfft(zeros([4, 2]), 10)).toThrow(/irfft: x \[4, 2\] has 4 coefficients, 10 numbers have 6/);
    expect(complex(zeros([3])).shape).toEqual([3, 2]);
  });
});
