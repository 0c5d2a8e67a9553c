import { describe, expect, it } from 'vitest';
import { compile, mod, ndarray, type Tensor, toNumbers } from '../../../src/index.js';
import { checkDerivatives, numbers, random64 } from '../../support/derivatives.js';

type Unary = (x: Tensor) => Tensor;
type Case = [name: string, fn: Unary, low: number, high: number, expected: (x: number) => number];

const erf = (x: number) => {
  // Simpson's rule over the integral that defines it.
  const n = 2000;
  const h = x / n;
  let total = 1 + Math.exp(-x * x);
  for (let i = 1; i < n; i++) total += (i % 2 ? 4 : 2) * Math.exp(-((i * h) ** 2));
  return ((2 / Math.sqrt(Math.PI)) * h * total) / 3;
};
const softplus = (x: number) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));

const smooth: Case[] = [
  ['neg', (x) => x.neg(), -2, 2, (x) => -x],
  ['abs', (x) => x.abs(), -2, 2, Math.abs],
  ['exp', (x) => x.exp(), -2, 2, Math.exp],
  ['log', (x) => x.log(), 0.2, 3, Math.log],
  ['sqrt', (x) => x.sqrt(), 0.2, 3, Math.sqrt],
  ['rsqrt', (x) => x.rsqrt(), 0.2, 3, (x) => 1 / Math.sqrt(x)],
  ['reciprocal', (x) => x.reciprocal(), 0.3, 3, (x) => 1 / x],
  ['sin', (x) => x.sin(), -3, 3, Math.sin],
  ['cos', (x) => x.cos(), -3, 3, Math.cos],
  ['tan', (x) => x.tan(), -1, 1, Math.tan],
  ['asin', (x) => x.asin(), -0.8, 0.8, Math.asin],
  ['acos', (x) => x.acos(), -0.8, 0.8, Math.acos],
  ['atan', (x) => x.atan(), -3, 3, Math.atan],
  ['sinh', (x) => x.sinh(), -2, 2, Math.sinh],
  ['cosh', (x) => x.cosh(), -2, 2, Math.cosh],
  ['tanh', (x) => x.tanh(), -2, 2, Math.tanh],
  ['asinh', (x) => x.asinh(), -3, 3, Math.asinh],
  ['acosh', (x) => x.acosh(), 1.2, 4, Math.acosh],
  ['atanh', (x) => x.atanh(), -0.8, 0.8, Math.atanh],
  ['sigmoid', (x) => x.sigmoid(), -3, 3, (x) => 1 / (1 + Math.exp(-x))],
  ['logSigmoid', (x) => x.logSigmoid(), -3, 3, (x) => -softplus(-x)],
  ['erf', (x) => x.erf(), -3, 3, erf],
  ['relu', (x) => x.relu(), -2, 2, (x) => Math.max(x, 0)],
  ['square', (x) => x.square(), -2, 2, (x) => x * x],
  ['log1p', (x) => x.log1p(), -0.5, 3, Math.log1p],
  ['expm1', (x) => x.expm1(), -2, 2, Math.expm1],
  ['softplus', (x) => x.softplus(), -3, 3, softplus],
  ['pow 2.5', (x) => x.pow(2.5), 0.2, 2, (x) => x ** 2.5],
  ['pow 3', (x) => x.pow(3), -2, 2, (x) => x ** 3],
  ['clip', (x) => x.clip(-0.5, 0.7), -2, 2, (x) => Math.min(0.7, Math.max(-0.5, x))],
  ['clip below', (x) => x.clip(-0.5, undefined), -2, 2, (x) => Math.max(-0.5, x)],
  ['clip above', (x) => x.clip(undefined, 0.5), -2, 2, (x) => Math.min(0.5, x)],
  ['mod', (x) => mod(x, 0.7), -2, 2, (x) => x - 0.7 * Math.floor(x / 0.7)],
  ['cast there and back', (x) => x.cast('float64'), -2, 2, (x) => x],
];

