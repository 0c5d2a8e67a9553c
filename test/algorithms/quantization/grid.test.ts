import { describe, expect, it } from 'vitest';
import {
  dequantize,
  fakeQuantize,
  type QuantizationGrid,
  quantizationGrid,
  quantize,
  roundStochastically,
  roundToNearest,
} from '../../../src/algorithms/index.js';
import {
  compile,
  floorStraightThrough,
  grad,
  type NDArray,
  ndarray,
  type Tensor,
  toNumbers,
  zeros,
} from '../../../src/index.js';
import { key } from '../../../src/runtime/random/index.js';
import { allClose, checkDerivatives, random64 } from '../../support/derivatives.js';
import { fromGolden, type GoldenArray, golden } from '../../support/golden.js';

interface QuantizerCase {
  readonly name: string;
  readonly bits: number;
  readonly axis: number | null;
  readonly observed: GoldenArray;
  readonly scale: GoldenArray;
  readonly zeroPoint: GoldenArray;
  readonly x: GoldenArray;
  readonly cotangent: GoldenArray;
  readonly output: GoldenArray;
  readonly gradient: GoldenArray;
}
const { quantizers } = golden<{ quantizers: QuantizerCase[] }>('quantization');
const f64 = (values: number[]) => ndarray(values, { dtype: 'float64' });

