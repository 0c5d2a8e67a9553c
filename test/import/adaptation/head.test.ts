import ort from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { importOnnx, type Pooling, replaceHead } from '../../../src/import/index.js';
import { compile, exportOnnx, type NDArray, ndarray, type Tensor, toNumbers, zerosArray } from '../../../src/index.js';
import { Context, type Layer, resnet9, type Variables, vit } from '../../../src/nn/index.js';
import { key } from '../../../src/runtime/random/index.js';
import { allClose } from '../../support/derivatives.js';
import { numbers } from '../../support/numbers.js';
import { modelFile, node, tensor, value } from '../../support/onnx-model.js';

type Feeds = Readonly<Record<string, NDArray>>;

async function run(model: Uint8Array, feeds: Feeds): Promise<Record<string, NDArray>> {
  const session = await ort.InferenceSession.create(model, { logSeverityLevel: 3 });
  const tensors = Object.entries(feeds).map(([name, { dtype, data, shape }]) => [
    name,
    new ort.Tensor(dtype, data as Float32Array, shape as number[]),
  ]);
  const results = await session.run(Object.fromEntries(tensors));
  return Object.fromEntries(
    Object.entries(results).map(([name, { data, dims }]) => [name, { data, shape: dims, dtype: 'float32' } as NDArray]),
  );
}

function exported(model: Layer<Variables>, example: NDArray): Uint8Array {
  return exportOnnx(
    (v: never, x: { images: Tensor }) => ({ logits: model.apply(v, x.images, new Context()) }),
    model.init(key(0)) as never,
    { images: example },
    { dynamic: { name: 'batch', axis: 0 } },
  );
}

/** features W^T + b by hand. */
function linearOf(features: NDArray, { weight, bias }: { weight: NDArray; bias: NDArray }): number[] {
  const [outputs, size] = weight.shape;
  return Array.from({ length: features.shape[0] * outputs }, (_, k) => {
    const [i, o] = [Math.floor(k / outputs), k % outputs];
    let sum = Number(bias.data[o]);
    for (let d = 0; d < size; d++) sum += Number(features.data[i * size + d]) * Number(weight.data[o * size + d]);
    return sum;
  });
}

async function headOf(bytes: Uint8Array, stem = 'head') {
  const variables = importOnnx(bytes).init();
  return { weight: variables[`${stem}.weight`], bias: variables[`${stem}.bias`] };
}

const images = ndarray(Float32Array.from(numbers(3, 3 * 64)), { shape: [3, 1, 8, 8] });

