import { describe, expect, it } from 'vitest';
import { leavesOf, type NDArray, toNumbers } from '../../src/index.js';
import type { Initializer, Layer, Variables } from '../../src/nn/index.js';
import * as nn from '../../src/nn/index.js';
import { key } from '../../src/runtime/random/index.js';

const flat = (layer: Layer<Variables>, seed = 0): Record<string, NDArray> =>
  Object.fromEntries(leavesOf<NDArray>(layer.init(key(seed))).map(({ path, value }) => [path, value]));

function moments(array: NDArray): { mean: number; deviation: number; largest: number } {
  const values = toNumbers(array);
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  const deviation = Math.sqrt(values.reduce((a, b) => a + (b - mean) ** 2, 0) / values.length);
  return { mean, deviation, largest: values.reduce((a, b) => Math.max(a, Math.abs(b)), 0) };
}

/** Uniform in (-bound, bound): inside it, close to its ends, with its moments to five standard errors. */
function expectUniform(array: NDArray, bound: number): void {
  const { mean, deviation, largest } = moments(array);
  const n = array.data.length;
  const sigma = bound / Math.sqrt(3);
  expect(largest).toBeLessThanOrEqual(Math.fround(bound));
  expect(largest).toBeGreaterThan(bound * (1 - 10 / n));
  expect(Math.abs(mean)).toBeLessThan((5 * sigma) / Math.sqrt(n));
  // The fourth moment of a uniform variable gives its variance a relative error of sqrt(4 / (5 n)).
  expect(Math.abs(deviation / sigma - 1)).toBeLessThan(2.5 * Math.sqrt(4 / (5 * n)));
}

/** Normal with mean 0: moments to five standard errors, and extremes that a uniform variable has not. */
function expectNormal(array: NDArray, sigma: number): void {
  const { mean, deviation, largest } = moments(array);
  const n = array.data.length;
  expect(Math.abs(mean)).toBeLessThan((5 * sigma) / Math.sqrt(n));
  expect(Math.abs(deviation / sigma - 1)).toBeLessThan(5 / Math.sqrt(2 * n));
  expect(largest).toBeGreaterThan(3 * sigma);
  expect(largest).toBeLessThan(7 * sigma);
}

const zero = (array: NDArray) => expect(toNumbers(array).every((value) => value === 0)).toBe(true);
const one = (array: NDArray) => expect(toNumbers(array).every((value) => value === 1)).toBe(true);

describe('initializers', () => {
  const shape = [40, 20, 3, 5];
  const [fanIn, fanOut] = [300, 600];
  const draw = (initializer: Initializer) => initializer(key(7), shape);

  it('counts inputs and outputs of a unit', () => {
    expect(nn.fans(shape)).toEqual({ fanIn, fanOut });
    expect(nn.fans([4, 7])).toEqual({ fanIn: 7, fanOut: 4 });
    expect(() => nn.fans([4])).toThrow(/shape \[4\] needs two axes/);
  });

  it.each<[string, Initializer, number]>([
    ['kaimingUniform', nn.kaimingUniform(), Math.sqrt(6 / fanIn)],
    ['kaimingUniform, fan out, linear', nn.kaimingUniform({ fan: 'out', gain: 1 }), Math.sqrt(3 / fanOut)],
    ['xavierUniform', nn.xavierUniform(), Math.sqrt(6 / (fanIn + fanOut))],
    ['xavierUniform, gain', nn.xavierUniform(2), 2 * Math.sqrt(6 / (fanIn + fanOut))],
    ['defaultWeight', nn.defaultWeight, 1 / Math.sqrt(fanIn)],
    ['defaultBias', nn.defaultBias([8, 30, 2]), 1 / Math.sqrt(60)],
  ])('%s is uniform', (_, initializer, bound) => {
    expectUniform(draw(initializer), bound);
  });

  it.each<[string, Initializer, number]>([
    ['kaimingNormal', nn.kaimingNormal(), Math.sqrt(2 / fanIn)],
    ['kaimingNormal, fan out', nn.kaimingNormal({ fan: 'out' }), Math.sqrt(2 / fanOut)],
    ['xavierNormal', nn.xavierNormal(), Math.sqrt(2 / (fanIn + fanOut))],
    ['truncatedNormal far from its limits', nn.truncatedNormal({ deviation: 0.05 }), 0.05],
  ])('%s is normal', (_, initializer, deviation) => {
    expectNormal(draw(initializer), deviation);
  });

  it('truncatedNormal has limits that are values, as trunc_normal_ has', () => {
    const { largest, deviation } = moments(draw(nn.truncatedNormal({ lower: -0.5, upper: 0.5 })));
    expect(largest).toBeLessThanOrEqual(0.5);
    // Nearly uniform so close to the mean: 1 / sqrt(12) = 0.289; the exact value is 0.2838.
    expect(deviation).toBeCloseTo(0.2838, 2);
  });

  it('depends on the key alone', () => {
    const initializer = nn.kaimingNormal();
    expect(initializer(key(1), shape)).toEqual(initializer(key(1), shape));
    expect(initializer(key(1), shape).data).not.toEqual(initializer(key(2), shape).data);
  });
});

