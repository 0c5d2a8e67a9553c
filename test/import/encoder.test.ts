import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { importOnnx } from '../../src/import/index.js';
import { compile, grad, item, type NDArray, ndarray, type Tensor } from '../../src/index.js';
import { infoNCE } from '../../src/losses/index.js';
import { adamW, firstOrder } from '../../src/optim/index.js';
import { type GoldenArray, golden } from '../support/golden.js';

interface Case {
  ids: number[][][];
  mask: number[][];
  hidden: GoldenArray;
  gradients: Record<string, GoldenArray>;
  losses: number[];
}
type Weights = Record<string, Tensor>;

const expected = golden<Case>('encoder');
const model = importOnnx(readFileSync(new URL('../golden/encoder.onnx', import.meta.url)));
const int64 = (rows: number[][]): NDArray =>
  ndarray(BigInt64Array.from(rows.flat().map(BigInt)), { shape: [rows.length, rows[0].length] });
const mask = int64(expected.mask);

const encode = (weights: Weights, ids: Tensor, attended: Tensor) =>
  model.apply(weights, { input_ids: ids, attention_mask: attended, token_type_ids: ids.zerosLike() });

const contrast = (weights: Weights, ids: Tensor, attended: Tensor) => {
  const share = attended.cast('float32').expandDims(2);
  const [first, second] = encode(weights, ids, attended).mul(share).sum(1).div(share.sum(1)).split(2, 0);
  return infoNCE(first, second, { temperature: 0.05 });
};

describe('a sentence encoder exported by PyTorch', () => {
  it('computes what PyTorch computes, for lengths it was not exported with', async () => {
    const run = compile(encode);
    const y = await run(model.init(), int64(expected.ids[0]), mask);
    expect(y.shape).toEqual(expected.hidden.shape);
    expected.hidden.data.forEach((value, i) => {
      expect(Number(y.data[i])).toBeCloseTo(value, 4);
    });
    const shorter = await run(
      model.init(),
      int64(expected.ids[0].slice(0, 3).map((row) => row.slice(0, 5))),
      int64(expected.mask.slice(0, 3).map((row) => row.slice(0, 5))),
    );
    expect(shorter.shape).toEqual([3, 5, 16]);
    await run.release();
  });

  it('has PyTorch’s gradient of every parameter', async () => {
    const run = compile((weights: Weights, ids: Tensor, attended: Tensor) => grad(contrast)(weights, ids, attended));
    const got = await run(model.init(), int64(expected.ids[0]), mask);
    const names = Object.keys(expected.gradients);
    // The exporter drops the names of the matrices of linear layers and turns them: they come back by the path of their node.
    expect([...model.parameters].sort()).toEqual([...names].sort());
    for (const name of names) {
      const { shape, data } = expected.gradients[name];
      const mine = got[name];
      const turned = shape.length === 2 && !/^(words|positions|types)\./.test(name);
      expect(mine.shape, name).toEqual(turned ? [shape[1], shape[0]] : shape);
      const scale = Math.max(1e-2, ...data.map(Math.abs));
      data.forEach((value, k) => {
        const at = turned ? (k % shape[1]) * shape[0] + Math.floor(k / shape[1]) : k;
        expect(Math.abs(Number(mine.data[at]) - value) / scale, `${name}[${k}]`).toBeLessThan(1e-4);
      });
    }
    await run.release();
  });

  it('loses as PyTorch does over steps of fine-tuning', async () => {
    const minimizer = firstOrder(adamW({ learningRate: 1e-2 }));
    const step = compile((weights: Weights, moments: unknown, ids: Tensor, attended: Tensor) => {
      const next = minimizer.step((w: Weights) => contrast(w, ids, attended), weights, moments);
      return { weights: next.params, moments: next.state, loss: next.value };
    });
    let weights = model.init();
    let moments = minimizer.init(weights) as never;
    for (const [i, ids] of expected.ids.entries()) {
      const made = await step(weights, moments, int64(ids), mask);
      weights = made.weights;
      moments = made.moments as never;
      expect(Math.abs(item(made.loss) / expected.losses[i] - 1), `step ${i}`).toBeLessThan(1e-4);
    }
    await step.release();
  });
});
