import { describe, expect, it } from 'vitest';
import { hessianExtremes, hessianSpectrum, spectralDensity } from '../../../src/diagnostics/index.js';
import {
  compile,
  constant,
  eigh,
  hessian,
  linspace,
  type NDArray,
  ndarray,
  type Tensor,
  toNumbers,
} from '../../../src/index.js';
import { crossEntropy } from '../../../src/losses/index.js';
import { key } from '../../../src/runtime/random/index.js';
import { allClose, close, random64 } from '../../support/derivatives.js';

const f64 = (values: Parameters<typeof ndarray>[0]): NDArray => ndarray(values as number[], { dtype: 'float64' });

/** A quadratic with the eigenvalues given, in coordinates of its own. */
const bowl = (eigenvalues: number[]) => (p: { w: Tensor }) =>
  p.w.reshape([p.w.size]).square().mul(constant(eigenvalues, 'float64')).sum().mul(0.5);
const eigenvalues = [-2, -0.5, 0, 0.25, 1, 1.5, 4, 9];
const at = {
  w: f64([
    [1, 2, 3, 4],
    [5, 6, 7, 8],
  ]),
};

type Net = { w1: Tensor; b1: Tensor; w2: Tensor };
const net = {
  w1: random64([3, 4], { stream: 40 }),
  b1: random64([4], { stream: 41 }),
  w2: random64([4, 3], { stream: 42 }),
};
const networkLoss = (p: Net) => {
  const x = constant(random64([8, 3], { stream: 43, low: -2, high: 2 }));
  return crossEntropy(x.matmul(p.w1).add(p.b1).tanh().matmul(p.w2), constant([0, 1, 2, 0, 1, 2, 0, 1], 'int32'));
};

describe('hessianExtremes', () => {
  it('finds both ends of a spectrum', async () => {
    const got = await compile((p: { w: Tensor }, k: Tensor) => hessianExtremes(bowl(eigenvalues), p, k))(at, key(0));
    allClose(got.min, [-2], 1e-10, 'min');
    allClose(got.max, [9], 1e-10, 'max');
  });

  it('does not take the zeros of an exhausted space for eigenvalues', async () => {
    // Two different eigenvalues: the iteration ends after two steps of the eight.
    const two = [3, 3, 3, 3, 5, 5, 5, 5];
    const got = await compile((p: { w: Tensor }, k: Tensor) => hessianExtremes(bowl(two), p, k))(at, key(1));
    allClose(got.min, [3], 1e-10, 'min');
    allClose(got.max, [5], 1e-10, 'max');
  });

  it.each([true, false])('agrees with the whole Hessian of a network, vectors: %s', async (vectors) => {
    const run = compile((p: Net, k: Tensor) => {
      const flat = (v: Tensor) =>
        networkLoss({
          w1: v.slice([[0, 12]]).reshape([3, 4]),
          b1: vectors ? v.slice([[12, 16]]) : p.b1,
          w2: v.slice([[-12]]).reshape([4, 3]),
        });
      const start = [p.w1, ...(vectors ? [p.b1] : []), p.w2]
        .map((x) => x.reshape([x.size]))
        .reduce((a, b) => a.concat(b));
      const [values] = eigh(hessian(flat)(start) as Tensor);
      return { found: hessianExtremes(networkLoss, p, k, { steps: 30, vectors }), values };
    });
    const got = await run(net, key(2));
    const values = toNumbers(got.values);
    expect(values).toHaveLength(vectors ? 28 : 24);
    allClose(got.found.min, [values[0]], 1e-9, 'min');
    allClose(got.found.max, [values[values.length - 1]], 1e-9, 'max');
  });

  it('holds buffers and integers fixed', async () => {
    type State = { w: Tensor; running_mean: Tensor; num_batches_tracked: Tensor };
    const loss = (p: State) => p.w.square().sum().mul(p.running_mean.square().sum());
    const got = await compile((p: State, k: Tensor) => hessianExtremes(loss, p, k))(
      { w: f64([1, 2]), running_mean: f64([3]), num_batches_tracked: ndarray(BigInt64Array.of(5n)) },
      key(3),
    );
    allClose(got.max, [18], 1e-12, 'max');
  });
});