describe('quantizationGrid and fakeQuantize', () => {
  it.each(quantizers.map((c) => [c.name, c] as const))('are those of PyTorch, %s', async (_, c) => {
    const run = compile((observed: Tensor, x: Tensor, u: Tensor) => {
      const options = { bits: c.bits, scheme: 'affine', ...(c.axis !== null && { channelAxis: c.axis }) } as const;
      const grid = quantizationGrid(observed, options);
      return {
        grid,
        output: fakeQuantize(x, grid),
        again: dequantize(quantize(x, grid), grid),
        gradient: grad((y: Tensor) => fakeQuantize(y, grid).mul(u).sum())(x),
      };
    });
    const [observed, x, u] = [c.observed, c.x, c.cotangent].map((a) => fromGolden(a, 'float32'));
    const got = await run(observed, x, u);
    allClose(got.grid.scale as NDArray, c.scale.data, 1e-6, 'scale');
    allClose(got.grid.zeroPoint as NDArray, c.zeroPoint.data, 0, 'zero point');
    allClose(got.output, c.output.data, 1e-5, 'output');
    allClose(got.again, c.output.data, 1e-5, 'through integers');
    allClose(got.gradient, c.gradient.data, 1e-6, 'gradient');
    expect(c.gradient.data.filter((g) => g === 0).length).toBeGreaterThan(0);
  });

  it('spans what is symmetric around 0, and everything for a scale an entry', async () => {
    const x = ndarray(
      [
        [1.4, -0.35, 0],
        [0, 0, 0],
      ],
      { dtype: 'float64' },
    );
    const run = compile((x: Tensor) => [
      quantizationGrid(x, { bits: 4 }),
      quantizationGrid(x, { bits: 4, channelAxis: 0 }),
    ]);
    const [whole, rows] = (await run(x)) as unknown as QuantizationGrid<NDArray>[];
    allClose(whole.scale, [0.2], 1e-12, 'scale');
    expect([whole.low, whole.high, whole.zeroPoint].map((a) => toNumbers(a)[0])).toEqual([-8, 7, 0]);
    expect(rows.scale.shape).toEqual([2, 1]);
    allClose(rows.scale, [0.2, 1], 1e-12, 'a row of zeros has the scale 1');
  });

  it('clips where that costs least', async () => {
    const x = f64([...toNumbers(random64([400], { stream: 3 })), 6]);
    const run = compile((x: Tensor) => {
      const error = (grid: QuantizationGrid) => fakeQuantize(x, grid).sub(x).square().sum();
      const best = quantizationGrid(x, { bits: 3, range: 'mse' });
      const whole = quantizationGrid(x, { bits: 3 });
      return {
        best: best.scale,
        found: error(best),
        all: Array.from({ length: 81 }, (_, i) => error({ ...whole, scale: whole.scale.mul(0.2 + i * 0.01) })),
        affine: error(quantizationGrid(x, { bits: 3, range: 'mse', scheme: 'affine' })),
        affineWhole: error(quantizationGrid(x, { bits: 3, scheme: 'affine' })),
      };
    });
    const got = await run(x);
    const errors = got.all.map((e) => toNumbers(e)[0]);
    expect(toNumbers(got.found)[0]).toBeCloseTo(Math.min(...errors), 9);
    expect(Math.min(...errors)).toBeLessThan(0.9 * errors[80]);
    expect(toNumbers(got.best)[0]).toBeCloseTo(2 * (0.2 + 0.01 * errors.indexOf(Math.min(...errors))), 9);
    expect(toNumbers(got.affine)[0]).toBeLessThan(toNumbers(got.affineWhole)[0]);
  });

  it('chooses a range a channel', async () => {
    const [a, b] = [0, 1].map((stream) => toNumbers(random64([60], { stream, high: 1 + 3 * stream })));
    const run = compile((x: Tensor) => quantizationGrid(x, { bits: 3, range: 'mse', channelAxis: 0 }).scale);
    const both = await run(ndarray([a, b], { dtype: 'float64' }));
    for (const [i, row] of [a, b].entries())
      expect(toNumbers(await run(ndarray([row], { dtype: 'float64' })))[0]).toBe(toNumbers(both)[i]);
  });

  it('rounds as asked', async () => {
    const grid = (x: Tensor): QuantizationGrid => {
      const one = x.sum().zerosLike();
      return { scale: one.add(0.5), zeroPoint: one, low: one.sub(4), high: one.add(3) };
    };
    const run = compile((x: Tensor, k: Tensor) => {
      const levels = (round?: (y: Tensor) => Tensor) => fakeQuantize(x, grid(x), { round });
      return [levels(), levels(roundToNearest), levels(floorStraightThrough), levels(roundStochastically(k))];
    });
    const [plain, near, floor] = (await run(f64([0.4, -0.3, 0.75, 9, -9]), key(0))).map(toNumbers);
    expect(plain).toEqual([0.5, -0.5, 1, 1.5, -2]);
    expect(near).toEqual(plain);
    expect(floor).toEqual([0, -0.5, 0.5, 1.5, -2]);
    const many = f64(new Array(4000).fill(0.4));
    const [, , , draws] = (await run(many, key(1))).map(toNumbers);
    expect(new Set(draws)).toEqual(new Set([0, 0.5]));
    // Up four times in five: the mean of 4,000 is within 5 deviations of 0.4.
    expect(Math.abs(draws.reduce((s, v) => s + v, 0) / 4000 - 0.4)).toBeLessThan((5 * 0.5 * 0.4) / Math.sqrt(4000));
  });

  it('has the derivative of its scale', async () => {
    // Within a step nothing jumps: levels are fixed integers times the scale.
    await checkDerivatives(
      (scale) => {
        const zero = scale.zerosLike();
        const grid = { scale, zeroPoint: zero, low: zero.sub(2), high: zero.add(1) };
        return fakeQuantize(zero.add(0.73), grid, { round: (x) => x.floor() });
      },
      [ndarray(0.6, { dtype: 'float64' })],
      { second: false },
    );
  });

  it('refuses what does not fit', () => {
    const x = zeros([2, 3]);
    expect(() => quantizationGrid(x, { bits: 1 })).toThrow(/quantizationGrid: bits 1 must be an integer from 2 to 16/);
    expect(() => quantizationGrid(x, { channelAxis: 2 })).toThrow(/channelAxis 2 must be an axis of x \[2, 3\]/);
    expect(() => quantizationGrid(zeros([2], 'int32'))).toThrow(/x must be float32 or float64, not int32/);
  });
});
