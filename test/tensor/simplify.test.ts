import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  compile,
  constant,
  grad,
  linear,
  type NDArray,
  ndarray,
  ones,
  type Tensor,
  toNumbers,
  zeros,
} from '../../src/index.js';
import { lower } from '../../src/runtime/lower.js';
import { topological } from '../../src/tensor/graph.js';
import { input } from '../../src/tensor/ops/constant.js';

const types = (...outputs: Tensor[]) =>
  topological(lower(outputs))
    .map((node) => node.operator.type)
    .filter((type) => type !== 'Constant' && type !== 'Input');

describe('equal nodes are one node', () => {
  const x = input('x', [2, 3], 'float32');
  const y = input('y', [2, 3], 'float32');
  it('by operator, inputs, attributes and small constants', () => {
    expect(x.add(y)).toBe(x.add(y));
    expect(x.add(2)).toBe(x.add(2));
    expect(x.sum(0)).toBe(x.sum(0));
    expect(x.add(y)).not.toBe(y.add(x));
    expect(x.sum(0)).not.toBe(x.sum(1));
    expect(x.add(2)).not.toBe(x.add(3));
    expect(x.softmax(0)).not.toBe(x.softmax(1));
    expect(x.mul(-0)).not.toBe(x.mul(0));
    expect(x.mul(Number.NaN)).toBe(x.mul(Number.NaN));
    expect(x.cast('float64')).not.toBe(x.cast('int32'));
  });

  it('two inputs of one kind stay two', () => {
    expect(input('x', [2], 'float32')).not.toBe(input('x', [2], 'float32'));
  });
});

describe('what changes nothing is no node', () => {
  const x = input('x', [2, 3], 'float32');
  it.each<[string, () => Tensor]>([
    ['+ 0', () => x.add(0)],
    ['0 +', () => zeros([2, 3]).add(x)],
    ['- 0', () => x.sub(zeros([3]))],
    ['* 1', () => x.mul(1)],
    ['1 *', () => ones([2, 1]).mul(x)],
    ['/ 1', () => x.div(1)],
    ['^ 1', () => x.pow(1)],
    ['- -', () => x.neg().neg()],
    ['not not', () => x],
    ['cast', () => x.cast('float32')],
    ['reshape and back', () => x.reshape([6]).reshape([3, 2]).reshape([2, 3])],
    ['transpose and back', () => x.transpose().transpose()],
    ['whole slice', () => x.slice([null, [0, 3]])],
    ['sum over nothing', () => x.sum([])],
    ['where true', () => constant(true).where(x, 0)],
    ['concat of one', () => x.split(1)[0]],
  ])('%s', (_, fn) => {
    expect(fn()).toBe(x);
  });

  it('constants are worked out, and never spread out where they broadcast', () => {
    expect(types(constant(2).mul(3).add(1).sqrt())).toEqual([]);
    expect(types(x.mul(ones([2, 3]).mul(5)))).toEqual(['Mul']);
    expect(types(zeros([4, 4]).sum())).toEqual([]);
    expect(types(x.pow(2))).toEqual(['Mul']);
    expect(types(x.transpose([0, 1]).expandDims(0).transpose([1, 0, 2]))).toEqual(['Reshape']);
  });

  it('what is repeated meets others, numbers and sums before it is repeated', async () => {
    const v = input('v', [3], 'float32');
    const wide = v.broadcastTo([2, 3]);
    expect(types(x.mul(wide))).toEqual(['Mul']);
    expect(types(wide.mul(2).add(x))).toEqual(['Mul', 'Add']);
    expect(wide.mul(2).node.inputs[0].shape).toEqual([3]);
    expect(types(x.neg().sum(0))).toEqual(['ReduceSum', 'Neg', 'Reshape']);
    expect(types(grad((t: Tensor) => t.square().mean(0).mul(v).sum())(x))).not.toContain('Expand');
    // Of two that are repeated one keeps the shape.
    const f = compile((t: Tensor) => [
      t.broadcastTo([1, 2, 3]).mul(ones([1, 2, 3])),
      t.broadcastTo([1, 2, 3]).sub(t.at(0).broadcastTo([1, 2, 3])),
    ]);
    const [same, less] = await f(ndarray([1, 2, 3, 4, 5, 6], { shape: [2, 3] }));
    expect([same.shape, toNumbers(same)]).toEqual([
      [1, 2, 3],
      [1, 2, 3, 4, 5, 6],
    ]);
    expect([less.shape, toNumbers(less)]).toEqual([
      [1, 2, 3],
      [0, 0, 0, 3, 3, 3],
    ]);
  });

  it('a number goes to the smaller of two factors', async () => {
    const [v, n] = [input('v', [3], 'float32'), input('n', [2, 1], 'float32')];
    expect(x.mul(v).mul(64)).toBe(x.mul(v.mul(64)));
    expect(v.mul(x).mul(64)).toBe(x.mul(v.mul(64)));
    expect(constant(0.5).mul(x.mul(n))).toBe(x.mul(n.mul(0.5)));
    // Not where both have to grow or are of one size, nor numbers that alone may leave the range of single precision, nor to another number.
    for (const [product, k] of [
      [n.mul(v), 64],
      [x.mul(input('y', [2, 3], 'float32')), 64],
      [x.mul(v), 1e30],
      [x.mul(2), 0.5],
      [x.mul(v), 0],
    ] as const)
      expect(product.mul(k).node.inputs[0]).toBe(product);
    const f = compile((t: Tensor) => t.mul(t.at(0)).mul(-3));
    expect(toNumbers(await f(ndarray([1, 2, 3, 4], { shape: [2, 2] })))).toEqual([-3, -12, -9, -24]);
  });

  it('a value that does not broadcast keeps its shape', async () => {
    const f = compile((t: Tensor) => [t.add(zeros([2, 2])), t.mul(ones([2, 1]))]);
    expect((await f(ndarray([1, 2]))).map((r) => [r.shape, toNumbers(r)])).toEqual([
      [
        [2, 2],
        [1, 2, 1, 2],
      ],
      [
        [2, 2],
        [1, 2, 1, 2],
      ],
    ]);
  });

  it('the gradient of a network carries no spread-out constants and computes the forward pass once', () => {
    const [w1, w2] = [input('w1', [8, 4], 'float32'), input('w2', [3, 8], 'float32')];
    const data = input('data', [5, 4], 'float32');
    const loss = ([a, b]: Tensor[]) => linear(linear(data, a).relu(), b).logSoftmax().mean();
    const made = types(loss([w1, w2]), ...grad(loss)([w1, w2]));
    expect(made.filter((type) => type === 'LogSoftmax')).toHaveLength(1);
    expect(made.filter((type) => type === 'Relu')).toHaveLength(1);
    expect(made.filter((type) => type === 'MatMul').length).toBeLessThanOrEqual(5);
    expect(made.length).toBeLessThan(26);
  });
});

