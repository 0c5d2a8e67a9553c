import { crossEntropy } from '../../losses/index.js';
import { firstOrder, sgd } from '../../optim/index.js';
import { compile } from '../../runtime/index.js';
import { key } from '../../runtime/random/index.js';
import {
  areaUnderMargin,
  findMislabeled,
  type Margins,
  noMargins,
  recordMargins,
  thresholdSamples,
  withExtraClass,
} from '../../samplers/index.js';
import { type NDArray, ndarray, type Tensor } from '../../tensor/index.js';
import type { Claim } from '../claim.js';
import { someMnist } from '../experiments/digits.js';
import { type Labelled, withLabelNoise } from '../experiments/gaussians.js';
import { scoresOf } from '../experiments/scores.js';
import { perceptron, trained } from '../experiments/train.js';

const [images, classes] = [4000, 10];
const optimizer = () => firstOrder(sgd({ learningRate: 0.1, momentum: 0.9, weightDecay: 1e-4 }));

/** The areas under the margins of a run of 12 epochs in which some examples have the label of a class that does not exist. */
async function marginsOf(train: Labelled, threshold: NDArray<'int32'>, seed: number): Promise<NDArray> {
  const { state } = await trained<Margins>({
    train: { x: train.x, y: withExtraClass(train.y, threshold, classes) },
    model: perceptron(784, 256, 256, classes + 1),
    epochs: 12,
    batchSize: 64,
    seed,
    optimizer,
    state: noMargins(images),
    objective: (logits, { labels, indices, state }) => [
      crossEntropy(logits, labels),
      recordMargins(state, logits, labels, indices),
    ],
  });
  return compile((s: Margins) => areaUnderMargin(s))(state as Margins<NDArray>);
}

/** Test accuracy after 30 epochs on the images of these indices. */
async function accuracyOn(train: Labelled, kept: readonly number[], test: Labelled, seed: number): Promise<number> {
  const x = new Float32Array(kept.length * 784);
  kept.forEach((i, row) => {
    x.set(train.x.data.subarray(i * 784, (i + 1) * 784), row * 784);
  });
  const model = await trained({
    train: { x: ndarray(x, { shape: [kept.length, 784] }), y: ndarray(Int32Array.from(kept, (i) => train.y.data[i])) },
    model: perceptron(784, 256, 256, classes),
    epochs: 30,
    batchSize: 64,
    seed,
    optimizer,
  });
  return scoresOf(await model.logits(test.x), test.y).accuracy;
}

/** Chance that a wrong label has a smaller area than a right one. */
function auc(areas: NDArray, wrong: readonly boolean[]): number {
  const order = Array.from(areas.data as Float32Array, (area, i) => ({ area, wrong: wrong[i] })).sort(
    (a, b) => a.area - b.area,
  );
  let [before, pairs] = [0, 0];
  for (const { wrong: bad } of order) {
    if (bad) before++;
    else pairs += before;
  }
  return pairs / (before * (order.length - before));
}

export const claim: Claim = {
  statement:
    'The area under the margin finds wrong labels, and training without the examples it flags is more accurate.',
  effect: 'test accuracy without the flagged examples less that with all',
  unit: 'difference of shares of test images, 0 to 1',
  threshold: 0.1,
  data: 'MNIST, 4,000 training images of which 30% have a wrong label, 4,000 clean test images',
  seeds: 3,
  remarks:
    'A perceptron 784-256-256-10, SGD; areas over 12 epochs of two runs with disjoint threshold samples, then 30 epochs on what is kept.',
  async measure(seed, note) {
    const { train: clean, test } = await someMnist(images, 4000);
    const noisy = { x: clean.x, y: withLabelNoise(clean.y, { classes, share: 0.3, key: key(190_000 + seed) }) };
    const wrong = Array.from(noisy.y.data, (label, i) => label !== clean.y.data[i]);
    const sets = [0, 1].map((run) => thresholdSamples(key(200_000 + seed), { examples: images, classes, run }));
    const areas = [await marginsOf(noisy, sets[0], seed), await marginsOf(noisy, sets[1], seed + 1000)];
    const judge = compile((a: Tensor[], t: Tensor[]) =>
      findMislabeled([0, 1].map((k) => ({ areas: a[k], threshold: t[k] }))),
    );
    const found = await judge(areas, sets);
    const flagged = Array.from(found.flagged.data as Uint8Array, Boolean);
    const hits = flagged.filter((is, i) => is && wrong[i]).length;
    const all = Array.from({ length: images }, (_, i) => i);
    const [without, withAll] = [
      await accuracyOn(
        noisy,
        all.filter((i) => !flagged[i]),
        test,
        seed,
      ),
      await accuracyOn(noisy, all, test, seed),
    ];
    const arms = {
      'area under the margin': {
        'test accuracy': without,
        'precision of the flags': hits / flagged.filter(Boolean).length,
        'recall of the flags': hits / wrong.filter(Boolean).length,
        'AUC of the areas': auc(found.areas, wrong),
      },
      'all examples': { 'test accuracy': withAll },
    };
    note(
      Object.values(arms['area under the margin'])
        .concat(withAll)
        .map((v) => v.toFixed(3))
        .join(', '),
    );
    return { effect: without - withAll, arms };
  },
};
