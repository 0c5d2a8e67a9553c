import { describe, expect, it } from 'vitest';
import { head, mnist } from '../../src/data/index.js';
import { compile, mapTree, type NDArray, ndarray, type Tensor, valueAndGrad } from '../../src/index.js';
import { crossEntropy } from '../../src/losses/index.js';
import * as nn from '../../src/nn/index.js';
import { applyUpdates, sgd } from '../../src/optim/index.js';
import { key } from '../../src/runtime/random/index.js';
import { leavesOf, merge, partition } from '../../src/tensor/tree.js';
import { numbers } from '../support/derivatives.js';
import { golden } from '../support/golden.js';

interface Run {
  name: 'mlp' | 'resnet9';
  options: { batchSize: number; learningRate: number; momentum: number; weightDecay: number; scales: [number, number] };
  losses32: number[];
  losses64: number[];
}
const { runs } = golden<{ runs: Run[] }>('training');

const models = {
  mlp: () => nn.mlp({ sizes: [784, 256, 128, 10] }),
  resnet9: () => nn.resnet9({ classes: 10, inputChannels: 1, width: 8 }),
};

const folder = process.env.COTANGENT_DATA;
const title = '100 steps of SGD on MNIST';

describe(folder ? title : `${title}: set COTANGENT_DATA to the folder of data sets to run this`, () => {
  it.skipIf(!folder).each(runs.map((run) => [run.name, run] as const))(
    '%s follows the losses of PyTorch within 1e-3 at every step',
    async (name, run) => {
      const { batchSize, learningRate, momentum, weightDecay, scales } = run.options;
      const data = head(await mnist({ split: 'train' }), 100 * batchSize);
      const model = models[name]();
      const initial = model.init(key(0));
      // The weights of tools/golden/training.py.
      const names = leavesOf(initial)
        .map((leaf) => leaf.path)
        .filter((path) => !nn.isBuffer(path));
      const filled = mapTree(initial, (leaf: NDArray, path) => {
        if (path.endsWith('bias')) return ndarray(new Float32Array(leaf.data.length), { shape: leaf.shape });
        if (leaf.shape.length < 2) return leaf;
        const bound = scales[leaf.shape.length > 2 ? 0 : 1] * Math.sqrt(6 / (leaf.data.length / leaf.shape[0]));
        return ndarray(Float32Array.from(numbers(names.indexOf(path), leaf.data.length, -bound, bound)), {
          shape: leaf.shape,
        });
      });
      const [buffers, params] = partition(filled, (path) => nn.isBuffer(path));
      const optimizer = sgd({ learningRate, momentum, weightDecay });
      type V = nn.Symbolic<nn.Variables>;
      const step = compile(
        (state: { params: V; buffers: V; optimizer: unknown }, x: Tensor, y: Tensor) => {
          const loss = (p: V) => {
            const context = new nn.Context({ training: true });
            const logits = model.apply(merge(p, state.buffers), x.sub(0.1307).div(0.3081), context);
            return [crossEntropy(logits, y), context.updated(state.buffers)] as const;
          };
          const [[value, updated], gradients] = valueAndGrad(loss)(state.params);
          const { updates, state: next } = optimizer.update(gradients, state.optimizer, state.params);
          return {
            state: { params: applyUpdates(state.params, updates), buffers: updated, optimizer: next },
            loss: value,
          };
        },
        { donate: [0] },
      ) as unknown as (state: unknown, x: NDArray, y: NDArray) => Promise<{ state: unknown; loss: NDArray }>;

      let state: unknown = { params, buffers, optimizer: optimizer.init(params) };
      for (let k = 0; k < 100; k++) {
        const pixels = data.images.data.subarray(k * batchSize * 784, (k + 1) * batchSize * 784);
        const x = ndarray(
          Float32Array.from(pixels, (v) => v / 255),
          { shape: [batchSize, 1, 28, 28] },
        );
        const y = ndarray(data.labels.data.slice(k * batchSize, (k + 1) * batchSize));
        const result = await step(state, x, y);
        state = result.state;
        const loss = Number(result.loss.data[0]);
        for (const reference of [run.losses32[k], run.losses64[k]]) {
          expect(Math.abs(loss / reference - 1), `step ${k + 1}: ${loss}, PyTorch ${reference}`).toBeLessThan(1e-3);
        }
      }
    },
  );
});
