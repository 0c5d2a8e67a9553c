import { describe, expect, it } from 'vitest';
import { batchRules } from '../../src/autodiff/batching/rules.js';
import * as ct from '../../src/index.js';
import {
  compile,
  constant,
  customGradient,
  grad,
  hostOp,
  hvp,
  jvp,
  type NDArray,
  ndarray,
  stack,
  type Tensor,
  toNumbers,
  valueAndGrad,
  vmap,
} from '../../src/index.js';
import { crossEntropy } from '../../src/losses/index.js';
import * as nn from '../../src/nn/index.js';
import { bernoulli, key, split } from '../../src/runtime/random/index.js';
import { allClose, numbers, random64 } from '../support/derivatives.js';
import { programs } from '../support/programs.js';

const n = 3;

/** The definition: one example at a time. */
function loop(fn: (x: Tensor, y: Tensor) => Tensor, axes: readonly (number | null)[]) {
  return (x: Tensor, y: Tensor) =>
    stack(
      Array.from({ length: n }, (_, i) =>
        fn(axes[0] === null ? x : x.at(i, axes[0]), axes[1] === null ? y : y.at(i, axes[1])),
      ),
    );
}

async function agrees(
  fn: (x: Tensor, y: Tensor) => Tensor,
  axes: readonly (0 | null)[],
  x: NDArray,
  y: NDArray,
): Promise<void> {
  const got = await compile((a: Tensor, b: Tensor) => [vmap(fn, axes)(a, b), loop(fn, axes)(a, b)])(x, y);
  expect(got[0].shape).toEqual(got[1].shape);
  allClose(got[0], toNumbers(got[1]), 1e-12, 'vmap against a loop');
}

const steps: Record<string, (x: Tensor, y: Tensor) => Tensor> = {
  Ceil: (x) => x.mul(3).ceil(),
  Floor: (x) => x.mul(3).floor(),
  Round: (x) => x.mul(3).round(),
  Sign: (x) => x.sub(0.5).sign(),
  Equal: (x, y) => x.equal(y).cast('float64'),
  Greater: (x, y) => x.greater(y).cast('float64'),
  GreaterOrEqual: (x, y) => x.greaterEqual(y).cast('float64'),
  Less: (x, y) => x.less(y).cast('float64'),
  LessOrEqual: (x, y) => x.lessEqual(y).cast('float64'),
  Not: (x) => x.less(0.5).not().cast('float64'),
  And: (x, y) => x.less(0.5).and(y.less(0.5)).cast('float64'),
  Or: (x, y) => x.less(0.5).or(y.less(0.5)).cast('float64'),
  Xor: (x, y) => x.less(0.5).xor(y.less(0.5)).cast('float64'),
  IsNaN: (x) => x.isNaN().cast('float64'),
  IsInf: (x) => x.isInf().cast('float64'),
  ArgMax: (x) => x.argmax(0).cast('float64'),
  ArgMin: (x) => x.argmin(1).cast('float64'),
  Mod: (x, y) => x.mul(9).cast('int32').mod(y.mul(5).cast('int32').add(1)).cast('float64'),
};
const others: Record<string, (x: Tensor, y: Tensor) => Tensor> = {
  'Gather at batched indices': (x, y) => x.gather(y.mul(4).cast('int32'), 1),
  'Gather at negative batched indices': (x, y) => x.gather(y.mul(2).cast('int32').sub(2), 0),
  'GatherND at batched indices': (x, y) =>
    x.gatherND(
      y
        .mul(2)
        .cast('int32')
        .slice([null, [0, 2]]),
    ),
  'ScatterElements, replacing': (x, y) =>
    x.scatterElements(
      constant(
        [
          [0, 3],
          [1, 2],
        ],
        'int32',
      ),
      y.slice([null, [0, 2]]),
      1,
    ),
  'Pad with a batched value': (x, y) =>
    x.pad(
      [
        [1, 0],
        [0, 2],
      ],
      y.sum(),
    ),
  'Conv with bias': (x, y) =>
    ct.conv(
      x.reshape([1, 2, 2, 2]),
      y.reshape([2, 1, 2, 2]),
      x
        .slice([
          [0, 1],
          [0, 2],
        ])
        .reshape([2]),
      { groups: 2, padding: 1 },
    ),
  'ConvTranspose in groups': (x, y) =>
    ct.convTranspose(x.reshape([1, 2, 2, 2]), y.reshape([2, 1, 2, 2]), undefined, { groups: 2, stride: 2 }),
  'different ranks': (x, y) => x.reshape([2, 1, 4]).mul(y.at(0)).add(y.sum()),
  'MatMul of different ranks': (x, y) => x.reshape([2, 2, 2]).matmul(y.reshape([4, 2]).slice([[0, 2]])),
  einsum: (x, y) => ct.einsum('ij,kj->ki', x, y),
  'logSumExp, norm, softplus': (x, y) => x.logSumExp(0).add(y.norm(0)).add(x.softplus().sum(0)),
};

