import { describe, expect, it } from 'vitest';
import { compile, constant, grad, type NDArray, ndarray, type Tensor, toNumbers } from '../../../src/index.js';
import {
  firstOrder,
  mSharpness,
  sam,
  samGradient,
  samGradientOfParts,
  samPerturbation,
  sgd,
  sharpness,
} from '../../../src/optim/index.js';
import { allClose, checkDerivatives, random64 } from '../../support/derivatives.js';

const f64 = (values: number[] | number[][]) => ndarray(values, { dtype: 'float64' });
/** (4 w1^2 + w2^2) / 2 */
const bowl = (w: Tensor) =>
  w
    .square()
    .mul(constant([4, 1]).cast(w.dtype))
    .sum()
    .div(2);

describe('samPerturbation', () => {
  it.each<[number, number[], number]>([
    [2, [0.06, -0.08, 0], 0.5],
    [4, [0.079787468849, -0.087817472504, 0], 0.5906322965648888],
    [1.5, [0.044485135173, -0.079084684752, 0], 0.4497941445275415],
    [Infinity, [0.1, -0.1, 0], 0.7],
    [1, [0, -0.1, 0], 0.4],
  ])('p = %s: lies on the sphere, where the linearised loss is largest', async (p, expected, product) => {
    const e = await compile((g: Tensor) => samPerturbation(g, { radius: 0.1, p }))(f64([3, -4, 0]));
    allClose(e, expected, 1e-12, 'perturbation');
    const values = toNumbers(e);
    expect(3 * values[0] - 4 * values[1]).toBeCloseTo(product, 12);
    const norm =
      p === Infinity ? Math.max(...values.map(Math.abs)) : values.reduce((s, v) => s + Math.abs(v) ** p, 0) ** (1 / p);
    expect(norm).toBeCloseTo(0.1, 12);
  });

  it('takes one norm over all tensors, whatever the scale of the loss, and nothing of nothing', async () => {
    const run = compile((a: Tensor, b: Tensor) => samPerturbation({ a, b: [b] }, { radius: 1 }));
    for (const scale of [1, 1e3]) {
      const { a, b } = await run(f64([3 * scale]), f64([0, 4 * scale]));
      allClose(a, [0.6], 1e-12, 'a');
      allClose(b[0], [0, 0.8], 1e-12, 'b');
    }
    const nothing = await run(f64([0]), f64([0, 0]));
    expect([toNumbers(nothing.a), toNumbers(nothing.b[0])]).toEqual([[0], [0, 0]]);
  });

  it('adaptive: |e / (|w| + 0.01)| is the radius, and rescaled weights are moved alike', async () => {
    const run = compile((g: Tensor, w: Tensor) => samPerturbation(g, { radius: 0.5, adaptive: true }, w));
    const [g, w] = [f64([1, -2, 0.5]), f64([2, -1, 0.3])];
    const e = toNumbers(await run(g, w));
    const t = toNumbers(w).map((v) => Math.abs(v) + 0.01);
    expect(Math.hypot(...e.map((v, i) => v / t[i]))).toBeCloseTo(0.5, 12);
    const norm = Math.hypot(...toNumbers(g).map((v, i) => v * t[i]));
    allClose(
      f64(e),
      toNumbers(g).map((v, i) => (0.5 * v * t[i] ** 2) / norm),
      1e-12,
      'equation 10',
    );
  });

  it('with p = 1 shares the radius among the largest; with p near 1 small gradients count as large ones do', async () => {
    const run = (p: number) => compile((g: Tensor, h: Tensor) => samPerturbation({ g, h }, { radius: 1, p }));
    const tied = await run(1)(f64([2, -1]), f64([0, -2]));
    expect([toNumbers(tied.g).map((v) => v + 0), toNumbers(tied.h).map((v) => v + 0)]).toEqual([
      [0.5, 0],
      [0, -0.5],
    ]);
    const nothing = await run(1)(f64([0]), f64([0, 0]));
    expect([...toNumbers(nothing.g), ...toNumbers(nothing.h)].map((v) => v + 0)).toEqual([0, 0, 0]);
    // The eleventh powers of these are 0 in float32.
    const [small, large] = [1e-5, 1].map((scale) => run(1.1)(ndarray([3 * scale, scale]), ndarray([-4 * scale])));
    allClose((await small).g, toNumbers((await large).g), 1e-6, 'first tensor');
    allClose((await small).h, toNumbers((await large).h), 1e-6, 'second tensor');
    expect(toNumbers((await small).h)[0]).toBeLessThan(-0.9);
  });

  it('has the radius of the paper by default, 0.05, and 0.5 when adaptive', async () => {
    const g = f64([3, -4, 0]);
    allClose(await compile((x: Tensor) => samPerturbation(x))(g), [0.03, -0.04, 0], 1e-12, 'plain');
    const [byDefault, given] = await compile((x: Tensor) => [
      samPerturbation(x, { adaptive: true }, x),
      samPerturbation(x, { adaptive: true, radius: 0.5 }, x),
    ])(g);
    expect(toNumbers(byDefault)).toEqual(toNumbers(given));
    const rises = await compile((w: Tensor) => [sharpness(bowl, w), sharpness(bowl, w, { radius: 0.05 })])(f64([1, 3]));
    expect(toNumbers(rises[0])).toEqual(toNumbers(rises[1]));
  });

  it('refuses what has no meaning', () => {
    const g = constant([1]);
    expect(() => samPerturbation(g, { radius: -1 })).toThrow(/radius -1/);
    expect(() => samPerturbation(g, { p: 0.5 })).toThrow(/p 0.5 must be at least 1/);
    expect(() => samPerturbation(g, { adaptive: true })).toThrow(/needs the parameters/);
    expect(() => samPerturbation(g, { adaptive: true, p: 3 }, g)).toThrow(/has p 2, not 3/);
  });
});

