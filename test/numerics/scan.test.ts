import { describe, expect, it } from 'vitest';
import {
  compile,
  concat,
  constant,
  customGradient,
  eigh,
  grad,
  hessian,
  type NDArray,
  ndarray,
  type Tensor,
  toNumbers,
  valueAndGrad,
  vmap,
  zeros,
} from '../../src/index.js';
import * as num from '../../src/numerics/index.js';
import { allClose, checkDerivatives, random64 } from '../support/derivatives.js';

const ways: [string, num.ScanOptions][] = [
  ['unrolled', { unroll: true }],
  ['as one node', { unroll: false }],
  ['with checkpoints', { checkpoint: true }],
  ['reversed, unrolled', { unroll: true, reverse: true }],
  ['reversed, as one node', { unroll: false, reverse: true }],
  ['reversed, with checkpoints', { checkpoint: true, reverse: true }],
];

/** A recurrent net: state h' = tanh(W h + x), outputs h * h', closing over W. */
const recurrent = (options: num.ScanOptions) => (w: Tensor, h: Tensor, x: Tensor) => {
  const [last, outputs] = num.scan(
    (state: Tensor, input: Tensor) => {
      const next = w.matmul(state).add(input).tanh();
      return [next, { product: state.mul(next) }] as const;
    },
    h,
    x,
    options,
  );
  return concat([last.expandDims(0), outputs.product]);
};

const [w, h, x] = [random64([3, 3], { stream: 1 }), random64([3], { stream: 2 }), random64([7, 3], { stream: 3 })];

const same = (actual: NDArray, expected: NDArray, tolerance: number) =>
  allClose(actual, toNumbers(expected), tolerance, 'element');

