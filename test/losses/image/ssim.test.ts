import { describe, expect, it } from 'vitest';
import { compile, grad, hvp, type NDArray, ndarray, type Tensor, toNumbers, zeros } from '../../../src/index.js';
import {
  msSsim,
  msSsimL1Loss,
  msSsimLoss,
  pixelwiseMsSsim,
  ssim,
  ssimLoss,
  ssimMaps,
} from '../../../src/losses/index.js';
import { checkDerivatives, random64 } from '../../support/derivatives.js';

const image = (size: number, fn: (i: number, j: number) => number): NDArray =>
  ndarray(
    Float64Array.from({ length: size * size }, (_, k) => fn(Math.floor(k / size), k % size)),
    { shape: [1, 1, size, size] },
  );
const wave = (i: number, j: number) => 0.5 + 0.4 * Math.sin((2 * Math.PI * i) / 8) * Math.cos((2 * Math.PI * j) / 16);
const x = image(32, wave);
const faded = image(32, (i, j) => 0.8 * wave(i, j) + 0.05);
const checkered = image(32, (i, j) => Math.min(1, Math.max(0, wave(i, j) + 0.1 * ((i + j) % 2))));
const three = { weights: [0.07105472, 0.45297383, 0.47597145], windowSize: 5, sigma: 1 };

const number = async (fn: (a: Tensor, b: Tensor) => Tensor, a: NDArray, b: NDArray) =>
  toNumbers(await compile(fn)(a, b))[0];

describe('ssim', () => {
  it('has the value of its equation', async () => {
    expect(await number((a, b) => ssim(a, b), x, faded)).toBeCloseTo(0.9707543614, 9);
  });

  it('of constant images differs in luminance alone', async () => {
    const [a, b] = [image(16, () => 0.2), image(16, () => 0.6)];
    expect(await number((p, q) => ssimMaps(p, q).luminance.mean(), a, b)).toBeCloseTo(0.600099975, 9);
    expect(await number((p, q) => ssimMaps(p, q).contrast.mean(), a, b)).toBeCloseTo(1, 12);
  });

  it('does not change when both images and their range are scaled, and keeps its digits in float32', async () => {
    const scaled = await number((a, b) => ssim(a.mul(255), b.mul(255), { dataRange: 255 }), x, faded);
    expect(scaled).toBeCloseTo(0.9707543614, 9);
    const bright = await number(
      (a, b) => ssim(a.mul(0.001).add(0.99).cast('float32'), b.mul(0.001).add(0.99).cast('float32')),
      x,
      faded,
    );
    const exact = await number((a, b) => ssim(a.mul(0.001).add(0.99), b.mul(0.001).add(0.99)), x, faded);
    expect(bright).toBeCloseTo(exact, 5);
    // Where constants do not hide it: squares of 0.99 leave single precision no digit of variances of 1e-7.
    const narrow = (dtype: 'float32' | 'float64') =>
      number(
        (a, b) => ssim(a.mul(0.001).add(0.99).cast(dtype), b.mul(0.001).add(0.99).cast(dtype), { dataRange: 0.001 }),
        x,
        checkered,
      );
    expect(await narrow('float32')).toBeCloseTo(await narrow('float64'), 2);
  });
});

