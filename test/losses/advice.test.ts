import { describe, expect, it } from 'vitest';
import { compile, grad, type NDArray, ndarray, type Tensor, toNumbers } from '../../src/index.js';
import * as losses from '../../src/losses/index.js';
import { boxOverlaps, f1Score, recall } from '../../src/metrics/index.js';
import { adam, applyUpdates } from '../../src/optim/index.js';
import { foldIn, key, normal } from '../../src/runtime/random/index.js';

/** Parameters after steps of Adam down a loss. */
async function trained(
  loss: (p: Tensor, ...given: Tensor[]) => Tensor,
  start: NDArray,
  given: NDArray[],
  steps: number,
) {
  const optimizer = adam({ learningRate: 0.05 });
  const step = compile(
    (p: Tensor, state: unknown, all: Tensor[]) => {
      const { updates, state: next } = optimizer.update(grad((q: Tensor) => loss(q, ...all))(p), state, p);
      return { p: applyUpdates(p, updates), state: next };
    },
    { donate: [0, 1] },
  );
  let [p, state] = [start, optimizer.init(start) as never];
  for (let i = 0; i < steps; i++) ({ p, state } = (await step(p, state, given)) as { p: NDArray; state: never });
  await step.release();
  return p;
}

describe("the survey's advice", () => {
  it('for boxes that do not meet: the plain IoU has no slope there, those that know the distance bring them together', async () => {
    const reached = async (loss: typeof losses.iouLoss) => {
      const box = await trained((p, t) => loss(p, t), ndarray([[0, 0, 1, 1]]), [ndarray([[3, 3, 4, 5]])], 250);
      return boxOverlaps(box, [[3, 3, 4, 5]]).data[0];
    };
    expect(await reached(losses.iouLoss)).toBe(0);
    for (const loss of [losses.generalizedIouLoss, losses.distanceIouLoss, losses.completeIouLoss])
      expect(await reached(loss), loss.name).toBeGreaterThan(0.95);
  });

  it('for rare classes: cross-entropy finds few, focal and Dice losses more, weights most and at the cost of precision', async () => {
    // 3 in 100 are positive, one deviation apart from the others in each of two directions.
    const sample = (stream: number, n: number) => {
      const x = normal(foldIn(key(stream), 0), [n, 2]).data;
      const positive = Int32Array.from({ length: n }, (_, i) => (i % 100 < 3 ? 1 : 0));
      const rows = Float32Array.from({ length: 3 * n }, (_, k) => {
        const [i, j] = [Math.floor(k / 3), k % 3];
        return j === 2 ? 1 : x[2 * i + j] + positive[i];
      });
      return { x: ndarray(rows, { shape: [n, 3] }), positive, y: ndarray(Float32Array.from(positive)) };
    };
    const [train, test] = [sample(1, 3000), sample(2, 6000)];
    const of: Record<string, (z: Tensor, y: Tensor) => Tensor> = {
      plain: (z, y) => losses.binaryCrossEntropyWithLogits(z, y),
      weighted: (z, y) =>
        losses.binaryCrossEntropyWithLogits(z, y, {
          positiveWeight: z
            .sum()
            .onesLike()
            .mul(97 / 3),
        }),
      focal: (z, y) => losses.binaryFocalLoss(z, y, { gamma: 2, alpha: 0.75 }),
      dice: (z, y) => losses.diceLoss(z.sigmoid().reshape([1, 1, -1]), y.reshape([1, 1, -1])),
    };
    const found: Record<string, number> = {};
    const balance: Record<string, number> = {};
    for (const [name, loss] of Object.entries(of)) {
      const w = await trained((p, x, y) => loss(x.matmul(p), y), ndarray([0, 0, 0]), [train.x, train.y], 300);
      const z = await compile((p: Tensor, x: Tensor) => x.matmul(p))(w, test.x);
      const predicted = toNumbers(z).map((v) => (v > 0 ? 1 : 0));
      found[name] = recall(predicted, [...test.positive], { average: 1 });
      balance[name] = f1Score(predicted, [...test.positive], { average: 1 });
    }
    expect(found.plain).toBeLessThan(0.1);
    expect(found.focal).toBeGreaterThan(found.plain + 0.1);
    expect(found.weighted).toBeGreaterThan(found.focal + 0.2);
    for (const name of ['focal', 'dice']) {
      expect(balance[name], name).toBeGreaterThan(balance.plain + 0.1);
      expect(balance[name], name).toBeGreaterThan(balance.weighted);
    }
  });
});
