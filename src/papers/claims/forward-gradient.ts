import { grad } from '../../autodiff/index.js';
import { crossEntropy } from '../../losses/index.js';
import type { Layer, Variables } from '../../nn/index.js';
import { firstOrder, projectGradient, randomGuess, sgd } from '../../optim/index.js';
import { foldIn, key, normal, split, uniform } from '../../runtime/random/index.js';
import { type NDArray, ndarray, type Tensor } from '../../tensor/index.js';
import type { Claim } from '../claim.js';
import { scoresOf } from '../experiments/scores.js';
import { type Batch, type TrainingOptions, trained } from '../experiments/train.js';

const [inputs, width, classes] = [32, 128, 8];

type Params = { readonly [name in 'w1' | 'w2' | 'w3' | 'head' | 'local1' | 'local2']: Tensor };

const block = (x: Tensor, w: Tensor) => x.matmul(w).relu();

/** Three bias-free ReLU blocks and a head; a linear local head on each of the first two. */
const model: Layer<Variables> = {
  init: (k) => {
    const weight = (i: number, rows: number, columns: number): NDArray => {
      const bound = 1 / Math.sqrt(rows);
      return uniform(foldIn(k, i), [rows, columns], { low: -bound, high: bound });
    };
    return {
      w1: weight(0, inputs, width),
      w2: weight(1, width, width),
      w3: weight(2, width, width),
      head: weight(3, width, classes),
      local1: weight(4, width, classes),
      local2: weight(5, width, classes),
    };
  },
  apply: (params, x) => {
    const { w1, w2, w3, head } = params as unknown as Params;
    return block(block(block(x, w1), w2), w3).matmul(head);
  },
};

type State = { readonly key: Tensor };

/**
 * A loss whose gradient is the estimate: activations of the first two blocks times their estimated gradients, the last block and the head as
 * they are, and every local head's own loss.
 */
function surrogate(kind: 'local' | 'random', normalize: boolean, batch: Batch<State>): readonly [Tensor, State] {
  const { w1, w2, w3, head, local1, local2 } = batch.params as unknown as Params;
  const { x, labels } = batch;
  const [next, used] = split(batch.state.key, 2);
  const x1 = block(x, w1);
  const x2 = block(x1.stopGradient(), w2);
  const rest = (a: Tensor) => crossEntropy(block(a, w3).matmul(head), labels);
  const targets = grad((moved: Tensor[]) => rest(block(x1.add(moved[0]), w2).add(moved[1])))([
    x1.zerosLike(),
    x2.zerosLike(),
  ]);
  const ownLoss = (i: number) => (a: Tensor) => crossEntropy(a.matmul([local1, local2][i]), labels);
  const guesses =
    kind === 'local'
      ? [grad(ownLoss(0))(x1), grad(ownLoss(1))(x2)]
      : randomGuess([x1.stopGradient(), x2.stopGradient()], used);
  const estimates = projectGradient(targets, guesses, { granularity: 'example', normalize });
  const along = [x1, x2].map((a, i) => estimates[i].stopGradient().mul(a).sum());
  const heads = [x1, x2].map((a, i) => ownLoss(i)(a.stopGradient()));
  const truth = rest(x2.stopGradient());
  return [[...along, ...heads].reduce((a, b) => a.add(b), truth), { key: next }];
}

/** Points whose class is the largest output of a random net. */
function teacher(seed: number, n: number, part: number) {
  const root = key(30_000 + seed);
  const [w, v] = [normal(foldIn(root, 0), [inputs, 64]), normal(foldIn(root, 1), [64, classes])];
  const x = normal(foldIn(root, 2 + part), [n, inputs]);
  const y = Int32Array.from({ length: n }, (_, i) => {
    const hidden = Array.from({ length: 64 }, (_, j) => {
      let sum = 0;
      for (let k = 0; k < inputs; k++) sum += x.data[i * inputs + k] * w.data[k * 64 + j];
      return Math.tanh(sum / Math.sqrt(inputs));
    });
    const scores = Array.from({ length: classes }, (_, c) =>
      hidden.reduce((s, h, j) => s + h * v.data[j * classes + c], 0),
    );
    return scores.indexOf(Math.max(...scores));
  });
  return { x, y: ndarray(y) };
}

export const claim: Claim = {
  statement:
    'Forward gradients along the gradient of a local loss train better than those along random directions: the test accuracy is higher.',
  effect: 'test accuracy with local guesses less the better of the two with random ones',
  unit: 'difference of shares of test examples, 0 to 1',
  threshold: 0.03,
  data: 'points in 32 dimensions with 8 classes that a random net gives them; 2,000 to train on, 2,000 to test',
  seeds: 8,
  remarks:
    'Guesses and projections are of activations, example by example; three ReLU blocks of 128, 30 epochs of SGD. At this rate (0.05, momentum 0.9) the unbiased form of random guesses diverges: it is 11 times as long as the gradient.',
  async measure(seed, note) {
    const [train, test] = [teacher(seed, 2000, 0), teacher(seed, 2000, 1)];
    const run = async (name: string, objective?: TrainingOptions<State>['objective']) => {
      const made = await trained<State>({
        train,
        model,
        epochs: 30,
        batchSize: 64,
        seed,
        optimizer: () => firstOrder(sgd({ learningRate: 0.05, momentum: 0.9, weightDecay: 5e-4 })),
        ...(objective && { objective, state: { key: key(seed) } }),
      });
      const scores = {
        'test accuracy': scoresOf(await made.logits(test.x), test.y).accuracy,
        'training accuracy': scoresOf(await made.logits(train.x), train.y).accuracy,
      };
      note(`${name} ${scores['test accuracy'].toFixed(3)}`);
      return scores;
    };
    const arms = {
      backpropagation: await run('backpropagation'),
      'local guesses': await run('local guesses', (_, batch) => surrogate('local', true, batch)),
      'random, projected': await run('random, projected', (_, batch) => surrogate('random', true, batch)),
      'random, unbiased': await run('random, unbiased', (_, batch) => surrogate('random', false, batch)),
    };
    const random = Math.max(arms['random, projected']['test accuracy'], arms['random, unbiased']['test accuracy']);
    return { effect: arms['local guesses']['test accuracy'] - random, arms };
  },
};
