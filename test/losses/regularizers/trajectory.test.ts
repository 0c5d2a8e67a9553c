import { describe, expect, it } from 'vitest';
import { compile, constant, grad, type NDArray, ndarray, type Tensor, toNumbers } from '../../../src/index.js';
import { crossEntropy, readTrajectory, trajectoryLoss, writeTrajectory } from '../../../src/losses/index.js';
import { exponentialMovingAverage } from '../../../src/optim/index.js';
import { allClose, checkDerivatives, random64 } from '../../support/derivatives.js';

const f64 = (values: number[][]) => ndarray(values, { dtype: 'float64' });
const logits = f64([
  [2, 0, -1],
  [0, 1, 1],
]);
const past = f64([
  [1, 0.5, -1],
  [0, 0, 2],
]);

describe('trajectoryLoss', () => {
  it('has the values of the card', async () => {
    const labels = ndarray([0, 2], { dtype: 'int32' });
    const got = await compile((z: Tensor, p: Tensor, y: Tensor) => ({
      loss: trajectoryLoss(z, p),
      gradient: grad((v: Tensor) => trajectoryLoss(v, p))(z),
      past: grad((v: Tensor) => trajectoryLoss(z, v))(p),
      total: crossEntropy(z, y).add(trajectoryLoss(z, p).mul(0.3)),
    }))(logits, past, labels);
    allClose(got.loss, [0.2838705671], 1e-10, 'loss');
    allClose(
      got.gradient,
      [0.1557523448, -0.1232689275, -0.0324834173, 0.0101939181, 0.1709659666, -0.1811598847],
      1e-10,
      'gradient',
    );
    expect(toNumbers(got.past)).toEqual([0, 0, 0, 0, 0, 0]);
    allClose(got.total, [0.6010815781879046], 1e-8, 'with cross-entropy');
    const each = compile((z: Tensor, p: Tensor) => [
      trajectoryLoss(z, p, { reduction: 'none' }),
      trajectoryLoss(z, p, { reduction: 'sum' }),
    ]);
    const [ofEach, sum] = await each(logits, past);
    allClose(ofEach, [25 * 0.0086773168, 25 * 0.0140323286], 1e-8, 'of each example');
    allClose(sum, [2 * 0.2838705671], 1e-9, 'sum');
    await checkDerivatives((z) => trajectoryLoss(z, z.mul(0).add(1).cumsum(1)), [logits]);
  });

  it('is 0 for outputs that differ by a constant, and a quadratic at high temperature', async () => {
    const run = compile((z: Tensor, p: Tensor, shift: Tensor) => ({
      same: trajectoryLoss(z, z.add(shift)),
      gradient: grad((v: Tensor) => trajectoryLoss(v, z.add(shift)))(z),
      hot: trajectoryLoss(z, p, { temperature: 1e4 }),
      limit: z
        .sub(p)
        .sub(z.sub(p).mean(1, { keepDims: true }))
        .square()
        .sum(1)
        .mean()
        .div(6),
    }));
    const got = await run(logits, past, f64([[3], [-1]]));
    allClose(got.same, [0], 1e-14, 'loss');
    allClose(got.gradient, new Array(6).fill(0), 1e-14, 'gradient');
    expect(toNumbers(got.hot)[0] / toNumbers(got.limit)[0]).toBeCloseTo(1, 4);
  });

  it('is finite for huge logits, and takes those of an averaged model', async () => {
    const huge = f64([
      [1e4, -1e4, 0],
      [0, 0, 0],
    ]);
    const got = await compile((z: Tensor, p: Tensor) => ({
      away: trajectoryLoss(z, p, { reduction: 'none' }),
      back: trajectoryLoss(p, z, { reduction: 'none' }),
      gradient: grad((v: Tensor) => trajectoryLoss(v, p))(z),
    }))(huge, f64(new Array(2).fill([0, 0, 0])));
    // KL of even odds from (1, 0, 0) at temperature 5: -log 3 + (4,000 + 2,000) / 3, times 25; the other way log 3.
    allClose(got.away, [25 * (2000 - Math.log(3)), 0], 1e-9, 'away from even odds');
    allClose(got.back, [25 * Math.log(3), 0], 1e-12, 'back to them');
    expect(toNumbers(got.gradient).every(Number.isFinite)).toBe(true);
    // MESA: a model of one weight, and the average of its weights over time, which no gradient reaches.
    const average = exponentialMovingAverage(0.9);
    const mesa = compile((w: Tensor, x: Tensor) => {
      const kept = average.update(average.init(w), w.add(1));
      const smooth = average.value(kept);
      const penalty = (v: Tensor) => trajectoryLoss(x.mul(v), x.mul(smooth));
      return {
        penalty: penalty(w),
        slope: grad(penalty)(w),
        slow: grad((v: Tensor) => trajectoryLoss(x.mul(w), x.mul(v)))(w),
      };
    });
    const made = await mesa(ndarray([1], { dtype: 'float64' }), logits);
    expect(toNumbers(made.penalty)[0]).toBeGreaterThan(0);
    expect(toNumbers(made.slope)[0]).toBeLessThan(0);
    expect(toNumbers(made.slow)).toEqual([0]);
  });

  it('refuses what does not fit', async () => {
    await expect(compile((z: Tensor, p: Tensor) => trajectoryLoss(z, p))(logits, f64([[1, 2, 3]]))).rejects.toThrow(
      /logits \[2, 3\] and past \[1, 3\]/,
    );
    expect(() => trajectoryLoss(constant([[1, 2]]), constant([[1, 2]]), { temperature: 0 })).toThrow(
      /trajectoryLoss: temperature 0 must be a number above 0/,
    );
  });
});