describe('msSsim', () => {
  it('has the value of its equation, at three scales and at five', async () => {
    expect(await number((a, b) => msSsim(a, b, three), x, faded)).toBeCloseTo(0.9735549243, 9);
    // The checkerboard is gone after one halving, though its squared error is the larger.
    expect(await number((a, b) => msSsim(a, b, three), x, checkered)).toBeCloseTo(0.99269611, 9);
    const large = (i: number, j: number) =>
      0.5 + 0.4 * Math.sin((2 * Math.PI * i) / 24) * Math.cos((2 * Math.PI * j) / 40);
    const [a, b] = [image(192, large), image(192, (i, j) => 0.8 * large(i, j) + 0.05)].map((array) =>
      ndarray(Float32Array.from(toNumbers(array)), { shape: array.shape }),
    );
    expect(await number((p, q) => msSsim(p, q), a, b)).toBeCloseTo(0.9758242791, 5);
  });

  it('is symmetric, and 1 with derivative 0 for equal images', async () => {
    const forth = await number((a, b) => msSsim(a, b, three), x, faded);
    expect(await number((a, b) => msSsim(a, b, three), faded, x)).toBeCloseTo(forth, 12);
    expect(await number((a, b) => msSsimLoss(a, b, three), x, x)).toBeCloseTo(0, 12);
    const gradient = await compile((a: Tensor, b: Tensor) => grad((p: Tensor) => msSsimLoss(p, b, three))(a))(x, x);
    for (const g of toNumbers(gradient)) expect(g).toBeCloseTo(0, 12);
  });

  it('is averaged over channels, each with a product of its own', async () => {
    const run = compile((a: Tensor, b: Tensor, c: Tensor) => {
      const both = msSsim(a.concat(a, 1), b.concat(c, 1), three);
      return both.sub(
        msSsim(a, b, three)
          .add(msSsim(a, c, three))
          .div(2),
      );
    });
    expect(toNumbers(await run(x, faded, checkered))[0]).toBeCloseTo(0, 12);
  });

  it('of opposite images is 0 with finite derivatives', async () => {
    const run = compile((a: Tensor) => {
      const loss = (p: Tensor) => msSsimLoss(p, p.neg().add(1).stopGradient(), three);
      return { loss: loss(a), gradient: grad(loss)(a), curvature: hvp(loss, a, a.onesLike()) };
    });
    const { loss, gradient, curvature } = await run(x);
    expect(toNumbers(loss)[0]).toBe(1);
    expect([...toNumbers(gradient), ...toNumbers(curvature)].every(Number.isFinite)).toBe(true);
  });

  it('has the derivatives of its equation', async () => {
    const options = { windowSize: 3, sigma: 1, weights: [0.4, 0.6] };
    const [a, b] = [0, 1].map((stream) => random64([1, 2, 6, 7], { stream, low: 0.3, high: 0.9 }));
    await checkDerivatives(
      (p) => msSsimL1Loss(p.mul(0.2).add(0.5), p.mul(0.15).add(p.square().mul(0.1)), options),
      [a],
    );
    await checkDerivatives((p, q) => ssimLoss(p, q, options), [a, b]);
  });

  it('mixes with the absolute error in units of the range', async () => {
    const [structure, mix] = [
      await number((a, b) => msSsimLoss(a, b, three), x, faded),
      await number((a, b) => msSsimL1Loss(a, b, { ...three, alpha: 0.7 }), x, faded),
    ];
    const error = toNumbers(x).reduce((sum, v, i) => sum + Math.abs(v - toNumbers(faded)[i]), 0) / 1024;
    expect(mix).toBeCloseTo(0.7 * structure + 0.3 * error, 12);
    const bytes = await number((a, b) => msSsimL1Loss(a.mul(255), b.mul(255), { ...three, dataRange: 255 }), x, faded);
    // The share is 0.84 unless given.
    expect(bytes).toBeCloseTo(0.84 * structure + 0.16 * error, 9);
    expect(() => ssim(zeros([1, 1, 20, 20]), zeros([1, 1, 20, 20]), { k2: 0 })).toThrow(
      /ssim: k2 0 must be a number above 0/,
    );
  });

  it('pixel by pixel is ssim at one scale, 1 for equal images, and worse for unlike ones', async () => {
    const one = { weights: [1], windowSize: 5, sigma: 1 };
    const difference = await number((a, b) => pixelwiseMsSsim(a, b, one).sub(ssim(a, b, one)), x, faded);
    expect(difference).toBeCloseTo(0, 12);
    expect(await number((a, b) => pixelwiseMsSsim(a, b, three), x, x)).toBeCloseTo(1, 12);
    // Of constant images only the luminance of the last scale is left, to its exponent.
    const [a, b] = [image(20, () => 0.2), image(20, () => 0.6)];
    const flat = await number((p, q) => pixelwiseMsSsim(p, q, three), a, b);
    expect(flat).toBeCloseTo(0.600099975 ** three.weights[2], 8);
    const options = { windowSize: 3, sigma: 1, weights: [0.4, 0.6] };
    await checkDerivatives(
      (p) => pixelwiseMsSsim(p.mul(0.2).add(0.5), p.mul(0.15).add(p.square().mul(0.1)), options),
      [random64([1, 1, 6, 7], { low: 0.3, high: 0.9 })],
    );
    expect(() => pixelwiseMsSsim(zeros([1, 1, 20, 20]), zeros([1, 1, 20, 20]))).toThrow(
      /smaller than the window of 161/,
    );
  });

  it('refuses images too small for its scales, even windows and images of other shapes', () => {
    expect(() => msSsim(zeros([1, 1, 160, 200]), zeros([1, 1, 160, 200]))).toThrow(
      /images \[1, 1, 160, 200\] must be at least 176 pixels high and wide for 5 scales of window 11/,
    );
    expect(() => ssim(zeros([1, 1, 9, 20]), zeros([1, 1, 9, 20]))).toThrow(/smaller than the window of 11/);
    expect(() => ssim(zeros([1, 1, 20, 20]), zeros([1, 1, 20, 20]), { windowSize: 4 })).toThrow(/windowSize 4/);
    expect(() => ssim(zeros([1, 1, 20, 20]), zeros([1, 3, 20, 20]))).toThrow(/must have one shape/);
    expect(() => ssim(zeros([20, 20]), zeros([20, 20]))).toThrow(/must be float \[n, channels, height, width\]/);
  });
});
