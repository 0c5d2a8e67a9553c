import { describe, expect, it } from 'vitest';
import { compile, leavesOf, type NDArray, ndarray, type Tensor, toNumbers, zeros } from '../../../src/index.js';
import * as nn from '../../../src/nn/index.js';
import { Context, type Layer, type Symbolic, type Variables } from '../../../src/nn/index.js';
import { key } from '../../../src/runtime/random/index.js';
import { allClose, numbers } from '../../support/derivatives.js';

/** The layer on float32 numbers of this shape, outside training. */
async function run(layer: Layer<Variables>, x: NDArray, variables = layer.init(key(0))): Promise<NDArray> {
  return compile((v: Symbolic<Variables>, input: Tensor) => layer.apply(v, input, new Context()))(variables, x);
}

const input = (shape: readonly number[]): NDArray =>
  ndarray(
    Float32Array.from(
      numbers(
        1,
        shape.reduce((product, n) => product * n, 1),
      ),
    ),
    { shape },
  );
const paths = (layer: Layer<Variables>) => leavesOf(layer.init(key(0))).map(({ path }) => path);

describe('shapes', () => {
  it.each<[string, Layer<Variables>, number[], number[]]>([
    ['linear', nn.linear(5, 3), [2, 4, 5], [2, 4, 3]],
    ['conv1d', nn.conv1d(4, 6, 3, { padding: 1, stride: 2, groups: 2 }), [2, 4, 7], [2, 6, 4]],
    ['conv2d', nn.conv2d(3, 6, [3, 1], { dilation: 2 }), [2, 3, 7, 6], [2, 6, 3, 6]],
    ['convTranspose1d', nn.convTranspose1d(4, 6, 3, { stride: 2, groups: 2 }), [2, 4, 5], [2, 6, 11]],
    ['convTranspose2d', nn.convTranspose2d(3, 5, 4, { stride: 2, padding: 1 }), [2, 3, 4, 4], [2, 5, 8, 8]],
    ['batchNorm', nn.batchNorm(3), [2, 3, 4, 5], [2, 3, 4, 5]],
    ['multiheadAttention', nn.multiheadAttention(8, 2, { causal: true }), [2, 5, 8], [2, 5, 8]],
    ['encoderBlock', nn.encoderBlock({ features: 8, heads: 2, mlpFeatures: 12 }), [2, 5, 8], [2, 5, 8]],
    ['flatten', nn.flattenLayer, [2, 3, 4], [2, 12]],
    ['maxPool', nn.maxPoolLayer(3, { stride: 2, padding: 1 }), [1, 2, 7, 7], [1, 2, 4, 4]],
    ['averagePool', nn.averagePoolLayer(2), [1, 2, 6, 7], [1, 2, 3, 3]],
    ['adaptiveAveragePool', nn.adaptiveAveragePoolLayer([2, 3]), [1, 2, 5, 7], [1, 2, 2, 3]],
    ['adaptiveMaxPool', nn.adaptiveMaxPoolLayer(1), [1, 2, 5, 7], [1, 2, 1, 1]],
  ])('%s', async (_, layer, shape, expected) => {
    const y = await run(layer, input(shape));
    expect(y.shape).toEqual(expected);
    expect(toNumbers(y).every(Number.isFinite)).toBe(true);
  });
});

describe('activations', () => {
  it.each<[string, Layer<Variables>, (x: number) => number]>([
    ['relu', nn.reluLayer, (x) => Math.max(0, x)],
    ['silu', nn.siluLayer, (x) => x / (1 + Math.exp(-x))],
    ['tanh', nn.tanhLayer, Math.tanh],
    ['any function', nn.activation((x) => x.square().add(1)), (x) => x * x + 1],
  ])('%s', async (_, layer, fn) => {
    const x = input([3, 4]);
    allClose(await run(layer, x), toNumbers(x).map(fn), 1e-6, 'activation');
    expect(layer.init(key(0))).toEqual({});
  });
});

describe('composition', () => {
  it('numbers the layers of a list as Sequential does', () => {
    expect(paths(nn.sequential([nn.linear(2, 3), nn.reluLayer, nn.linear(3, 1, { bias: false })]))).toEqual([
      '0.weight',
      '0.bias',
      '2.weight',
    ]);
  });

  it('takes the names of an object', () => {
    const layer = nn.sequential({ first: nn.linear(2, 3), relu: nn.reluLayer, norm: nn.layerNorm(3) });
    expect(paths(layer)).toEqual(['first.weight', 'first.bias', 'norm.weight', 'norm.bias']);
  });

  it('runs layers in order; none at all leave x as it is', async () => {
    const add = (n: number) => nn.activation((x) => x.add(n));
    const triple = nn.activation((x) => x.mul(3));
    expect(toNumbers(await run(nn.sequential([add(1), triple, add(2)]), ndarray([1, 2])))).toEqual([8, 11]);
    expect(toNumbers(await run(nn.sequential([]), ndarray([1, 2])))).toEqual([1, 2]);
  });

  it('gives equal layers different weights', () => {
    const [a, b] = leavesOf<NDArray>(nn.sequential([nn.linear(4, 4), nn.linear(4, 4)]).init(key(0)))
      .filter(({ path }) => path.endsWith('weight'))
      .map(({ value }) => value);
    expect(a.data).not.toEqual(b.data);
  });

  it('adds x, or its projection, to a residual body', async () => {
    const triple = nn.activation((x) => x.mul(3));
    const x = ndarray([[1, 2]]);
    expect(toNumbers(await run(nn.residual(triple), x))).toEqual([4, 8]);
    expect(toNumbers(await run(nn.skip(triple), x))).toEqual([4, 8]);
    expect(
      toNumbers(
        await run(
          nn.residual(
            triple,
            nn.activation((p) => p.mul(-1)),
          ),
          x,
        ),
      ),
    ).toEqual([2, 4]);
    expect(paths(nn.residual(nn.linear(2, 3), nn.linear(2, 3, { bias: false })))).toEqual([
      'body.weight',
      'body.bias',
      'shortcut.weight',
    ]);
    expect(paths(nn.skip(nn.linear(2, 2)))).toEqual(['weight', 'bias']);
  });
});