describe('what is added up in zeros', () => {
  const [x, ct] = [input('x', [2, 3], 'float32'), input('ct', [2, 1], 'float32')];
  const index = constant([[2], [0]], 'int32');
  const sparse = zeros([2, 3]).scatterElements(index, ct, 1, 'add');

  it('is added up in what it is added to, and summed before it is spread', () => {
    expect(types(x.exp().add(sparse), sparse.add(x.exp()))).toEqual(['Exp', 'ScatterElements']);
    expect(sparse.sum(1, { keepDims: true })).toBe(ct);
    expect(types(sparse.sum(0))).toContain('ReduceSum');
    expect(types(x.sum(0).add(sparse))).toContain('Add');
    expect(types(x.add(x.scatterElements(index, ct, 1, 'add')))).toContain('Add');
  });

  it('has the values of the sums', async () => {
    const rows = ndarray([
      [1, 2, 3],
      [4, 5, 6],
    ]);
    const run = compile((x: Tensor, y: Tensor) => {
      const spread = zeros([2, 3]).scatterElements(index, y, 1, 'add');
      return [x.add(spread), spread.sub(x.mul(2)), spread.sum(1), spread.sum(0)];
    });
    const got = await run(rows, ndarray([[10], [20]]));
    expect(got.map((y) => toNumbers(y))).toEqual([
      [1, 2, 13, 24, 5, 6],
      [-2, -4, 4, 12, -10, -12],
      [10, 20],
      [20, 0, 10],
    ]);
  });
});

describe('simplification never changes a value', () => {
  type Step = { name: string; argument: number };
  const steps: Record<string, (x: Tensor, k: number) => Tensor> = {
    add: (x, k) => x.add(k % 3),
    sub: (x, k) => x.sub(k % 2),
    mul: (x, k) => x.mul((k % 3) - 1),
    neg: (x) => x.neg(),
    pow: (x, k) =>
      x
        .abs()
        .add(1)
        .pow((k % 4) - 1),
    reshape: (x, k) => x.reshape(k % 2 ? [-1] : [x.size, 1]),
    transpose: (x) => x.transpose(),
    expand: (x, k) => x.broadcastTo([1 + (k % 2), ...x.shape]),
    sum: (x, k) => (x.rank > 0 ? x.sum(k % x.rank, { keepDims: k % 2 === 0 }) : x),
    slice: (x, k) => (x.rank > 0 && x.shape[0] > 1 ? x.slice([[k % 2, null]]) : x),
    flip: (x) => x.flip(),
    where: (x, k) => x.greater(k % 2).where(x, k % 3),
    self: (x) => x.mul(x).sub(x),
    ones: (x, k) => x.mul(ones(x.shape).mul(k % 3)),
    pad: (x, k) => (x.rank > 0 && x.rank < 4 ? x.pad(x.shape.map((_, i) => [i === 0 ? k % 2 : 0, 0])) : x),
  };
  const walk = (x: Tensor, path: Step[]) =>
    path.reduce((y, { name, argument }) => (y.size > 300 ? y : steps[name](y, argument)), x);

  it('a constant start, folded as far as it goes, and an input give the same', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ name: fc.constantFrom(...Object.keys(steps)), argument: fc.nat(11) }), {
          minLength: 1,
          maxLength: 7,
        }),
        fc.integer({ min: -2, max: 2 }),
        async (path, value) => {
          // All elements equal: the case that folding looks for.
          const array: NDArray = ndarray(new Float32Array(6).fill(value), { shape: [2, 3] });
          const run = await compile((x: Tensor) => walk(x, path))(array);
          const folded = await compile(() => walk(constant(value).broadcastTo([2, 3]), path))();
          expect(folded.shape).toEqual(run.shape);
          toNumbers(run).forEach((v, i) =>
            expect(Math.abs(Number(folded.data[i]) - v) / Math.max(1, Math.abs(v))).toBeLessThan(1e-5),
          );
        },
      ),
      { numRuns: 150 },
    );
  });
});
