import { describe, expect, it } from 'vitest';
import { compile, grad, leavesOf, type NDArray, ndarray, type Tensor, toNumbers } from '../../src/index.js';
import { batchNorm, Context, dropoutWithKey, isBuffer, type Symbolic, type Variables } from '../../src/nn/index.js';
import { key } from '../../src/runtime/random/index.js';
import { allClose } from '../support/derivatives.js';
import { fromGolden, type GoldenArray, golden } from '../support/golden.js';
import { nested } from './variables.js';

describe('keys', () => {
  it('gives every layer that asks a key of its own, the same ones in every run', async () => {
    const keys = compile((k: Tensor) => {
      const context = new Context({ training: true, key: k });
      return [context.nextKey(), context.nextKey(), context.nextKey()];
    });
    const first = (await keys(key(1))).map(toNumbers);
    expect(new Set(first.map(String)).size).toBe(3);
    expect((await keys(key(1))).map(toNumbers)).toEqual(first);
    expect((await keys(key(2))).map(toNumbers)).not.toEqual(first);
  });

  it('without a key says so', () => {
    expect(() => new Context({ training: true }).nextKey()).toThrow(/make the context with a key/);
  });

  it('gives forward and backward pass one mask', async () => {
    const run = compile((x: Tensor, k: Tensor) => ({
      y: dropoutWithKey(x, k, 0.4),
      gradient: grad((p: Tensor) => dropoutWithKey(p, k, 0.4).sum())(x),
    }));
    const ones = ndarray(new Float32Array(100).fill(1));
    const { y, gradient } = await run(ones, key(3));
    expect(toNumbers(gradient)).toEqual(toNumbers(y));
  });
});

describe('buffers', () => {
  it('knows them by PyTorch names', () => {
    expect(['bn1.running_mean', 'running_var', 'layer1.0.bn1.num_batches_tracked'].every(isBuffer)).toBe(true);
    expect(['weight', 'running_mean.weight', 'layer1.bias', 'num_batches'].some(isBuffer)).toBe(false);
  });

  it('replaces what was recorded and keeps the rest', async () => {
    const run = compile((v: { a: Tensor; running_b: Tensor }) => {
      const context = new Context();
      context.update(v.running_b, context.current(v.running_b).add(1));
      context.update(v.running_b, context.current(v.running_b).add(1));
      return context.updated(v);
    });
    const { a, running_b: b } = await run({ a: ndarray([1, 2]), running_b: ndarray([5]) });
    expect([toNumbers(a), toNumbers(b)]).toEqual([[1, 2], [7]]);
  });

  it('refuses a value of another shape', async () => {
    const run = compile((x: Tensor) => {
      new Context().update(x, x.sum());
      return x;
    });
    await expect(run(ndarray([1, 2]))).rejects.toThrow(/Context: the new value .* of the buffer/);
  });

  it('lets no gradient through a running statistic', async () => {
    const layer = batchNorm(2);
    const run = compile((v: Symbolic<Variables>, x: Tensor) =>
      grad((p: Tensor) => {
        const context = new Context({ training: true });
        layer.apply(v as never, p, context);
        const after = leavesOf<Tensor>(context.updated(v)).filter(({ path }) => path.startsWith('running_'));
        return after.reduce((total, { value }) => total.add(value.sum()), p.sum().mul(0));
      })(x),
    );
    expect(
      toNumbers(
        await run(
          layer.init(key(0)),
          ndarray([
            [1, 2],
            [3, 5],
          ]),
        ),
      ),
    ).toEqual([0, 0, 0, 0]);
  });

  it('updates running statistics once for each application in one step, as PyTorch does in two forward passes', async () => {
    interface Step {
      readonly x: GoldenArray;
      readonly after: Readonly<Record<string, GoldenArray>>;
    }
    const { cases } = golden<{ cases: { name: string; variables: Record<string, GoldenArray>; steps: Step[] }[] }>(
      'layers',
    );
    const { variables, steps } = cases.filter(({ name }) => name === 'batchNorm')[0];
    const layer = batchNorm(3);
    const run = compile((v: Symbolic<Variables>, first: Tensor, second: Tensor) => {
      const context = new Context({ training: true });
      layer.apply(v as never, first, context);
      layer.apply(v as never, second, context);
      return context.updated(v);
    });
    const start = Object.entries(variables).map(([path, array]): [string, NDArray] => [
      path,
      fromGolden(array, path === 'num_batches_tracked' ? 'int64' : 'float64'),
    ]);
    const after = await run(nested(Object.fromEntries(start)), fromGolden(steps[0].x), fromGolden(steps[1].x));
    for (const { path, value } of leavesOf<NDArray>(after)) allClose(value, steps[1].after[path].data, 1e-12, path);
  });
});
