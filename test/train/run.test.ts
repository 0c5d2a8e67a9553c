import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ort from 'onnxruntime-node';
import { afterAll, describe, expect, it } from 'vitest';
import { digits } from '../../src/data/index.js';
import { compile, ndarray, type Tensor, toNumbers } from '../../src/index.js';
import { Context } from '../../src/nn/index.js';
import { foldIn, key } from '../../src/runtime/random/index.js';
import { mapTree } from '../../src/tensor/tree.js';
import { modelOf } from '../../src/train/build.js';
import { confusionMatrix, decodeSafetensors, parseConfig, runFiles, runTraining } from '../../src/train/index.js';

const folder = mkdtempSync(join(tmpdir(), 'cotangent-run-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('training runs', () => {
  it('a run that fails before its first step leaves its folder free', async () => {
    const out = join(folder, 'refused');
    const config = (size: number) =>
      parseConfig({ model: 'mlp', trainSize: 64, testSize: 20, epochs: 1, augment: [`cutout:size=${size}`] });
    await expect(runTraining(config(100), { out })).rejects.toThrow(/cutout: size 100/);
    expect(readdirSync(out)).toEqual([]);
    expect((await runTraining(config(4), { out }))?.testLoss).toBeGreaterThan(0);
  });

  const cases = [
    { model: 'mlp', dropout: 0.2, optimizer: 'adamw', clipNorm: 1, schedule: 'cosine' },
    { model: 'resnet9', width: 4, loss: 'crossEntropy:labelSmoothing=0.1' },
    { model: 'vit', optimizer: 'adam', dropout: 0.1, schedule: 'constant' },
  ] as const;

  it.each(cases.map((c) => [c.model, c] as const))(
    '%s: the same seed gives the same checkpoint, another seed another; the exported model computes what was trained',
    async (name, options) => {
      const config = (seed: number) =>
        parseConfig({ ...options, seed, trainSize: 128, testSize: 50, batchSize: 32, epochs: 1 });
      const trained = async (seed: number, at: string) => {
        const out = join(folder, `${name}-${at}`);
        const result = await runTraining(config(seed), { out });
        expect(result?.testLoss).toBeGreaterThan(0);
        return { out, checkpoint: readFileSync(join(out, runFiles.checkpoint)) };
      };
      const [a, b, other] = [await trained(1, 'a'), await trained(1, 'b'), await trained(2, 'other')];
      expect(a.checkpoint.equals(b.checkpoint)).toBe(true);
      expect(a.checkpoint.equals(other.checkpoint)).toBe(false);

      // The trained variables, applied by the library, against model.onnx in plain ONNX Runtime.
      const test = digits({ count: 7, key: foldIn(key(9), 0) });
      const model = modelOf(config(1), test);
      const { tensors } = decodeSafetensors(a.checkpoint);
      const variables = mapTree(
        model.init(key(0)),
        (_, path) => tensors[`params.${path}`] ?? tensors[`buffers.${path}`],
      );
      const images = ndarray(
        Float32Array.from(test.images.data, (v) => v / 255),
        { shape: test.images.shape },
      );
      const infer = compile((v: never, x: Tensor) => model.apply(v, x.sub(0.104).div(0.248), new Context()));
      const expected = toNumbers(await infer(variables as never, images));
      const session = await ort.InferenceSession.create(join(a.out, runFiles.model));
      expect([session.inputNames, session.outputNames]).toEqual([['images'], ['logits']]);
      for (const n of [1, 7]) {
        const { logits } = await session.run({
          images: new ort.Tensor('float32', images.data.slice(0, n * 784), [n, 1, 28, 28]),
        });
        expect(logits.dims).toEqual([n, 10]);
        (logits.data as Float32Array).forEach((value, i) =>
          expect(Math.abs(value - expected[i])).toBeLessThan(1e-5 * Math.max(1, Math.abs(expected[i]))),
        );
      }
    },
  );

  it('names what is wrong with a configuration', () => {
    expect(() => parseConfig({ epochs: 0, dropout: 1 })).toThrow(/train: epochs: .*; dropout: /);
    expect(() => parseConfig({ learningrate: 1 } as never)).toThrow(/learningrate/);
  });

  it('stops with an error when the loss is no number', async () => {
    const config = parseConfig({
      model: 'mlp',
      learningRate: 1e6,
      schedule: 'constant',
      trainSize: 320,
      testSize: 20,
      batchSize: 32,
    });
    await expect(runTraining(config, { out: join(folder, 'diverged') })).rejects.toThrow(
      /train: the loss is (NaN|Infinity) at step \d+; lower the learning rate/,
    );
  });
});

describe('confusionMatrix', () => {
  it('counts true classes in rows', () => {
    expect(confusionMatrix([0, 0, 1, 2], [0, 1, 1, 0], 3)).toEqual([
      [1, 1, 0],
      [0, 1, 0],
      [1, 0, 0],
    ]);
  });
});