describe('attention layer', () => {
  it('does not depend on the order of the other tokens', async () => {
    const layer = nn.multiheadAttention(6, 3);
    const x = input([1, 3, 6]);
    const order = [2, 0, 1];
    const shuffled = order.flatMap((i) => toNumbers(x).slice(6 * i, 6 * i + 6));
    const y = toNumbers(await run(layer, x));
    const got = await run(layer, ndarray(Float32Array.from(shuffled), { shape: [1, 3, 6] }));
    allClose(
      got,
      order.flatMap((i) => y.slice(6 * i, 6 * i + 6)),
      1e-5,
      'permuted',
    );
  });

  it('with causal, does not depend on later tokens', async () => {
    const layer = nn.multiheadAttention(4, 2, { causal: true });
    const x = input([1, 3, 4]);
    const changed = ndarray(
      Float32Array.from(toNumbers(x), (value, i) => (i < 8 ? value : value + 1)),
      {
        shape: x.shape,
      },
    );
    const [before, after] = [toNumbers(await run(layer, x)), toNumbers(await run(layer, changed))];
    expect(after.slice(0, 8)).toEqual(before.slice(0, 8));
    expect(after.slice(8)).not.toEqual(before.slice(8));
  });
});

describe('batch norm', () => {
  it('normalises by the batch in training and by running statistics otherwise', async () => {
    const layer = nn.batchNorm(2);
    const program = compile((v: Symbolic<Variables>, x: Tensor) => ({
      train: layer.apply(v as never, x, new Context({ training: true })),
      evaluate: layer.apply(v as never, x, new Context()),
    }));
    const { train, evaluate } = await program(
      layer.init(key(0)),
      ndarray([
        [1, 10],
        [3, 30],
      ]),
    );
    allClose(train, [-1, -1, 1, 1], 1e-4, 'train');
    allClose(evaluate, [1, 10, 3, 30], 1e-4, 'evaluate');
  });

  it('without weight and bias only normalises', async () => {
    const [plain, affine] = [nn.batchNorm(2, { affine: false }), nn.batchNorm(2)];
    expect(paths(plain)).toEqual(['running_mean', 'running_var', 'num_batches_tracked']);
    for (const training of [true, false]) {
      const applied = async (layer: typeof plain) =>
        toNumbers(
          await compile((v: Symbolic<Variables>, x: Tensor) => layer.apply(v as never, x, new Context({ training })))(
            layer.init(key(0)),
            input([3, 2, 2]),
          ),
        );
      expect(await applied(plain)).toEqual(await applied(affine));
    }
  });

  it.each<[string, number[], RegExp]>([
    ['one value a feature', [1, 2], /batchNorm: x \[1, 2\] has fewer than two values/],
    ['other features', [4, 3], /batchNorm: x \[4, 3\] must be \[n, 2, ...\]/],
    ['no features', [4], /batchNorm: x \[4\] must be \[n, 2, ...\]/],
  ])('refuses %s', async (_, shape, message) => {
    const layer = nn.batchNorm(2);
    const program = compile((v: Symbolic<Variables>, x: Tensor) =>
      layer.apply(v as never, x, new Context({ training: true })),
    );
    await expect(program(layer.init(key(0)), input(shape))).rejects.toThrow(message);
  });
});

describe('errors', () => {
  it.each<[string, () => unknown, RegExp]>([
    ['groups', () => nn.conv2d(3, 4, 3, { groups: 2 }), /conv2d: 2 groups must divide 3 inputs and 4 outputs/],
    ['kernel', () => nn.convTranspose1d(3, 4, [3, 3]), /convTranspose1d: kernel \[3, 3\] must have one length/],
    ['heads', () => nn.multiheadAttention(7, 2), /multiheadAttention: 2 heads do not divide 7 features/],
    ['norm groups', () => nn.groupNorm(3, 4), /groupNorm: 3 groups do not divide 4 channels/],
    [
      'indices',
      () => nn.embedding(3, 2).apply({ weight: zeros([3, 2]) }, zeros([4]), new Context()),
      /embedding: x float32\[4\] must hold int32 or int64 indices/,
    ],
  ])('%s', (_, fn, message) => {
    expect(fn).toThrow(message);
  });
});