describe('scan', () => {
  it.each(ways)('%s: carries state and collects outputs', async (_, options) => {
    const run = compile((start: Tensor, x: { a: Tensor; b: Tensor }) =>
      num.scan(
        (c: Tensor, { a, b }: { a: Tensor; b: Tensor }) => [c.mul(a).add(b), { before: c }] as const,
        start,
        x,
        options,
      ),
    );
    const [last, { before }] = await run(ndarray([1]), {
      a: ndarray([[2], [3], [4], [5], [6]]),
      b: ndarray([[1], [0], [2], [1], [3]]),
    });
    const forward = [1, 3, 9, 38, 191, 1149];
    const backward = [1, 9, 46, 186, 558, 1117];
    expect(toNumbers(last)).toEqual([options.reverse ? backward[5] : forward[5]]);
    expect(toNumbers(before)).toEqual(options.reverse ? backward.slice(0, 5).reverse() : forward.slice(0, 5));
  });

  it.each(ways)('%s: derivatives, also of what the step closes over', async (_, options) => {
    await checkDerivatives(recurrent(options), [w, h, x]);
  });

  it.each(ways.slice(1, 3))(
    '%s: third derivative, Hessian and per-example gradients are those of the unrolled',
    async (_, options) => {
      const all = (way: num.ScanOptions) =>
        compile((w: Tensor, h: Tensor, x: Tensor) => {
          const loss = (w: Tensor, h: Tensor, x: Tensor) => recurrent(way)(w, h, x).square().sum();
          const thrice = grad((h: Tensor) => grad((h: Tensor) => grad((h: Tensor) => loss(w, h, x))(h).sum())(h).sum());
          return {
            hessian: hessian((h: Tensor) => loss(w, h, x))(h) as Tensor,
            third: thrice(h),
            perExample: vmap(grad(loss), [null, 0, 0])(
              w,
              h.expandDims(0).mul(constant([[1], [2], [-1]], 'float64')),
              x.expandDims(0).tile([3, 1, 1]),
            ),
            perSequence: vmap(valueAndGrad(loss), [null, null, 1])(w, h, x.expandDims(1).tile([1, 2, 1])),
            perWeight: vmap(grad(loss), [0, null, null])(w.expandDims(0).tile([2, 1, 1]), h, x),
          };
        });
      const expected = await all({ unroll: true })(w, h, x);
      const got = await all(options)(w, h, x);
      same(got.hessian, expected.hessian, 1e-10);
      same(got.third, expected.third, 1e-9);
      same(got.perExample, expected.perExample, 1e-10);
      same(got.perSequence[0], expected.perSequence[0], 1e-10);
      same(got.perSequence[1], expected.perSequence[1], 1e-10);
      same(got.perWeight, expected.perWeight, 1e-10);
    },
  );

  it('is one node however long the loop, in the derivative too', async () => {
    const run = (n: number) => {
      const step = compile((w: Tensor, x: Tensor) =>
        valueAndGrad((w: Tensor) =>
          num.scan((c: Tensor, v: Tensor) => [c.mul(w).add(v), c] as const, zeros([2], 'float64'), x)[0].sum(),
        )(w),
      );
      const inputs = random64([n, 2], { stream: 5 });
      return step(ndarray([0.5, 0.9], { dtype: 'float64' }), inputs).then(([value, g]) => ({
        value,
        g,
        nodes: step.stats()[0].nodes,
        inputs,
      }));
    };
    const [short, long] = [await run(65), await run(2000)];
    expect(long.nodes).toBe(short.nodes);
    expect(long.nodes).toBeLessThan(20);
    // sum_t w^(n-1-t) x_t, and its derivative.
    for (const { value, g, inputs } of [short, long]) {
      const n = inputs.shape[0];
      let total = 0;
      [0.5, 0.9].forEach((w, k) => {
        let slope = 0;
        for (let t = 0; t < n; t++) {
          const v = (inputs.data as Float64Array)[2 * t + k];
          total += w ** (n - 1 - t) * v;
          if (t < n - 1) slope += (n - 1 - t) * w ** (n - 2 - t) * v;
        }
        expect(toNumbers(g)[k]).toBeCloseTo(slope, 8);
      });
      expect(toNumbers(value)[0]).toBeCloseTo(total, 8);
    }
  });

  it('takes derivatives of your own, of what the step closes over too', async () => {
    const fn = (options: num.ScanOptions) => (w: Tensor, x: Tensor) => {
      const loss = (w: Tensor, x: Tensor) => {
        // The rule uses its argument, which comes from outside the loop.
        const cubed = customGradient(
          (v: Tensor) => v.mul(1),
          (ct: Tensor, [v]: [Tensor]) => [ct.mul(v.square())],
        );
        return num
          .scan(
            (c: Tensor, v: Tensor) => [c.mul(cubed(w)).add(v).tanh(), c] as const,
            zeros([], 'float64'),
            x,
            options,
          )[0]
          .square();
      };
      const each = vmap(grad(loss), [0, null])(w, x);
      return { each, second: vmap(grad(grad(loss)), [0, null])(w, x) };
    };
    const [w, x] = [random64([3], { stream: 6 }), random64([5], { stream: 7 })];
    const expected = await compile(fn({ unroll: true }))(w, x);
    for (const [, options] of ways.slice(1, 3)) {
      const got = await compile(fn(options))(w, x);
      same(got.each, expected.each, 1e-12);
      same(got.second, expected.second, 1e-12);
    }
  });

  it('is unrolled where its body needs the host', async () => {
    const fn = (options: num.ScanOptions) =>
      compile((x: Tensor) =>
        grad((x: Tensor) =>
          num
            .scan(
              (c: Tensor, m: Tensor) =>
                [c.add(eigh(m.add(m.transpose()))[0].square().sum()).tanh(), m.trace()] as const,
              zeros([], 'float64'),
              x,
              options,
            )[0]
            .sum(),
        )(x),
      );
    const x = random64([3, 2, 2], { stream: 9, low: -0.3, high: 0.3 });
    const unrolled = fn({ unroll: true });
    same(await fn({ unroll: false })(x), await unrolled(x), 1e-12);
  });

  it('goes into a model file and comes out of a loop in a loop', async () => {
    const nested = (options: num.ScanOptions) => (a: Tensor, x: Tensor) =>
      num.scan(
        (c: Tensor, row: Tensor) => {
          const [inner, all] = num.scan((d: Tensor, v: Tensor) => [d.mul(a).add(v).sin(), d] as const, c, row, options);
          return [inner, all.sum()] as const;
        },
        zeros([], 'float64').add(a),
        x,
        options,
      )[1];
    await checkDerivatives(nested({ unroll: false }), [random64([], { stream: 4 }), random64([3, 4], { stream: 5 })]);
    const bytes = compile(nested({ unroll: false })).toOnnx(random64([]), random64([3, 4]));
    expect(new TextDecoder('latin1').decode(bytes).match(/Scan/g)?.length).toBeGreaterThan(1);
  });

  it('refuses inputs and steps that do not fit', () => {
    const c = zeros([1]);
    expect(() =>
      num.scan((c: Tensor, _: { a: Tensor; b: Tensor }) => [c, c] as const, c, { a: zeros([2]), b: zeros([3]) }),
    ).toThrow(/lengths 2, 3/);
    for (const unroll of [true, false]) {
      const grow = () =>
        num.scan((c: { s: Tensor }, _: Tensor) => [{ s: c.s.tile([2]) }, c.s] as const, { s: c }, zeros([2]), {
          unroll,
        });
      expect(grow).toThrow(/scan: the state at s begins as float32\[1\], a step makes it float32\[2\]/);
    }
  });
});