describe('vmap', () => {
  it('has a rule in its table for every operator but the loop, whose body it batches in turn', () => {
    expect(
      Object.keys(batchRules)
        .filter((type) => type !== 'Alias' && type !== 'StopGradient')
        .sort(),
    ).toEqual([...Object.keys(programs).filter((type) => type !== 'Scan'), ...Object.keys(steps)].sort());
  });

  const [x, y] = [
    random64([n, 2, 4], { low: 0.2, high: 0.8, stream: 41 }),
    random64([n, 2, 4], { low: 0.2, high: 0.8, stream: 42 }),
  ];
  const one = random64([2, 4], { low: 0.2, high: 0.8, stream: 43 });
  it.each(Object.entries({ ...programs, ...steps, ...others }))(
    '%s agrees with a loop, whichever arguments are batched',
    async (_, fn) => {
      await agrees(fn, [0, 0], x, y);
      await agrees(fn, [0, null], x, one);
      await agrees(fn, [null, 0], one, y);
    },
  );

  it.each(Object.entries({ ...programs, ...others }))(
    '%s: gradients of the batch, and of each example',
    async (_, fn) => {
      const form = (a: Tensor, b: Tensor) => fn(a, b).square().sum().add(b.sum().mul(0));
      const both = (p: Tensor[]) => form(p[0], p[1]);
      const got = await compile((a: Tensor, b: Tensor) => ({
        outside: grad((p: Tensor[]) => vmap(form)(p[0], p[1]).sum())([a, b]),
        inside: vmap((p: Tensor[]) => grad(both)(p))([a, b]),
        loop: ct.mapTree([0, 1], (k: number) =>
          stack(Array.from({ length: n }, (_, i) => grad(both)([a.at(i), b.at(i)])[k])),
        ) as Tensor[],
      }))(x, y);
      for (const k of [0, 1]) {
        allClose(got.outside[k], toNumbers(got.loop[k]), 1e-11, `gradient of the sum by argument ${k}`);
        allClose(got.inside[k], toNumbers(got.loop[k]), 1e-11, `gradients of examples by argument ${k}`);
      }
    },
  );

  it('nests, takes any axis, and goes with jvp and hvp', async () => {
    const outer = (a: Tensor, b: Tensor) => vmap((p: Tensor) => vmap((q: Tensor) => p.mul(q))(b))(a);
    const got = await compile((a: Tensor, m: Tensor) => ({
      table: outer(a, a),
      columns: vmap((c: Tensor) => c.sum(), 1)(m),
      second: vmap((p: Tensor) => hvp((q: Tensor) => q.pow(3).sum(), p, p))(m),
      tangent: vmap((p: Tensor) => jvp((q: Tensor) => q.square(), p, p)[1])(m),
    }))(
      ndarray([1, 2, 3]),
      ndarray([
        [1, 2],
        [3, 4],
        [5, 6],
      ]),
    );
    expect(toNumbers(got.table)).toEqual([1, 2, 3, 2, 4, 6, 3, 6, 9]);
    expect(toNumbers(got.columns)).toEqual([9, 12]);
    expect(toNumbers(got.second)).toEqual([6, 24, 54, 96, 150, 216]);
    expect(toNumbers(got.tangent)).toEqual([2, 8, 18, 32, 50, 72]);
  });

  it('gives the gradient of every example of a network', async () => {
    const model = nn.resnet9({ classes: 4, inputChannels: 1, width: 2 });
    const variables = model.init(key(1));
    const images = ndarray(Float32Array.from(numbers(5, 4 * 64)), { shape: [4, 1, 8, 8] });
    const labels = ndarray(Int32Array.of(0, 1, 2, 3));
    type V = nn.Symbolic<nn.Variables>;
    const [buffers, params] = ct.partition(variables, (path) => nn.isBuffer(path));
    const loss = (p: V, b: V, image: Tensor, label: Tensor) =>
      crossEntropy(model.apply(ct.merge(p, b), image.expandDims(0), new nn.Context()), label.expandDims(0));
    const got = await compile((p: V, b: V, x: Tensor, l: Tensor) => {
      const [values, each] = vmap((image: Tensor, label: Tensor) =>
        valueAndGrad((q: V) => loss(q, b, image, label))(p),
      )(x, l) as [Tensor, V];
      const whole = valueAndGrad((q: V) => crossEntropy(model.apply(ct.merge(q, b), x, new nn.Context()), l))(p);
      return { values, each, whole };
    })(params as never, buffers as never, images, labels);
    expect(got.values.shape).toEqual([4]);
    const whole = new Map(ct.leavesOf<NDArray>(got.whole[1]).map((leaf) => [leaf.path, leaf.value]));
    for (const { path, value } of ct.leavesOf<NDArray>(got.each)) {
      const size = value.data.length / 4;
      const mean = Array.from({ length: size }, (_, i) =>
        [0, 1, 2, 3].reduce((sum, k) => sum + Number(value.data[k * size + i]) / 4, 0),
      );
      allClose(whole.get(path) as NDArray, mean, 1e-5, `mean of the gradients of ${path}`);
    }
  });

  it('keeps custom gradients, and runs host operators and random draws an example at a time', async () => {
    const straight = customGradient(
      (t: Tensor) => t.round(),
      (ct_) => [ct_.mul(3)],
    );
    const cube = hostOp({
      name: 'Cube',
      infer: ([t]) => ({ shape: t.shape, dtype: t.dtype }),
      run: ([t]) => [{ ...t, data: (t.data as Float32Array).map((v) => v ** 3) }],
      vjp: ([c], { inputs: [t] }) => [c.mul(t.square()).mul(3)],
    });
    const got = await compile((t: Tensor, k: Tensor) => ({
      straight: grad((p: Tensor) => vmap((q: Tensor) => straight(q).mul(2))(p).sum())(t),
      inside: vmap((q: Tensor) => grad((p: Tensor) => straight(p).square())(q))(t),
      cubed: vmap((q: Tensor) => grad((p: Tensor) => cube([p], {})[0])(q))(t),
      masks: vmap((each: Tensor) => bernoulli(each, [40]).cast('float32'))(stack(split(k, 2))),
    }))(ndarray([0.6, 1.4, 2.2]), key(3));
    expect(toNumbers(got.straight)).toEqual([6, 6, 6]);
    expect(toNumbers(got.inside)).toEqual([6, 6, 12]);
    [1.08, 5.88, 14.52].forEach((v, i) => expect(Number(got.cubed.data[i])).toBeCloseTo(v, 4));
    const [a, b] = split(key(3), 2).map((each) => toNumbers(bernoulli(each, [40])));
    expect(toNumbers(got.masks)).toEqual([...a, ...b]);
  });

  it('repeats what does not depend on the batch, and refuses what has none', async () => {
    const got = await compile((t: Tensor) => vmap((_: Tensor) => constant([7, 8]))(t))(ndarray([1, 2]));
    expect(toNumbers(got)).toEqual([7, 8, 7, 8]);
    const t = constant([[1, 2]]);
    expect(() => vmap((p: Tensor) => p, null)(t)).toThrow('vmap: no argument has a batch axis');
    expect(() => vmap((p: Tensor, q: Tensor) => p.add(q))(t, constant([1, 2]))).toThrow(
      'vmap: argument 1 [2] has no axis 0 of length 1',
    );
    expect(() => vmap((p: { a: Tensor }) => p.a)({ a: constant(1) })).toThrow(
      'vmap: 0.a [] has no axis 0 of length the batch',
    );
    expect(() => vmap((_: Tensor) => 3 as never)(t)).toThrow('vmap: the result is number, not a tensor');
  });
});
