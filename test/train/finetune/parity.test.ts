import ort from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { rowsAt } from '../../../src/data/index.js';
import { importOnnx, inferenceForm } from '../../../src/import/index.js';
import { ndarray } from '../../../src/index.js';
import { crossEntropy } from '../../../src/losses/index.js';
import { firstOrder, sgd } from '../../../src/optim/index.js';
import { key } from '../../../src/runtime/random/index.js';
import { placed } from '../../../src/train/batches.js';
import type { Flat } from '../../../src/train/finetune/adapted.js';
import { adapted, type FinetuneData, finetuneTask } from '../../../src/train/index.js';
import { allClose, close } from '../../support/derivatives.js';
import { fromGolden, type GoldenArray, golden } from '../../support/golden.js';

interface Run {
  names: string[];
  losses: number[];
  state: Record<string, GoldenArray>;
  logits: GoldenArray;
}
type RunName = 'whole' | 'part' | 'normalisations';
const reference = golden<Record<RunName, Run> & { model: string; images: GoldenArray; labels: number[] }>('finetune');
const bytes = inferenceForm(Buffer.from(reference.model, 'base64'));
const samples = {
  images: fromGolden(reference.images, 'float32'),
  labels: ndarray(reference.labels, { dtype: 'int32' }),
};

const settings = { normOnly: false, layerDecay: 1, batchNorm: 'train' } as const;
const runs = {
  whole: settings,
  part: { ...settings, freeze: ['*'], unfreeze: ['blocks.1.*', 'classifier.*'] },
  normalisations: { ...settings, normOnly: true },
} satisfies Record<RunName, object>;

describe('a network exported by PyTorch in training mode', () => {
  it.each(Object.keys(runs) as RunName[])(
    '%s: six steps follow PyTorch: losses, weights, running statistics, and the exported model',
    async (name) => {
      const expected = reference[name];
      const model = adapted(bytes, runs[name], { newHead: false });
      expect(Object.keys(model.params).sort()).toEqual([...expected.names].sort());
      const source = {
        count: 24,
        example: {},
        targets: samples.labels,
        batches: () => ({ batchesPerEpoch: 0, epoch: undefined as never, close: async () => {} }),
      };
      const data: FinetuneData = { train: source, test: source, classes: ['a', 'b', 'c'], shown: {} };
      const task = finetuneTask(model, data, {
        batchSize: 8,
        optimizer: firstOrder(sgd({ learningRate: 0.1, momentum: 0.9 })),
        loss: (logits, labels) => crossEntropy(logits, labels),
      });
      let state = task.init(key(0));
      for (const [step, loss] of expected.losses.entries()) {
        const { images, labels, indices } = rowsAt(
          placed(samples),
          Array.from({ length: 8 }, (_, i) => (step % 3) * 8 + i),
        );
        const batch = { inputs: { images }, targets: labels, indices };
        const result = await task.step(state, batch, { key: key(step), epoch: 0 });
        close(result.loss, loss, 1e-5, `loss at step ${step}`);
        state = result.state;
      }
      const [params, moved] = [state.params as Flat, state.buffers as Flat];
      const variables: Flat = { ...model.frozen, ...params, ...moved };
      const { parameters, buffers } = importOnnx(bytes);
      for (const variable of [...parameters, ...buffers])
        allClose(variables[variable], expected.state[variable].data, 2e-5, variable);

      const session = await ort.InferenceSession.create(model.exported(params, moved), {
        logSeverityLevel: 3,
      });
      const images = new ort.Tensor('float32', samples.images.data as Float32Array, samples.images.shape as number[]);
      const { logits } = await session.run({ images });
      (logits.data as Float32Array).forEach((value, i) => close(value, expected.logits.data[i], 5e-5, `logit ${i}`));
    },
  );
});
