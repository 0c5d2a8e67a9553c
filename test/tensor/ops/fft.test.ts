import { describe, expect, it } from 'vitest';
import {
  castArray,
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
  toNumbers,
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

  /** Sums over j of x_j e^(-2 pi i j k / n), as they are written. */
  const sums = (x: ArrayLike<number>) => {
    const n = x.length / 2;
    return Array.from({ length: n }, (_, k) => {
      let [re, im] = [0, 0];
      for (let j = 0; j < n; j++) {
        const angle = (-2 * Math.PI * ((j * k) % n)) / n;
        const [c, s] = [Math.cos(angle), Math.sin(angle)];
        re += x[2 * j] * c - x[2 * j + 1] * s;
        im += x[2 * j] * s + x[2 * j + 1] * c;
      }
      return [re, im];
    }).flat();
  };

  // One product, parts, a long prime, twice a long prime, parts of parts.
  it.each([1, 2, 255, 512, 257, 514, 1009, 1000, 3000])('of %i numbers are the sums they stand for', async (n) => {
    const x = random64([n, 2], { stream: n });
    const both = compile((x: Tensor) => ({
      y: fft(x),
      back: ifft(fft(x)),
      half: rfft(x.at(0, -1)),
      real: irfft(rfft(x.at(0, -1)), n),
    }));
    const real = toNumbers(x).filter((_, i) => i % 2 === 0);
    const half = sums(real.flatMap((v) => [v, 0])).slice(0, 2 * (Math.floor(n / 2) + 1));
    const got = await both(x);
    allClose(got.y, sums(toNumbers(x)), 1e-11 * n, 'transform');
    allClose(got.back, toNumbers(x), 1e-12, 'there and back');
    allClose(got.half, half, 1e-11 * n, 'transform of real numbers');
    allClose(got.real, real, 1e-12, 'real numbers, there and back');
    const single = await both(castArray(x, 'float32'));
    // Errors of single precision grow with the square root of the length.
    allClose(single.y, sums(toNumbers(x)), 1e-6 * Math.sqrt(n) * Math.log2(n + 1), 'in single precision');
    allClose(single.real, real, 2e-6 * Math.log2(n + 1), 'real numbers in single precision, there and back');
  });

  it('of a long prime are differentiable', async () => {
    const n = 263;
    const form = (x: Tensor, u: Tensor) => fft(x).mul(u).sum();
    const [x, u] = [random64([n, 2], { stream: 8 }), random64([n, 2], { stream: 9 })];
    const got = await compile((x: Tensor, u: Tensor) => grad((p: Tensor) => form(p, u))(x))(x, u);
    // The adjoint is the transform with the other sign: conj(fft(conj(u))).
    const conjugated = toNumbers(u).map((v, i) => (i % 2 ? -v : v));
    allClose(
      got,
      sums(conjugated).map((v, i) => (i % 2 ? -v : v)),
      1e-9,
      'gradient',
    );
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
