import { describe, expect, it } from 'vitest';
import { constant, type NDArray, ndarray, type Tensor, toNumbers } from '../../../src/index.js';
import { binaryCrossEntropyWithLogits } from '../../../src/losses/index.js';
import { lbfgs, strongWolfe } from '../../../src/optim/index.js';
import { allClose, random64 } from '../../support/derivatives.js';
import { type GoldenArray, golden } from '../../support/golden.js';

interface Minimised {
  readonly x: GoldenArray;
  readonly value: number;
  readonly evaluations: number;
}
const reference = golden<{ logistic: Minimised; rosenbrock: Minimised }>('minimizers');

const rosenbrock = (x: Tensor): Tensor => {
  const [a, b] = [x.slice([[0, -1]]), x.slice([[1]])];
  return b.sub(a.square()).square().mul(100).add(a.sub(1).square()).sum();
};

describe('lbfgs', () => {
  it('finds the minimum of a logistic regression that PyTorch finds', async () => {
    const x = random64([40, 5], { stream: 70 });
    const labels = random64([40], { stream: 71 });
    const loss = (p: { w: Tensor; b: Tensor }, x: Tensor, y: Tensor) =>
      binaryCrossEntropyWithLogits(x.matmul(p.w).add(p.b), y.greater(0).cast('float64')).add(
        p.w.square().sum().mul(0.01),
      );
    const start = { w: ndarray(new Float64Array(5)), b: ndarray(new Float64Array(1), { shape: [] }) };
    const found = await lbfgs(loss, start, [x, labels], { gradientTolerance: 1e-9, valueTolerance: 0 });
    expect(found.reason).toBe('gradient');
    expect(found.value).toBeCloseTo(reference.logistic.value, 13);
    allClose(found.x.w as NDArray, reference.logistic.x.data.slice(0, 5), 1e-8, 'w');
    allClose(found.x.b as NDArray, reference.logistic.x.data.slice(5), 1e-8, 'b');
    expect(toNumbers(start.w)).toEqual([0, 0, 0, 0, 0]);
  });

  it("follows Rosenbrock's valley to its end in about as many evaluations as PyTorch", async () => {
    const start = ndarray(Float64Array.from({ length: 10 }, (_, i) => (i % 2 ? 1 : -1.2)));
    const values: number[] = [];
    const found = await lbfgs(rosenbrock, start, [], {
      iterations: 500,
      gradientTolerance: 1e-9,
      onIteration: ({ value }) => values.push(value),
    });
    allClose(found.x as NDArray, reference.rosenbrock.x.data, 1e-7, 'x');
    expect(found.value).toBeCloseTo(reference.rosenbrock.value, 12);
    expect(found.evaluations).toBeLessThan(1.5 * reference.rosenbrock.evaluations);
    expect(values).toHaveLength(found.iterations);
    values.forEach((value, i) => expect(value).toBeLessThan(values[i - 1] ?? Infinity));
  });

  it('works in float32 as far as it goes, and says why it stopped', async () => {
    const quadratic = (x: Tensor) =>
      x
        .sub(constant([1, -2, 3]))
        .square()
        .mul(constant([1, 10, 100]))
        .sum();
    const found = await lbfgs(quadratic, ndarray([0, 0, 0]), []);
    allClose(found.x as NDArray, [1, -2, 3], 1e-3, 'x');
    expect((found.x as NDArray).dtype).toBe('float32');
    expect(['gradient', 'value', 'line search']).toContain(found.reason);
    const cut = await lbfgs(rosenbrock, ndarray(new Float64Array(4)), [], { iterations: 2 });
    expect(cut).toMatchObject({ iterations: 2, reason: 'iterations' });
  });

  it('refuses a start that is not finite', async () => {
    await expect(lbfgs((x: Tensor) => x.log().sum(), ndarray([-1], { dtype: 'float64' }), [])).rejects.toThrow(
      /lbfgs: the function is NaN at the start/,
    );
  });
});

describe('strongWolfe', () => {
  const along = (f: (t: number) => number, slope: (t: number) => number) => ({
    at: async (step: number) => ({ step, value: f(step), slope: slope(step) }),
    start: { step: 0, value: f(0), slope: slope(0) },
  });

  it.each([
    ['a parabola from a step too short', (t: number) => (t - 5) ** 2, (t: number) => 2 * (t - 5), 0.01],
    ['a parabola from a step too long', (t: number) => (t - 0.1) ** 2, (t: number) => 2 * (t - 0.1), 10],
    ['a wave', (t: number) => -Math.sin(t) - 0.01 * t, (t: number) => -Math.cos(t) - 0.01, 20],
    ['a wall', (t: number) => (t < 1 ? -Math.log(1 - t) - 3 * t : Number.NaN), (t: number) => 1 / (1 - t) - 3, 4],
  ])('satisfies both conditions on %s', async (_, f, slope, first) => {
    const { at, start } = along(f, slope);
    const found = await strongWolfe(at, start, first, { curvature: 0.1 });
    expect(found).toBeDefined();
    const { step, value, slope: there } = found as NonNullable<typeof found>;
    expect(value).toBeLessThanOrEqual(start.value + 1e-4 * step * start.slope);
    expect(Math.abs(there)).toBeLessThanOrEqual(0.1 * Math.abs(start.slope));
  });

  it('says so when nothing is lower', async () => {
    const { at } = along(
      () => 1,
      () => 0,
    );
    expect(await strongWolfe(at, { step: 0, value: 1, slope: -1 }, 1)).toBeUndefined();
  });
});
