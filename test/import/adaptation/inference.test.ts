import ort from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { importOnnx, inferenceForm } from '../../../src/import/index.js';
import { compile, ndarray, type Tensor, toNumbers } from '../../../src/index.js';
import { Context } from '../../../src/nn/index.js';
import { key } from '../../../src/runtime/random/index.js';
import { modelFile, node, tensor, value } from '../../support/onnx-model.js';

const vector = (...values: number[]) => ndarray(Float32Array.from(values));
const bytes = modelFile({
  inputs: [value('x', 'float32', ['n', 2])],
  outputs: [value('y', 'float32', ['n', 2])],
  nodes: [
    node('BatchNormalization', ['x', 'w', 'b', 'running_mean', 'running_var'], ['normal', 'next_mean', 'next_var'], {
      training_mode: 1,
    }),
    node('Dropout', ['normal', 'ratio', 'training'], ['y', 'mask']),
  ],
  initializers: [
    tensor('w', vector(1, 2)),
    tensor('b', vector(0, 1)),
    tensor('running_mean', vector(1, -1)),
    tensor('running_var', vector(4, 1)),
    tensor('ratio', ndarray(Float32Array.of(0.5), { shape: [] })),
    tensor('training', ndarray(Uint8Array.of(1), { dtype: 'bool', shape: [] })),
  ],
});
const x = ndarray([
  [3, 0],
  [5, 2],
  [1, 1],
]);

describe('inferenceForm', () => {
  it('computes by running statistics and drops nothing, in ONNX Runtime and here', async () => {
    const settled = inferenceForm(bytes);
    const expected = [1, 3, 2, 7, 0, 5];
    const session = await ort.InferenceSession.create(settled);
    const { y } = await session.run({ x: new ort.Tensor('float32', x.data, [3, 2]) });
    (y.data as Float32Array).forEach((v, i) => expect(v).toBeCloseTo(expected[i], 4));
    const model = importOnnx(settled);
    const apply = compile((v: never, x: Tensor) => model.apply(v, x));
    toNumbers(await apply(model.init() as never, x)).forEach((v, i) => expect(v).toBeCloseTo(expected[i], 4));
  });

  it('trains where the context says so: statistics of the batch, which move the running ones, and dropout', async () => {
    const model = importOnnx(inferenceForm(bytes));
    const train = compile((v: never, x: Tensor, k: Tensor) => {
      const context = new Context({ training: true, key: k });
      return { y: model.apply(v, x, context), updated: context.updated(v) };
    });
    const { y, updated } = await train(model.init() as never, x, key(1));
    expect(toNumbers((updated as never as Record<string, never>).running_mean)).toEqual([
      expect.closeTo(0.9 + 0.3, 5),
      expect.closeTo(-0.9 + 0.1, 5),
    ]);
    const zeros = toNumbers(y).filter((v) => v === 0).length;
    expect(zeros).toBeGreaterThan(0);
  });
});
