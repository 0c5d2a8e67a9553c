import { describe, expect, expectTypeOf, it } from 'vitest';
import {
  type ArraysOut,
  compile,
  constant,
  customGradient,
  grad,
  hessian,
  hvp,
  jacobian,
  jvp,
  type NDArray,
  ndarray,
  stopGradient,
  type Tensor,
  toNumbers,
  valueAndGrad,
  vjp,
} from '../../src/index.js';

const f64 = (values: number[] | number | number[][]) => ndarray(values, { dtype: 'float64' });
const at = async (fn: (x: Tensor) => Tensor, x: NDArray) => toNumbers(await compile(fn)(x));

describe('grad', () => {
  it('nests to any order', async () => {
    const f = (x: Tensor) => x.pow(5).add(x.sin()).sum();
    const third = grad((x: Tensor) => grad((y: Tensor) => grad(f)(y).sum())(x).sum());
    const [x] = [0.7];
    expect((await at(third, f64([x])))[0]).toBeCloseTo(60 * x ** 2 - Math.cos(x), 10);
  });

  it('counts the argument alone, not other uses of the same tensor', async () => {
    // d/dx of x * d/dy (x y) at y = x is d/dx x^2.
    expect(
      await at((x) => grad((p: Tensor) => p.mul(grad((q: Tensor) => p.mul(q).sum())(p)).sum())(x), f64([3])),
    ).toEqual([6]);
    // A closure over the very tensor that is passed.
    expect(await at((x) => grad((q: Tensor) => q.mul(x).sum())(x), f64([3]))).toEqual([3]);
  });

  it('takes trees, leaves zeros where nothing depends, and passes holes through', async () => {
    const loss = (p: { a: Tensor; list: Tensor[]; none?: Tensor }) => p.a.mul(p.list[0]).sum();
    const got = await compile((p: { a: Tensor; list: Tensor[] }) => grad(loss)({ ...p, none: undefined }))({
      a: f64([2]),
      list: [f64([3]), f64([4, 5])],
    });
    expect(toNumbers(got.a)).toEqual([3]);
    expect(toNumbers(got.list[0])).toEqual([2]);
    expect(toNumbers(got.list[1])).toEqual([0, 0]);
    expect((got as { none?: unknown }).none).toBeUndefined();
  });

  it('passes other results and arguments through', async () => {
    const f = (x: Tensor, scale: Tensor) => [x.mul(scale).sum(), x.add(1), { name: 'aux' }] as const;
    const got = await compile((x: Tensor, s: Tensor) => valueAndGrad(f)(x, s))(f64([1, 2]), f64(3));
    expect(toNumbers(got[0][0])).toEqual([9]);
    expect(toNumbers(got[0][1])).toEqual([2, 3]);
    expect(got[0][2]).toEqual({ name: 'aux' });
    expect(toNumbers(got[1])).toEqual([3, 3]);
  });

  it('is 1 for the identity and 2 for one tensor in two places', async () => {
    expect(await at((x) => grad((p: Tensor) => p)(x), f64(4))).toEqual([1]);
    const got = await compile((x: Tensor) => grad((p: Tensor[]) => p[0].mul(p[1]).sum())([x, x]))(f64([3]));
    expect(got.map(toNumbers)).toEqual([[3], [3]]);
  });

  it('refuses what has no gradient', () => {
    const x = constant([1, 2]);
    expect(() => grad((p: Tensor) => p)(x)).toThrow(/must return one floating-point number, not float32\[2\]/);
    expect(() => grad((p: Tensor) => p.sum())(constant([1], 'int32'))).toThrow(/int32; only floats have derivatives/);
    expect(() => grad(((p: unknown) => p) as never)({ a: 3 } as never)).toThrow(/argument a is number, not a tensor/);
    expect(() => grad((() => 3) as never)(x as never)).toThrow(/must return a scalar tensor/);
  });
});

