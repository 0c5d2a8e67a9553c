import { describe, expect, it } from 'vitest';
import {
  compile,
  constant,
  leavesOf,
  merge,
  type NDArray,
  partition,
  type Tensor,
  toNumbers,
  valueAndGrad,
  zeros,
  zipTrees,
} from '../../../src/index.js';
import { crossEntropy } from '../../../src/losses/index.js';
import {
  Context,
  isBuffer,
  type Layer,
  mlp,
  resnet,
  resnet9,
  type Symbolic,
  type Variables,
  vit,
} from '../../../src/nn/index.js';
import { key } from '../../../src/runtime/random/index.js';
import { numbers } from '../../support/derivatives.js';

const leaves = (model: Layer<Variables>) => leavesOf<NDArray>(model.init(key(0)));
const parameters = (model: Layer<Variables>) =>
  leaves(model).reduce((total, { path, value }) => total + (isBuffer(path) ? 0 : value.data.length), 0);

// CIFAR's are among the reference values; see parity.test.ts.
describe('numbers of parameters', () => {
  it('resnet18 and resnet50 for ImageNet', () => {
    expect(parameters(resnet({ depth: 18, classes: 1000 }))).toBe(11_689_512);
    expect(parameters(resnet({ depth: 50, classes: 1000 }))).toBe(25_557_032);
  });

  it('vit_b_16', () => {
    const base = { imageSize: 224, patchSize: 16, dimension: 768, heads: 12, mlpDimension: 3072, classes: 1000 };
    // Linear in the depth: twelve blocks need not be made.
    const one = parameters(vit({ ...base, depth: 1 }));
    const block = parameters(vit({ ...base, depth: 2 })) - one;
    expect(one + 11 * block).toBe(86_567_656);
  });
});

describe('mlp', () => {
  it('has the names of Sequential(Linear, ReLU, Linear, ...)', () => {
    const shapes = leaves(mlp({ sizes: [6, 5, 4, 3] })).map(({ path, value }) => [path, value.shape]);
    expect(shapes).toEqual([
      ['0.weight', [5, 6]],
      ['0.bias', [5]],
      ['2.weight', [4, 5]],
      ['2.bias', [4]],
      ['4.weight', [3, 4]],
      ['4.bias', [3]],
    ]);
    const dropped = leaves(mlp({ sizes: [6, 5, 4], dropout: 0.5 })).map(({ path }) => path);
    expect(dropped).toEqual(['0.weight', '0.bias', '3.weight', '3.bias']);
  });

  it('takes an activation and flattens images', async () => {
    const model = mlp({ sizes: [4, 3, 2], activation: (x) => x.mul(0) });
    const variables = model.init(key(0));
    const run = compile((v: never, x: Tensor) => model.apply(v, x, new Context()));
    const x = { data: Float32Array.from(numbers(0, 8)), shape: [2, 1, 2, 2], dtype: 'float32' } as const;
    const y = toNumbers(await run(variables as never, x));
    const bias = toNumbers((variables['2'] as { bias: NDArray }).bias);
    expect(y).toEqual([...bias, ...bias]);
  });

  it('needs an input and an output', () => {
    expect(() => mlp({ sizes: [3] })).toThrow(/mlp: sizes \[3\]/);
  });
});

describe('vit', () => {
  const options = {
    imageSize: 8,
    patchSize: 4,
    dimension: 8,
    depth: 1,
    heads: 2,
    mlpDimension: 12,
    classes: 3,
    inputChannels: 1,
  };

  it('refuses patches and images that do not fit', async () => {
    expect(() => vit({ ...options, patchSize: 3 })).toThrow(/patchSize 3 does not divide imageSize 8/);
    const model = vit(options);
    const run = compile((v: never, x: Tensor) => model.apply(v, x, new Context()));
    const x = { data: new Float32Array(128), shape: [2, 1, 8, 8], dtype: 'float32' } as const;
    expect((await run(model.init(key(0)) as never, x)).shape).toEqual([2, 3]);
    const wide = { ...x, shape: [1, 1, 8, 16] };
    await expect(run(model.init(key(0)) as never, wide)).rejects.toThrow(/must hold images of 8 by 8/);
  });

  it('drops out in training, by the key alone', async () => {
    const model = vit({ ...options, dropout: 0.5 });
    const run = compile((v: never, x: Tensor, k: Tensor) =>
      valueAndGrad((p: never) =>
        crossEntropy(model.apply(p, x, new Context({ training: true, key: k })), zeros([2], 'int32')),
      )(v),
    );
    const x = { data: Float32Array.from(numbers(0, 128)), shape: [2, 1, 8, 8], dtype: 'float32' } as const;
    const gradient = async (seed: number) => {
      const [, got] = await run(model.init(key(0)) as never, x, key(seed));
      return toNumbers((got as { heads: { head: { weight: NDArray } } }).heads.head.weight);
    };
    expect(await gradient(1)).toEqual(await gradient(1));
    expect(await gradient(1)).not.toEqual(await gradient(2));
  });
});

describe('gradients', () => {
  it.each<[string, Layer<Variables>]>([
    ['resnet9', resnet9({ classes: 3, inputChannels: 1, width: 2 })],
    ['mlp', mlp({ sizes: [256, 8, 3] })],
  ])('%s: reach every parameter and move the loss down', async (_, model) => {
    const x = { data: Float32Array.from(numbers(0, 1024)), shape: [4, 1, 16, 16], dtype: 'float32' } as const;
    const run = compile((v: Symbolic<Variables>, images: Tensor) => {
      const [buffers, trained] = partition(v, (path) => isBuffer(path));
      const loss = (p: Symbolic<Variables>) =>
        crossEntropy(
          model.apply(merge(p, buffers), images, new Context({ training: true })),
          constant([0, 1, 2, 0], 'int32'),
        );
      const [value, gradients] = valueAndGrad(loss)(trained);
      const moved = zipTrees('step', trained, gradients, (p: Tensor, g: Tensor) => p.sub(g.mul(0.01)));
      return { value, gradients, next: merge(moved as Symbolic<Variables>, buffers) };
    });
    const before = await run(model.init(key(0)), x);
    for (const { path, value } of leavesOf<NDArray>(before.gradients))
      expect(
        toNumbers(value).some((slope) => slope !== 0),
        path,
      ).toBe(true);
    const after = await run(before.next as Variables, x);
    expect(Number(after.value.data[0])).toBeLessThan(Number(before.value.data[0]));
  });
});
