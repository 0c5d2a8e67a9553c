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
  autoencoder,
  Context,
  convDecoder,
  convEncoder,
  groupNorm,
  isBuffer,
  type Layer,
  mlp,
  type Normalization,
  resnet,
  resnet9,
  type Symbolic,
  unet,
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

describe('unet', () => {
  const model = unet({ outputs: 2, inputChannels: 1, width: 2, depth: 2 });
  const image = (height: number, width: number, channels = 1) =>
    ({
      data: Float32Array.from(numbers(0, channels * height * width)),
      shape: [1, channels, height, width],
      dtype: 'float32',
    }) as const;
  const run = compile((v: Symbolic<Variables>, x: Tensor) => model.apply(v, x, new Context()));

  it('keeps the size of images, odd or not', async () => {
    for (const [height, width] of [
      [8, 12],
      [9, 7],
      [4, 4],
    ])
      expect((await run(model.init(key(0)), image(height, width))).shape).toEqual([1, 2, height, width]);
  });

  it('refuses depths and images that do not fit', async () => {
    expect(() => unet({ outputs: 1, depth: 0 })).toThrow(/unet: depth 0 must be a positive integer/);
    const variables = model.init(key(0));
    await expect(run(variables, image(3, 8))).rejects.toThrow(/unet: x \[1, 1, 3, 8\] must be .* at least 4 pixels/);
    await expect(run(variables, image(8, 8, 2))).rejects.toThrow(/unet: x \[1, 2, 8, 8\] must be \[n, 1, /);
  });

  it('takes another normalisation, or none', () => {
    const last = (options: { normalization?: Normalization }) => [
      ...new Set(leaves(unet({ outputs: 1, ...options })).map(({ path }) => path.split('.').slice(2).join('.'))),
    ];
    expect(last({ normalization: (channels) => groupNorm(4, channels) })).toContain('norm1.weight');
    expect(last({ normalization: (channels) => groupNorm(4, channels) })).not.toContain('norm1.running_mean');
    expect(last({ normalization: 'none' }).filter((name) => name.includes('norm'))).toEqual([]);
    expect(last({ normalization: 'none' })).toContain('conv1.bias');
    expect(last({})).not.toContain('conv1.bias');
  });
});

describe('autoencoder', () => {
  const options = { imageSize: [9, 14], width: 2, depth: 2 } as const;

  it('is its decoder after its encoder, of images of any size', async () => {
    const [whole, encoder, decoder] = [
      autoencoder({ ...options, latent: 3, channels: 1 }),
      convEncoder({ ...options, outputs: 3, inputChannels: 1 }),
      convDecoder({ ...options, inputs: 3, outputChannels: 1 }),
    ];
    const run = compile((v: Symbolic<Variables>, x: Tensor) => {
      const code = encoder.apply(v.encoder as never, x, new Context());
      return {
        code,
        parts: decoder.apply(v.decoder as never, code, new Context()),
        y: whole.apply(v, x, new Context()),
      };
    });
    const x = { data: Float32Array.from(numbers(0, 252)), shape: [2, 1, 9, 14], dtype: 'float32' } as const;
    const { code, parts, y } = await run(whole.init(key(0)), x);
    expect(code.shape).toEqual([2, 3]);
    expect(y.shape).toEqual([2, 1, 9, 14]);
    expect(toNumbers(y)).toEqual(toNumbers(parts));
    expect(new Set(toNumbers(y)).size).toBeGreaterThan(200);
  });

  it('refuses sizes and depths that do not fit', () => {
    expect(() => convEncoder({ imageSize: [3, 8], outputs: 1 })).toThrow(
      /convEncoder: imageSize \[3, 8\] must be a height and a width of at least 4 for depth 2/,
    );
    expect(() => convDecoder({ imageSize: [8, 8], inputs: 1, depth: 0.5 })).toThrow(
      /convDecoder: depth 0.5 must be a positive integer/,
    );
  });
});

describe('gradients', () => {
  it('reach every parameter of models of images', async () => {
    const models = [
      unet({ outputs: 1, inputChannels: 1, width: 2, depth: 2 }),
      autoencoder({ imageSize: [8, 9], latent: 3, channels: 1, width: 2 }),
    ];
    const x = { data: Float32Array.from(numbers(0, 288)), shape: [4, 1, 8, 9], dtype: 'float32' } as const;
    for (const model of models) {
      const run = compile((v: Symbolic<Variables>, images: Tensor) => {
        const [buffers, trained] = partition(v, (path) => isBuffer(path));
        return valueAndGrad((p: Symbolic<Variables>) =>
          model
            .apply(merge(p, buffers), images, new Context({ training: true }))
            .sub(images)
            .square()
            .mean(),
        )(trained)[1];
      });
      for (const { path, value } of leavesOf<NDArray>(await run(model.init(key(0)), x)))
        expect(
          toNumbers(value).some((slope) => slope !== 0),
          path,
        ).toBe(true);
    }
  });

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
