import { expect, it } from 'vitest';
import { compile, grad, type NDArray, ndarray, type Tensor, toNumbers } from '../../../src/index.js';
import { Context, type Layer, mlp, resnet9, type Symbolic, type Variables, vit } from '../../../src/nn/index.js';
import { key, uniform } from '../../../src/runtime/random/index.js';
import { lastLayer } from '../../../src/train/classification/last-layer.js';

const models: Record<string, Layer<Variables>> = {
  mlp: mlp({ sizes: [3 * 8 * 8, 6, 4] }),
  resnet9: resnet9({ classes: 4, width: 2 }),
  vit: vit({
    imageSize: 8,
    patchSize: 4,
    dimension: 8,
    depth: 1,
    heads: 2,
    mlpDimension: 8,
    classes: 4,
    inputChannels: 3,
  }) as Layer<Variables>,
};

it.each(Object.entries(models))('%s: logits are what its last layer makes of its features', async (_, model) => {
  const run = compile((v: Symbolic<Variables>, x: Tensor) => {
    const logits = model.apply(v, x, new Context());
    const layer = lastLayer(logits);
    if (!layer?.bias) throw new Error('no last layer was found');
    return { logits, again: layer.features.matmul(layer.weight.transpose()).add(layer.bias), weight: layer.weight };
  });
  const { logits, again, weight } = await run(model.init(key(0)) as never, uniform(key(1), [5, 3, 8, 8]));
  expect(again.data).toEqual(logits.data);
  expect(weight.shape[0]).toBe(4);
  await run.release();
});

it('finds none where logits come out of something else', async () => {
  const run = compile((x: Tensor) => {
    expect(lastLayer(x.tanh())).toBeUndefined();
    expect(lastLayer(x.add(x.exp()))).toBeUndefined();
    return grad((y: Tensor) => y.square().sum())(x);
  });
  const got: NDArray = await run(ndarray([[1, 2]]));
  expect(toNumbers(got)).toEqual([2, 4]);
});