describe('replaceHead', () => {
  it.each([
    ['resnet9', resnet9({ classes: 10, inputChannels: 1, width: 2 }) as Layer<Variables>, 16],
    [
      'vit',
      vit({
        imageSize: 8,
        patchSize: 4,
        dimension: 8,
        depth: 1,
        heads: 2,
        mlpDimension: 16,
        classes: 10,
        inputChannels: 1,
      }) as Layer<Variables>,
      8,
    ],
  ])(
    '%s: what the last linear layer took goes to the new one, under the old names, for any batch',
    async (_, model, size) => {
      const example = zerosArray([1, 1, 8, 8]);
      const old = exported(model, example);
      const made = replaceHead(old, { outputs: 3, key: key(1), example: { images: example } });
      expect([made.shape, made.pooling, made.head.weight]).toEqual([[1, size], 'none', 'head.weight']);
      const original = importOnnx(old);
      const layer = importOnnx(made.bytes);
      expect([layer.inputs, layer.outputs.map(({ name, shape }) => [name, shape])]).toEqual([
        original.inputs,
        [['logits', ['batch', 3]]],
      ]);
      // The old head is gone, nothing else is.
      const left = original.parameters.filter((name) => !layer.parameters.includes(name));
      expect(
        left.map((name) => original.init()[name].shape.at(0) === 10 || original.init()[name].shape.at(1) === 10),
      ).toEqual([true, true]);
      expect(layer.parameters.filter((name) => !original.parameters.includes(name))).toEqual([
        'head.weight',
        'head.bias',
      ]);

      const features = compile(
        (v: never, x: Tensor) => original.outputsOf(v, x, new Context(), [made.features])[made.features],
      );
      const expected = linearOf(await features(original.init() as never, images), await headOf(made.bytes));
      const { logits } = await run(made.bytes, { images });
      expect(logits.shape).toEqual([3, 3]);
      allClose(logits, expected, 1e-5, 'logits');
      const imported = compile((v: never, x: Tensor) => layer.apply(v, x));
      allClose(await imported(layer.init() as never, images), expected, 1e-5, 'imported');
      expect(replaceHead(old, { outputs: 3, key: key(1), example: { images: example } }).bytes).toEqual(made.bytes);
    },
  );

  const table = ndarray(Float32Array.from(numbers(5, 20)), { shape: [5, 4] });
  const ids = ndarray(
    [
      [1, 2, 3],
      [4, 0, 0],
    ],
    { dtype: 'int64' },
  );
  const mask = ndarray(
    [
      [1, 1, 1],
      [1, 0, 0],
    ],
    { dtype: 'int64' },
  );
  const rows = (list: number[]) => list.map((id) => toNumbers(table).slice(4 * id, 4 * id + 4));
  const mean = (list: number[]) =>
    rows(list).reduce((sum, row) => sum.map((v, i) => v + row[i] / list.length), [0, 0, 0, 0]);

  /** An encoder that looks tokens up, with a second output that comes of the first. */
  const encoder = (opset: number, masked: boolean) =>
    modelFile(
      {
        inputs: [
          value('input_ids', 'int64', ['n', 't']),
          ...(masked ? [value('attention_mask', 'int64', ['n', 't'])] : []),
        ],
        outputs: [value('hidden', 'float32', ['n', 't', 4]), value('doubled', 'float32', ['n', 't', 4])],
        nodes: [
          node('Gather', ['table', 'input_ids'], ['hidden'], {}, { name: 'lookup' }),
          node('Add', ['hidden', 'hidden'], ['doubled']),
        ],
        initializers: [tensor('table', table)],
      },
      { opset },
    );

  it.each([
    ['mean over the mask', 21, true, undefined, [mean([1, 2, 3]), mean([4])]],
    ['mean over the mask, before axes were inputs', 11, true, 'mean', [mean([1, 2, 3]), mean([4])]],
    ['mean of all', 21, false, 'mean', [mean([1, 2, 3]), mean([4, 0, 0])]],
    ['mean of all, before axes were inputs', 13, false, undefined, [mean([1, 2, 3]), mean([4, 0, 0])]],
    ['the first', 21, true, 'first', rows([1, 4])],
  ] as const)('an encoder gets a head behind %s', async (_, opset, masked, pooling: Pooling | undefined, pooled) => {
    const example: Feeds = masked ? { input_ids: ids, attention_mask: mask } : { input_ids: ids };
    const made = replaceHead(encoder(opset, masked), { outputs: 2, key: key(2), example, pooling });
    const expected = linearOf(ndarray(pooled.map((row) => [...row])), await headOf(made.bytes));
    const { hidden, doubled } = await run(made.bytes, example);
    expect([hidden.shape, doubled.shape]).toEqual([
      [2, 2],
      [2, 3, 4],
    ]);
    allClose(hidden, expected, 1e-5, 'logits');
    allClose(
      doubled,
      toNumbers(ids).flatMap((id) => rows([id])[0].map((v) => 2 * v)),
      1e-6,
      'the other output',
    );
    const layer = importOnnx(made.bytes);
    const apply = compile((v: never, x: never) => layer.apply(v, x)) as unknown as (
      v: unknown,
      x: unknown,
    ) => Promise<NDArray>;
    allClose(await apply(layer.init(), example), expected, 1e-5, 'imported');
  });

  it('a convolution that classifies positions is a head too; one with a larger kernel is not', () => {
    const file = (kernel: number) =>
      modelFile({
        inputs: [value('x', 'float32', ['n', 1, 8, 8])],
        outputs: [value('y', 'float32', ['n', 5])],
        nodes: [
          node('Conv', ['x', 'first'], ['map']),
          node('Conv', ['map', 'last'], ['scores']),
          node('Relu', ['scores'], ['active']),
          node('GlobalAveragePool', ['active'], ['pooled']),
          node('Flatten', ['pooled'], ['y']),
        ],
        initializers: [tensor('first', zerosArray([3, 1, 3, 3])), tensor('last', zerosArray([5, 3, kernel, kernel]))],
      });
    const options = { outputs: 2, key: key(0), example: { x: images } };
    const made = replaceHead(file(1), options);
    expect(made).toMatchObject({ features: 'map', shape: [3, 3, 6, 6], pooling: 'mean' });
    expect(importOnnx(made.bytes).parameters).toEqual(['first', 'head.weight', 'head.bias']);
    expect(replaceHead(file(3), options)).toMatchObject({ features: 'y/before_head', shape: [3, 5], pooling: 'none' });
  });

  it('takes features by value or node, and pools maps', async () => {
    const weight = ndarray(Float32Array.from(numbers(7, 2 * 9)), { shape: [2, 1, 3, 3] });
    const bytes = modelFile({
      inputs: [value('x', 'float32', ['n', 1, 8, 8])],
      outputs: [value('y', 'float32', ['n', 72])],
      nodes: [
        node('Conv', ['x', 'head.weight'], ['map'], {}, { name: 'convolution' }),
        node('Relu', ['map'], ['active'], {}, { name: 'relu' }),
        node('Flatten', ['active'], ['flat']),
        node('MatMul', ['flat', 'm'], ['y']),
      ],
      initializers: [tensor('head.weight', weight), tensor('m', zerosArray([72, 72]))],
    });
    const example = { x: images };
    const byValue = replaceHead(bytes, { outputs: 1, key: key(0), example, features: 'active' });
    const byNode = replaceHead(bytes, { outputs: 1, key: key(0), example, features: 'relu' });
    expect(byNode.bytes).toEqual(byValue.bytes);
    expect([byValue.pooling, byValue.shape, byValue.head.weight]).toEqual(['mean', [3, 2, 6, 6], 'head_1.weight']);
    const features = await run(bytes, example).then(() =>
      compile((v: never, x: Tensor) => importOnnx(bytes).outputsOf(v, x, undefined, ['active']).active.mean([2, 3])),
    );
    const expected = linearOf(
      await features(importOnnx(bytes).init() as never, images),
      await headOf(byValue.bytes, 'head_1'),
    );
    allClose((await run(byValue.bytes, example)).y, expected, 1e-5, 'y');
    // By itself it takes what the last product takes.
    expect(replaceHead(bytes, { outputs: 1, key: key(0), example })).toMatchObject({
      features: 'flat',
      shape: [3, 72],
    });

    const replaced = (options: object) => () => replaceHead(bytes, { outputs: 1, key: key(0), example, ...options });
    expect(replaced({ features: 'what' })).toThrow(
      /no value and no node 'what'; the last are 'convolution', 'relu', 'flat', 'y'/,
    );
    expect(replaced({ features: 'map', pooling: 'first' })).toThrow(
      /features 'map' \[3, 2, 6, 6\] cannot be pooled by 'first'/,
    );
    expect(replaced({ outputs: 0 })).toThrow(/replaceHead: outputs 0 must be a positive integer/);
    const old = modelFile(
      { inputs: [value('x')], outputs: [value('x1')], nodes: [node('Relu', ['x'], ['x1'])] },
      { opset: 6 },
    );
    expect(() => replaceHead(old, { outputs: 1, key: key(0), example })).toThrow(
      /version 7 of the operator set, the model has 6/,
    );
  });
});