describe('sam', () => {
  it("is the paper's step on a quadratic", async () => {
    const optimizer = sam(sgd({ learningRate: 0.1 }), { radius: 0.1 });
    const got = await compile((w: Tensor) => {
      const { params, value } = optimizer.step(bowl, w, optimizer.init(w));
      const e = samPerturbation(grad(bowl)(w), { radius: 0.1 });
      return { params, value, e, gradient: samGradient(bowl, w, { radius: 0.1 })[1], there: bowl(w.add(e)) };
    })(f64([1, 1]));
    allClose(got.e, [0.097014250014533, 0.024253562503633], 1e-12, 'perturbation');
    allClose(got.gradient, [4.388057000058, 1.024253562504], 1e-11, 'gradient');
    allClose(got.params, [0.561194299994, 0.89757464375], 1e-11, 'parameters');
    allClose(got.value, [2.5], 1e-12, 'value');
    allClose(got.there, [2.93142820962059], 1e-12, 'value at the perturbation');
  });

  it('on logistic loss, first and second order', async () => {
    const x = constant([
      [1, 2],
      [-1, 0.5],
    ]).cast('float64');
    const y = constant([1, -1]).cast('float64');
    const loss = (w: Tensor) => x.matmul(w).mul(y).neg().softplus().mean();
    const got = await compile((w: Tensor) => ({
      first: samGradient(loss, w, { radius: 0.5 }),
      second: samGradient(loss, w, { radius: 0.5, secondOrder: true })[1],
      plain: grad(loss)(w),
      rise: sharpness(loss, w, { radius: 0.5 }),
    }))(f64([0.5, -0.25]));
    allClose(got.first[0], [0.560923929418232], 1e-12, 'loss');
    allClose(got.plain, [-0.424322567667, -0.412838716167], 1e-11, 'gradient');
    allClose(got.first[1], [-0.566690460142, -0.643992329633], 1e-11, 'gradient at the perturbation');
    allClose(got.second, [-0.565128449808, -0.65767356712], 1e-11, 'second order');
    allClose(got.rise, [0.9255341822426175 - 0.560923929418232], 1e-12, 'sharpness');
    await checkDerivatives(
      (w) => sharpness((v: Tensor) => v.pow(4).sum(), w, { radius: 0.2, steps: 3 }),
      [random64([3], { low: 0.5, high: 1 })],
    );
  });

  it('to second order is the gradient of the loss at the perturbation, whose scales move too when adaptive', async () => {
    const loss = (w: Tensor) => w.pow(4).sum().add(w.prod());
    for (const options of [{ radius: 0.3 }, { radius: 0.3, p: 3 }, { radius: 0.3, adaptive: true }]) {
      const worst = (w: Tensor) => loss(w.add(samPerturbation(grad(loss)(w), options, w)));
      const [second, whole, first] = await compile((w: Tensor) => [
        samGradient(loss, w, { ...options, secondOrder: true })[1],
        grad(worst)(w),
        samGradient(loss, w, options)[1],
      ])(f64([0.9, -0.7, 0.4]));
      allClose(second, toNumbers(whole), 1e-12, 'gradient');
      expect(Math.abs(toNumbers(second)[0] - toNumbers(first)[0])).toBeGreaterThan(1e-3);
    }
  });

  it('climbs in steps whose lengths add up to the radius', async () => {
    const [rise, climbed] = await compile((w: Tensor) => {
      const half = (at: Tensor) => at.add(samPerturbation(grad(bowl)(at), { radius: 0.2 }));
      return [sharpness(bowl, w, { radius: 0.4, steps: 2 }), bowl(half(half(w))).sub(bowl(w))];
    })(f64([0.3, 1]));
    allClose(rise, toNumbers(climbed), 1e-14, 'rise');
    expect(() => sharpness(bowl, constant([1, 1]), { steps: 0 })).toThrow(/steps 0 must be a positive integer/);
  });

  it('with radius 0 is the base optimizer, bit for bit, and without a rate moves nothing', async () => {
    const loss = (w: Tensor) => w.tanh().square().sum();
    const options = { learningRate: 0.1, momentum: 0.9 };
    const trained = async (minimizer: ReturnType<typeof sam>) => {
      const step = compile((w: Tensor, state: { velocity: Tensor }[]) => {
        const { params, state: next } = minimizer.step(loss, w, state);
        return { params, next: next as typeof state };
      });
      let w: NDArray = ndarray([0.5, -1, 2]);
      let state = minimizer.init(w) as never;
      for (let i = 0; i < 5; i++) {
        const result = await step(w, state);
        w = result.params;
        state = result.next as never;
      }
      return toNumbers(w);
    };
    expect(await trained(sam(sgd(options), { radius: 0 }))).toEqual(await trained(firstOrder(sgd(options))));
    expect(await trained(sam(sgd(options), { radius: 0.5 }))).not.toEqual(await trained(firstOrder(sgd(options))));
    expect(await trained(sam(sgd({ ...options, learningRate: 0 })))).toEqual([0.5, -1, 2]);
  });

  it('keeps what else the objective returns of the first pass', async () => {
    const got = await compile(
      (w: Tensor) =>
        sam(sgd({ learningRate: 0.1 }), { radius: 1 }).step((v: Tensor) => [bowl(v), v.mul(2)] as const, w, [{}])
          .value[1],
    )(f64([1, 3]));
    expect(toNumbers(got)).toEqual([2, 6]);
  });

  it('perturbs every part of a batch by itself when asked', async () => {
    const parts = [1, -2].map(
      (k) => (w: Tensor) =>
        w
          .sub(k)
          .square()
          .mul(constant([1, 3]).cast(w.dtype))
          .sum(),
    );
    const got = await compile((w: Tensor) => ({
      parts: samGradientOfParts(parts, w, { radius: 0.3 })[1],
      value: samGradientOfParts(parts, w, { radius: 0.3 })[0],
      first: parts[0](w),
      each: parts.map((part) => samGradient(part, w, { radius: 0.3 })[1]),
      rise: mSharpness(parts, w, { radius: 0.3 }),
      rises: parts.map((part) => sharpness(part, w, { radius: 0.3 })),
    }))(f64([0.2, 0.4]));
    const mean = (lists: NDArray[]) => toNumbers(lists[0]).map((v, i) => (v + toNumbers(lists[1])[i]) / 2);
    allClose(got.parts, mean(got.each), 1e-12, 'gradient');
    allClose(got.value, toNumbers(got.first), 1e-12, 'value');
    expect(() => samGradientOfParts([], constant([1]))).toThrow(/no parts/);
    expect(() => mSharpness([], constant([1]))).toThrow(/no parts/);
    allClose(got.rise, mean(got.rises), 1e-12, 'm-sharpness');
  });
});