describe('hessianSpectrum', () => {
  it('has all eigenvalues when it takes as many steps as there are parameters', async () => {
    const got = await compile((p: { w: Tensor }, k: Tensor) =>
      hessianSpectrum(bowl(eigenvalues), p, k, { steps: 100, probes: 3 }),
    )(at, key(0));
    expect(got.eigenvalues.shape).toEqual([3, 8]);
    for (const probe of [0, 1, 2]) {
      const row = toNumbers(got.eigenvalues).slice(8 * probe, 8 * probe + 8);
      const weights = toNumbers(got.weights).slice(8 * probe, 8 * probe + 8);
      row.forEach((v, i) => close(v, eigenvalues[i], 1e-9, 'eigenvalue'));
      close(
        weights.reduce((a, b) => a + b),
        1,
        1e-12,
        'weights',
      );
    }
  });

  it('has the moments of the spectrum, in few steps', async () => {
    const values = Array.from({ length: 64 }, (_, i) => Math.sin(i) * 3 + 1);
    const start = { w: ndarray(new Float64Array(64)) };
    const got = await compile((p: { w: Tensor }, k: Tensor) =>
      hessianSpectrum(bowl(values), p, k, { steps: 6, probes: 40 }),
    )(start, key(5));
    const [points, weights] = [toNumbers(got.eigenvalues), toNumbers(got.weights)];
    // A probe sees the mean of f over eigenvalues, each with the square of a normal number as its weight: four standard errors.
    for (const f of [(v: number) => v, (v: number) => v * v, (v: number) => Math.exp(-v * v)]) {
      const found = points.reduce((sum, v, i) => sum + (weights[i] * f(v)) / 40, 0);
      const mean = values.reduce((sum, v) => sum + f(v) / 64, 0);
      const variance = values.reduce((sum, v) => sum + (f(v) - mean) ** 2 / 64, 0);
      expect(Math.abs(found - mean)).toBeLessThan(4 * Math.sqrt((2 * variance) / (64 * 40)));
    }
  });

  it('is exact for one probe: weights are those of its quadratic forms', async () => {
    const got = await compile((p: Net, k: Tensor) => hessianSpectrum(networkLoss, p, k, { steps: 5 }))(net, key(6));
    const more = await compile((p: Net, k: Tensor) => hessianSpectrum(networkLoss, p, k, { steps: 28 }))(net, key(6));
    // k steps integrate polynomials up to degree 2 k - 1 exactly.
    for (const power of [1, 2, 5, 9]) {
      const moment = ({ eigenvalues: l, weights: w }: { eigenvalues: NDArray; weights: NDArray }) =>
        toNumbers(l).reduce((sum, v, i) => sum + Number(w.data[i]) * v ** power, 0);
      close(moment(got), moment(more), 1e-10, `moment ${power}`);
    }
  });
});

describe('spectralDensity', () => {
  it('integrates to 1, with a bump where eigenvalues are', async () => {
    const density = await compile((l: Tensor, w: Tensor) =>
      spectralDensity({ eigenvalues: l, weights: w }, linspace(-5, 5, 2001, 'float64'), { deviation: 0.1 }),
    )(
      f64([
        [-1, 2],
        [-1, 2],
      ]),
      f64([
        [0.25, 0.75],
        [0.75, 0.25],
      ]),
    );
    const values = toNumbers(density);
    close(values.reduce((a, b) => a + b) * 0.005, 1, 1e-9, 'integral');
    close(values[800], 0.5 / (0.1 * Math.sqrt(2 * Math.PI)), 1e-9, 'at -1');
    close(values[1400], values[800], 1e-9, 'at 2');
    close(values[1000], 0, 1e-9, 'between');
  });
});

describe('errors', () => {
  const spectrum = { eigenvalues: constant([[1]]), weights: constant([[1]]) };
  it('names what does not fit', async () => {
    expect(() => spectralDensity(spectrum, constant([1]), { deviation: 0 })).toThrow(/deviation 0/);
    expect(() => spectralDensity(spectrum, constant([[1]]), { deviation: 1 })).toThrow(/at \[1, 1\]/);
    expect(() => spectralDensity({ ...spectrum, weights: constant([1]) }, constant([1]), { deviation: 1 })).toThrow(
      /eigenvalues \[1, 1\] and weights \[1\]/,
    );
    const none = compile((p: { b: Tensor }, k: Tensor) => hessianExtremes((q) => q.b.sum(), p, k, { vectors: false }));
    await expect(none({ b: f64([1]) }, key(0))).rejects.toThrow(/there are no parameters to move/);
    const probes = compile((p: { b: Tensor }, k: Tensor) => hessianSpectrum((q) => q.b.sum(), p, k, { probes: 0 }));
    await expect(probes({ b: f64([1]) }, key(0))).rejects.toThrow(/probes 0/);
    const steps = compile((p: { b: Tensor }, k: Tensor) => hessianSpectrum((q) => q.b.sum(), p, k, { steps: 0 }));
    await expect(steps({ b: f64([1]) }, key(0))).rejects.toThrow(/steps 0/);
  });
});