describe('functions of one input', () => {
  it.each(smooth)('%s: values and derivatives', async (_, fn, low, high, expected) => {
    const x = random64([3, 4], { low, high, stream: 7 });
    const y = await compile(fn)(x);
    y.data.forEach((value: number | bigint, i: number) => {
      const exact = expected(Number(x.data[i]));
      expect(Math.abs(Number(value) - exact)).toBeLessThan(1e-12 * Math.max(1, Math.abs(exact)));
    });
    await checkDerivatives(fn, [x]);
  });

  it.each<[string, Unary, (x: number) => number]>([
    ['floor', (x) => x.floor(), Math.floor],
    ['ceil', (x) => x.ceil(), Math.ceil],
    ['round', (x) => x.round(), (x) => (Math.abs(x % 1) === 0.5 ? 2 * Math.round(x / 2) : Math.round(x))],
    ['sign', (x) => x.sign(), Math.sign],
  ])('%s: values and a derivative of zero', async (_, fn, expected) => {
    const values = [-1.5, -0.5, -0.2, 0, 0.5, 1.4, 2.5, 3.5];
    expect(toNumbers(await compile(fn)(ndarray(values, { dtype: 'float64' }))).map((v) => v + 0)).toEqual(
      values.map((v) => expected(v) + 0),
    );
    await checkDerivatives((x) => fn(x).mul(x), [ndarray([-1.3, 0.4, 1.6], { dtype: 'float64' })]);
  });

  it('keep their precision where the plain formulas lose it', async () => {
    const tiny = [1e-12, 1e-9, 1e-5, -1e-7, 0.3, 5];
    const x = ndarray(tiny, { dtype: 'float64' });
    const relative = (got: number[], exact: (v: number) => number) =>
      Math.max(...got.map((g, i) => Math.abs(g / exact(tiny[i]) - 1)));
    expect(relative(toNumbers(await compile((t: Tensor) => t.log1p())(x)), Math.log1p)).toBeLessThan(1e-15);
    expect(relative(toNumbers(await compile((t: Tensor) => t.expm1())(x)), Math.expm1)).toBeLessThan(2e-15);
    const single = ndarray(tiny);
    const exact32 = (f: (v: number) => number) => (v: number) => f(Math.fround(v));
    expect(relative(toNumbers(await compile((t: Tensor) => t.log1p())(single)), exact32(Math.log1p))).toBeLessThan(
      5e-7,
    );
    expect(relative(toNumbers(await compile((t: Tensor) => t.expm1())(single)), exact32(Math.expm1))).toBeLessThan(
      1e-6,
    );
    const wide = Array.from({ length: 481 }, (_, i) => (i - 240) / 4);
    const soft = toNumbers(await compile((t: Tensor) => t.softplus())(ndarray(wide)));
    wide.forEach((v, i) => expect(Math.abs(soft[i] / softplus(v) - 1), `softplus(${v})`).toBeLessThan(3e-7));
  });

  it('stay finite, with finite gradients, at extreme inputs', async () => {
    const { grad } = await import('../../../src/index.js');
    const extremes = ndarray([-1e4, -100, 0, 100, 1e4]);
    for (const fn of [
      (x: Tensor) => x.softplus(),
      (x: Tensor) => x.logSigmoid(),
      (x: Tensor) => x.sigmoid(),
      (x: Tensor) => x.tanh(),
      (x: Tensor) => x.elu(),
      (x: Tensor) => x.mish(),
    ]) {
      const result = await compile((x: Tensor) => ({ y: fn(x), g: grad((p: Tensor) => fn(p).sum())(x) }))(extremes);
      for (const value of [...toNumbers(result.y), ...toNumbers(result.g)]) expect(Number.isFinite(value)).toBe(true);
    }
  });
});

