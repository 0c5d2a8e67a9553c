import { crossEntropy, sparsemaxLoss } from '../../losses/index.js';
import { sparsemax } from '../../nn/index.js';
import { adam, firstOrder } from '../../optim/index.js';
import { compile } from '../../runtime/index.js';
import { foldIn, key, normal, permutation, randint } from '../../runtime/random/index.js';
import { ndarray, type Tensor } from '../../tensor/index.js';
import type { Claim } from '../claim.js';
import { perceptron, trained } from '../experiments/train.js';

const [classes, dimension] = [10, 30];

/** Mixtures of one to three prototypes in equal shares, with noise: inputs, and the shares of the prototypes. */
function proportions(seed: number, n: number, part: number) {
  const root = key(60_000 + seed);
  const prototypes = normal(foldIn(root, 0), [classes, dimension]).data;
  const own = foldIn(root, part);
  const noise = normal(foldIn(own, 0), [n, dimension]).data;
  const counts = randint(foldIn(own, 1), [n], { low: 1, high: 4 }).data;
  const q = new Float32Array(n * classes);
  const x = noise.map((v) => 0.25 * v);
  for (let i = 0; i < n; i++) {
    for (const c of permutation(foldIn(foldIn(own, 2), i), classes).data.slice(0, counts[i])) {
      q[i * classes + c] = 1 / counts[i];
      for (let k = 0; k < dimension; k++) x[i * dimension + k] += prototypes[c * dimension + k] / counts[i];
    }
  }
  return { x: ndarray(x, { shape: [n, dimension] }), y: ndarray(q, { shape: [n, classes] }) };
}

export const claim: Claim = {
  statement:
    'Sparsemax with its loss predicts proportions of few labels better than softmax with cross-entropy, and says which labels are absent.',
  effect: 'mean squared error of the proportions with softmax over that with sparsemax',
  unit: 'ratio, 1 for no difference',
  threshold: 2.5,
  neutral: 1,
  data: 'mixtures of 1 to 3 of 10 prototypes in 30 dimensions with noise; 800 to train on, 2,000 to test',
  seeds: 5,
  remarks: 'A linear model, 300 steps of Adam on the whole set for both.',
  async measure(seed, note) {
    const [train, test] = [proportions(seed, 800, 1), proportions(seed, 2000, 2)];
    const run = async (loss: (logits: Tensor, q: Tensor) => Tensor, map: (logits: Tensor) => Tensor) => {
      const model = await trained({
        train,
        model: perceptron(dimension, classes),
        epochs: 300,
        batchSize: 800,
        seed,
        optimizer: () => firstOrder(adam({ learningRate: 0.02 })),
        objective: (logits, { labels }) => loss(logits, labels),
      });
      const score = compile((logits: Tensor, q: Tensor) => {
        const p = map(logits);
        const [said, there] = [p.greater(0), q.greater(0)];
        const hits = said.and(there).cast('float32').sum(1);
        const f1 = hits.mul(2).div(said.cast('float32').sum(1).add(there.cast('float32').sum(1)));
        return { mse: p.sub(q).square().mean(), f1: f1.mean(), support: said.cast('float32').sum(1).mean() };
      });
      const { mse, f1, support } = await score(await model.logits(test.x), test.y);
      return {
        'mean squared error of proportions': Number(mse.data[0]),
        'F1 of labels with probability above 0': Number(f1.data[0]),
        'labels with probability above 0': Number(support.data[0]),
      };
    };
    const arms = {
      softmax: await run(
        (z, q) => crossEntropy(z, q),
        (z) => z.softmax(1),
      ),
      sparsemax: await run(
        (z, q) => sparsemaxLoss(z, q),
        (z) => sparsemax(z),
      ),
    };
    const [a, b] = [arms.softmax, arms.sparsemax].map((arm) => arm['mean squared error of proportions']);
    note(`errors ${a.toFixed(4)} and ${b.toFixed(4)}`);
    return { effect: a / b, arms };
  },
};