describe('variables begin as in PyTorch', () => {
  it('linear and convolutions', () => {
    const linear = flat(nn.linear(400, 300));
    expectUniform(linear.weight, 1 / 20);
    expectUniform(linear.bias, 1 / 20);
    const conv = flat(nn.conv2d(16, 64, [3, 5], { groups: 2 }));
    expect(conv.weight.shape).toEqual([64, 8, 3, 5]);
    expectUniform(conv.weight, 1 / Math.sqrt(120));
    const line = flat(nn.conv1d(10, 50, 4));
    expectUniform(line.weight, 1 / Math.sqrt(40));
    const transposed = flat(nn.convTranspose2d(30, 20, 3));
    expect(transposed.weight.shape).toEqual([30, 20, 3, 3]);
    expectUniform(transposed.weight, 1 / Math.sqrt(180));
    expect(moments(transposed.bias).largest).toBeLessThan(1 / Math.sqrt(180));
    expect(flat(nn.convTranspose1d(6, 4, 2, { groups: 2 })).weight.shape).toEqual([6, 2, 2]);
  });

  it('leaves biases out where asked', () => {
    expect(Object.keys(flat(nn.linear(3, 4, { bias: false })))).toEqual(['weight']);
    expect(Object.keys(flat(nn.conv2d(3, 4, 3, { bias: false })))).toEqual(['weight']);
    expect(Object.keys(flat(nn.convTranspose2d(3, 4, 3, { bias: false })))).toEqual(['weight']);
  });

  it('embedding, normalisations, attention', () => {
    expectNormal(flat(nn.embedding(100, 80)).weight, 1);
    const norm = flat(nn.batchNorm(5));
    one(norm.weight);
    zero(norm.bias);
    zero(norm.running_mean);
    one(norm.running_var);
    expect([norm.num_batches_tracked.dtype, norm.num_batches_tracked.shape]).toEqual(['int64', []]);
    for (const layer of [nn.layerNorm([2, 3]), nn.groupNorm(2, 4)]) {
      one(flat(layer).weight);
      zero(flat(layer).bias);
    }
    const attention = flat(nn.multiheadAttention(60, 3));
    expectUniform(attention.in_proj_weight, Math.sqrt(6 / 240));
    zero(attention.in_proj_bias);
    expectUniform(attention['out_proj.weight'], 1 / Math.sqrt(60));
    zero(attention['out_proj.bias']);
  });

  it('residual networks: Kaiming normal by outputs, and residual branches at zero on demand', () => {
    const plain = flat(nn.resnet({ depth: 18, classes: 10, stem: 'cifar' }));
    expectNormal(plain['layer2.0.conv1.weight'], Math.sqrt(2 / (128 * 9)));
    expectUniform(plain['fc.weight'], 1 / Math.sqrt(512));
    one(plain['layer1.0.bn2.weight']);
    const zeroed = flat(nn.resnet({ depth: 18, classes: 10, stem: 'cifar', zeroInitResidual: true }));
    zero(zeroed['layer1.0.bn2.weight']);
    zero(zeroed['layer4.1.bn2.weight']);
    one(zeroed['layer4.0.downsample.1.weight']);
    one(zeroed['layer1.0.bn1.weight']);
  });

  it('vision transformers', () => {
    const options = { imageSize: 16, patchSize: 4, dimension: 64, depth: 1, heads: 4, mlpDimension: 96, classes: 10 };
    const variables = flat(nn.vit(options));
    zero(variables.class_token);
    expectNormal(variables['conv_proj.weight'], Math.sqrt(1 / 48));
    zero(variables['conv_proj.bias']);
    expectNormal(variables['encoder.pos_embedding'], 0.02);
    expectUniform(variables['encoder.layers.encoder_layer_0.mlp.0.weight'], Math.sqrt(6 / 160));
    expect(moments(variables['encoder.layers.encoder_layer_0.mlp.0.bias']).deviation).toBeLessThan(2e-6);
    zero(variables['heads.head.weight']);
    zero(variables['heads.head.bias']);
  });

  it('from a seed, the same every time, and no two leaves alike', () => {
    const model = nn.resnet9({ classes: 10, width: 4 });
    expect(flat(model, 5)).toEqual(flat(model, 5));
    const weights = Object.entries(flat(model, 5)).filter(([, value]) => value.shape.length > 1);
    const other = flat(model, 6);
    for (const [path, value] of weights) expect(value.data, path).not.toEqual(other[path].data);
    const starts = weights.map(([, value]) => Number(value.data[0]) / moments(value).deviation);
    expect(new Set(starts.map((value) => value.toFixed(3))).size).toBe(weights.length);
  });
});