describe('functions of two inputs', () => {
  const cases: [string, (x: Tensor, y: Tensor) => Tensor, (x: number, y: number) => number, number][] = [
    ['add', (x, y) => x.add(y), (x, y) => x + y, -2],
    ['sub', (x, y) => x.sub(y), (x, y) => x - y, -2],
    ['mul', (x, y) => x.mul(y), (x, y) => x * y, -2],
    ['div', (x, y) => x.div(y), (x, y) => x / y, 0.5],
    ['pow', (x, y) => x.pow(y), (x, y) => x ** y, 0.5],
    ['maximum', (x, y) => x.maximum(y), Math.max, -2],
    ['minimum', (x, y) => x.minimum(y), Math.min, -2],
    ['mod', (x, y) => x.mod(y), (x, y) => x - y * Math.floor(x / y), 0.5],
  ];
  const shapes: [number[], number[]][] = [
    [
      [2, 3],
      [2, 3],
    ],
    [[2, 3], [3]],
    [[3], [2, 3]],
    [
      [2, 1],
      [1, 3],
    ],
    [[], [2, 2]],
    [
      [1, 1, 2],
      [3, 1],
    ],
  ];

  it.each(cases)('%s broadcasts, forward and back', async (_, fn, expected, low) => {
    for (const [a, b] of shapes) {
      const x = random64(a, { low, high: 2, stream: 1 });
      const y = random64(b, { low, high: 2, stream: 2 });
      await checkDerivatives((p, q) => fn(p, q), [x, y]);
    }
    const values: [number[], number[]] = [numbers(3, 6, low, 2), numbers(4, 3, low, 2)];
    const result = await compile(fn)(
      ndarray([values[0].slice(0, 3), values[0].slice(3)], { dtype: 'float64' }),
      ndarray(values[1], { dtype: 'float64' }),
    );
    toNumbers(result).forEach((value, i) => {
      expect(value).toBeCloseTo(expected(values[0][i], values[1][i % 3]), 12);
    });
  });

  it('leave what an infinite divisor divides, or one period above it: the remainder has the sign of y', async () => {
    const [x, y] = [ndarray([2, -2, 2, -2, 0]), ndarray([Infinity, Infinity, -Infinity, -Infinity, Infinity])];
    expect(toNumbers(await compile((a: Tensor, b: Tensor) => a.mod(b))(x, y))).toEqual([2, Infinity, -Infinity, -2, 0]);
    const { grad } = await import('../../../src/index.js');
    const slope = compile((a: Tensor, b: Tensor) => grad((p: Tensor) => p.mod(b).sum())(a));
    expect(toNumbers(await slope(x, y))).toEqual([1, 1, 1, 1, 1]);
  });

  it('share the cotangent where maximum and minimum tie', async () => {
    const { grad } = await import('../../../src/index.js');
    for (const fn of [(x: Tensor, y: Tensor) => x.maximum(y), (x: Tensor, y: Tensor) => x.minimum(y)]) {
      const g = await compile((p: Tensor[]) => grad((q: Tensor[]) => fn(q[0], q[1]).sum())(p))([
        ndarray([1]),
        ndarray([1]),
      ]);
      expect([...toNumbers(g[0]), ...toNumbers(g[1])]).toEqual([0.5, 0.5]);
    }
  });

  it('take 0 as the derivative of x^y by y where x is 0', async () => {
    const { grad } = await import('../../../src/index.js');
    const g = await compile((y: Tensor) => grad((q: Tensor) => q.zerosLike().add(q.mul(0)).pow(q).sum())(y))(
      ndarray([2]),
    );
    expect(toNumbers(g)).toEqual([0]);
  });

  it('refuse dtypes that differ and shapes that do not broadcast, at trace time', async () => {
    const add = compile((x: Tensor, y: Tensor) => x.add(y));
    await expect(add(ndarray([1]), ndarray([1], { dtype: 'float64' }))).rejects.toThrow(
      /Add: dtypes float32 and float64 differ/,
    );
    await expect(add(ndarray([[1, 2]]), ndarray([1, 2, 3]))).rejects.toThrow(
      /Add: shapes \[1, 2\] and \[3\] do not broadcast/,
    );
    await expect(compile((x: Tensor) => x.add(1))(ndarray([true]))).rejects.toThrow(/Add: bool is not supported/);
    await expect(compile((x: Tensor) => x.exp())(ndarray(Int32Array.of(1)))).rejects.toThrow(
      /Exp: int32 is not supported/,
    );
  });
});