describe('the store of past outputs', () => {
  it('keeps outputs without their derivative', async () => {
    const kept = await compile((s: Tensor, z: Tensor) =>
      grad((v: Tensor) => writeTrajectory(s, constant(0, 'int32'), constant([1, 0], 'int32'), v).sum())(z),
    )(random64([2, 3, 3]), logits);
    expect(toNumbers(kept)).toEqual([0, 0, 0, 0, 0, 0]);
  });

  it('gives back what the examples had so many epochs ago', async () => {
    const write = compile((s: Tensor, e: Tensor, i: Tensor, z: Tensor) => writeTrajectory(s, e, i, z), { donate: [0] });
    const read = compile((s: Tensor, e: Tensor, i: Tensor) => readTrajectory(s, e, i, 2));
    const int = (values: number[] | number) => ndarray(values, { dtype: 'int32' });
    let store: NDArray = ndarray(new Float32Array(3 * 4 * 2), { shape: [3, 4, 2] });
    const outputs = Array.from({ length: 6 }, (_, epoch) => random64([4, 2], { stream: epoch }));
    for (let epoch = 0; epoch < 6; epoch++) {
      if (epoch >= 2) {
        const [a, b] = [await read(store, int(epoch), int([3, 1])), toNumbers(outputs[epoch - 2])];
        allClose(a, [b[6], b[7], b[2], b[3]], 1e-7, `epoch ${epoch}`);
      }
      // In two batches, in an order of their own.
      const z = toNumbers(outputs[epoch]);
      store = await write(store, int(epoch), int([2, 0]), ndarray([z[4], z[5], z[0], z[1]], { shape: [2, 2] }));
      store = await write(store, int(epoch), int([1, 3]), ndarray([z[2], z[3], z[6], z[7]], { shape: [2, 2] }));
    }
    await expect(
      compile((s: Tensor, e: Tensor, i: Tensor) => readTrajectory(s, e, i, 3))(store, int(0), int([0])),
    ).rejects.toThrow(/lag 3 must be an integer from 1 to 2/);
  });
});