describe('forward mode and products', () => {
  it('jvp and vjp of a linear map are the map and its transpose', async () => {
    const a = f64([
      [1, 2, 3],
      [4, 5, 6],
    ]);
    const got = await compile((m: Tensor, x: Tensor, v: Tensor, u: Tensor) => {
      const f = (p: Tensor) => m.matmul(p);
      const [, tangent] = jvp(f, x, v);
      const [value, pull] = vjp(f, x);
      return { value, tangent, cotangent: pull(u) };
    })(a, f64([1, 1, 1]), f64([1, 0, -1]), f64([1, 2]));
    expect(toNumbers(got.value)).toEqual([6, 15]);
    expect(toNumbers(got.tangent)).toEqual([-2, -2]);
    expect(toNumbers(got.cotangent)).toEqual([9, 12, 15]);
  });

  it('checks directions and cotangents', () => {
    const x = constant([1, 2]);
    expect(() => jvp((p: Tensor) => p, x, constant([1, 2, 3]))).toThrow(/jvp: v must be float32\[2\]/);
    expect(() => jvp((p: { a: Tensor }) => p.a, { a: x }, {} as never)).toThrow(/jvp: v: a is missing/);
    expect(() => vjp((p: Tensor) => p.sum(), x)[1](constant([1, 2]))).toThrow(/cotangent must be float32\[\]/);
    expect(() => hvp((p: Tensor) => p.sum(), x, constant([1]))).toThrow(/hvp: v must be float32\[2\]/);
  });

  it('the Hessian of Rosenbrock, whole and times a vector', async () => {
    const rosenbrock = (p: Tensor) =>
      p
        .at(0)
        .neg()
        .add(1)
        .square()
        .add(p.at(1).sub(p.at(0).square()).square().mul(100));
    const [x, y] = [0.5, -0.3];
    const exact = [2 - 400 * (y - 3 * x * x), -400 * x, -400 * x, 200];
    const got = await compile((p: Tensor, v: Tensor) => ({
      full: hessian(rosenbrock)(p) as Tensor,
      product: hvp(rosenbrock, p, v),
    }))(f64([x, y]), f64([1, 2]));
    expect(got.full.shape).toEqual([2, 2]);
    toNumbers(got.full).forEach((value, i) => expect(value).toBeCloseTo(exact[i], 9));
    toNumbers(got.product).forEach((value, i) => expect(value).toBeCloseTo(exact[2 * i] + 2 * exact[2 * i + 1], 9));
  });

  it('the Jacobian has the shape of the result, then of the argument', async () => {
    const got = await compile((x: Tensor) => jacobian((p: { x: Tensor }) => p.x.square().reshape([2, 1]))({ x }))(
      f64([3, 4]),
    );
    expect(got.x.shape).toEqual([2, 1, 2]);
    expect(toNumbers(got.x)).toEqual([6, 0, 0, 8]);
  });
});

describe('gradients of your own', () => {
  it('stopGradient is the identity with derivative 0', async () => {
    expect(await at((x) => grad((p: Tensor) => p.mul(stopGradient(p)).sum())(x), f64([3]))).toEqual([3]);
    expect(await at((x) => stopGradient(x), f64([3]))).toEqual([3]);
  });

  it('straight through a rounding, and a reversal', async () => {
    const straight = customGradient(
      (x: Tensor) => x.round(),
      (ct) => [ct],
    );
    const reversed = customGradient(
      (x: Tensor) => x,
      (ct) => [ct.mul(-2)],
    );
    expect(await at((x) => grad((p: Tensor) => straight(p).mul(p).sum())(x), f64([1.4]))).toEqual([2.4]);
    expect(await at((x) => grad((p: Tensor) => reversed(p).square().sum())(x), f64([3]))).toEqual([-12]);
    expect(await at(straight, f64([1.4, 2.5]))).toEqual([1, 2]);
  });

  it('differentiates the backward rule for higher orders, and takes trees', async () => {
    const cube = customGradient(
      (p: { x: Tensor }, scale: Tensor) => ({ y: p.x.pow(3).mul(scale) }),
      (ct, [p, scale]) => [{ x: ct.y.mul(p.x.square()).mul(3).mul(scale) }, undefined],
    );
    const second = (x: Tensor) =>
      grad((q: Tensor) => grad((p: Tensor) => cube({ x: p }, p.zerosLike().add(2)).y.sum())(q).sum())(x);
    expect(await at(second, f64([2]))).toEqual([24]);
  });

  it('forward mode goes through it', async () => {
    const doubled = customGradient(
      (x: Tensor) => x,
      (ct) => [ct.mul(2)],
    );
    const got = await compile((x: Tensor, v: Tensor) => jvp(doubled, x, v))(f64([3]), f64([5]));
    expect(got.map(toNumbers)).toEqual([[3], [10]]);
  });
});

describe('types', () => {
  it('trees keep their structure', () => {
    type Params = { w: Tensor; layers: Tensor[] };
    const loss = (p: Params, x: Tensor) => p.w.mul(x).sum();
    expectTypeOf(grad(loss)).toEqualTypeOf<(params: Params, x: Tensor) => Params>();
    expectTypeOf(valueAndGrad(loss)).returns.toEqualTypeOf<[value: Tensor, gradient: Params]>();
    expectTypeOf(compile(grad(loss))).returns.resolves.toEqualTypeOf<ArraysOut<Params>>();
    expectTypeOf<ArraysOut<Params>>().toEqualTypeOf<{ w: NDArray; layers: NDArray[] }>();
    expectTypeOf(compile(loss)).parameter(0).not.toBeAny();
  });
});
