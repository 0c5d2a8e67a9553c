import { fromBinary } from '@bufbuild/protobuf';
import ort from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { compile, conv, exportOnnx, linear, ndarray, type Tensor } from '../../src/index.js';
import { ModelProtoSchema } from '../../src/onnx/generated/onnx_pb.js';
import { numbers } from '../support/derivatives.js';

const random = (stream: number, shape: number[]) =>
  ndarray(
    Float32Array.from(
      numbers(
        stream,
        shape.reduce((a, b) => a * b, 1),
      ),
    ),
    { shape },
  );

describe('exportOnnx', () => {
  const weights = {
    conv1: { weight: random(1, [4, 1, 3, 3]) },
    token: random(2, [1, 1, 4]),
    head: { weight: random(3, [3, 68]), bias: random(4, [3]) },
  };
  type Weights = { conv1: { weight: Tensor }; token: Tensor; head: { weight: Tensor; bias: Tensor } };
  // Reshapes, an expanded token and a concatenation: each puts the batch size into a constant.
  const network = (w: Weights, { image }: { image: Tensor }) => {
    const n = image.shape[0];
    const features = conv(image, w.conv1.weight).relu().reshape([n, 4, 16]).transpose([0, 2, 1]);
    const all = w.token.broadcastTo([n, 1, 4]).concat(features, 1);
    return { logits: linear(all.flatten(1), w.head.weight, w.head.bias), doubled: features.reshape([n * 4, 16]) };
  };

  it('carries the weights and serves batch sizes it was not traced at', async () => {
    const bytes = exportOnnx(
      network,
      weights,
      { image: random(0, [2, 1, 6, 6]) },
      { dynamic: { name: 'batch', axis: 0 } },
    );
    const session = await ort.InferenceSession.create(bytes);
    expect(session.inputNames).toEqual(['image']);
    expect(session.outputNames).toEqual(['logits', 'doubled']);
    const run = compile(network);
    for (const n of [1, 3, 7]) {
      const image = random(n, [n, 1, 6, 6]);
      const expected = await run(weights, { image });
      const got = await session.run({ image: new ort.Tensor('float32', image.data, [n, 1, 6, 6]) });
      expect(got.logits.dims).toEqual([n, 3]);
      expect(got.doubled.dims).toEqual([n * 4, 16]);
      (got.logits.data as Float32Array).forEach((value, i) => {
        expect(value).toBeCloseTo(Number(expected.logits.data[i]), 5);
      });
    }
  });

  it('leaves out weights that the results do not need, but no inputs', () => {
    const fn = (w: { used: Tensor; counter: Tensor }, x: { image: Tensor; unused: Tensor }) => x.image.mul(w.used);
    const given = [
      { used: random(1, [3]), counter: ndarray([7]) },
      { image: random(0, [3]), unused: ndarray([1]) },
    ] as const;
    const { graph } = fromBinary(ModelProtoSchema, exportOnnx(fn, ...given));
    expect(graph?.initializer.map(({ name }) => name)).toEqual(['used']);
    expect(graph?.input.map(({ name }) => name)).toEqual(['image', 'unused']);
  });

  it('refuses a program that depends on the length in more than shapes', () => {
    const mean = (_: object, x: Tensor) => x.sum().div(x.shape[0]);
    expect(() => exportOnnx(mean, {}, random(0, [2, 3]), { dynamic: { name: 'batch', axis: 0 } })).toThrow(
      /depends on batch/,
    );
  });
});
