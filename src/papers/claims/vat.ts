import {
  crossEntropy,
  predictionChange,
  virtualAdversarialLoss,
  virtualAdversarialPerturbation,
} from '../../losses/index.js';
import { Context, type Symbolic, type Variables } from '../../nn/index.js';
import { adam, firstOrder } from '../../optim/index.js';
import { compile } from '../../runtime/index.js';
import { foldIn, key, normal, split, uniform } from '../../runtime/random/index.js';
import { constant, type NDArray, ndarray, type Tensor } from '../../tensor/index.js';
import type { Arm, Claim } from '../claim.js';
import { orthogonalRows } from '../experiments/orthogonal.js';
import { scoresOf } from '../experiments/scores.js';
import { perceptron, trained } from '../experiments/train.js';

const dimension = 50;
const model = perceptron(dimension, 100, 100, 2);
const radius = 0.25;

/** Two half moons with noise 0.1, turned into 50 dimensions whose others hold noise of the same deviation. */
function moons(seed: number, n: number, part: number): { x: NDArray<'float32'>; y: NDArray<'int32'> } {
  const root = key(110_000 + seed);
  const turn = orthogonalRows(foldIn(root, 0), dimension);
  const own = foldIn(root, part);
  const angles = uniform(foldIn(own, 0), [n], { high: Math.PI }).data;
  const noise = normal(foldIn(own, 1), [n, dimension]).data;
  const x = new Float32Array(n * dimension);
  for (let i = 0; i < n; i++) {
    const row = Float64Array.from({ length: dimension }, (_, k) => 0.1 * noise[i * dimension + k]);
    const [c, s] = [Math.cos(angles[i]), Math.sin(angles[i])];
    row[0] += i % 2 === 0 ? c : 1 - c;
    row[1] += i % 2 === 0 ? s : 0.5 - s;
    for (let j = 0; j < dimension; j++) x[i * dimension + j] = turn[j].reduce((sum, t, k) => sum + t * row[k], 0);
  }
  return { x: ndarray(x, { shape: [n, dimension] }), y: ndarray(Int32Array.from({ length: n }, (_, i) => i % 2)) };
}

type Penalty = (logits: (x: Tensor) => Tensor, x: Tensor, key: Tensor) => Tensor;
const penalties: Record<string, Penalty | undefined> = {
  supervised: undefined,
  'random perturbations': (logits, x, k) => {
    const direction = normal(k, x.shape);
    return predictionChange(logits, x, direction.div(direction.norm(1, { keepDims: true })).mul(radius));
  },
  VAT: (logits, x, k) => virtualAdversarialLoss(logits, x, k, { radius, differenceStep: 0.1 }),
};

export const claim: Claim = {
  statement:
    'With few labels, smoothness in the direction that changes the prediction most is worth more than none, and than smoothness in random directions.',
  effect:
    'test accuracy of virtual adversarial training less the better of the supervised loss alone and of random perturbations',
  unit: 'difference of shares of test examples, 0 to 1',
  threshold: 0.05,
  data: 'two moons turned into 50 dimensions with noise; 30 labelled and 600 unlabelled points, 2,000 to test',
  seeds: 12,
  remarks:
    'A perceptron 50-100-100-2, Adam, 600 steps with 128 unlabelled points each; the same radius 0.25 for both kinds of perturbation, one power iteration with a difference step of 0.1.',
  async measure(seed, note) {
    const [labelled, unlabelled, test] = [moons(seed, 30, 1), moons(seed, 600, 2), moons(seed, 2000, 3)];
    const change = compile((p: Symbolic<Variables>, x: Tensor, k: Tensor) => {
      const logits = (at: Tensor) => model.apply(p, at, new Context());
      return predictionChange(logits, x, virtualAdversarialPerturbation(logits, x, normal(k, x.shape), { radius }));
    });
    const arms: Record<string, Arm> = {};
    for (const [name, penalty] of Object.entries(penalties)) {
      const made = await trained<{ readonly key: Tensor }>({
        train: { x: unlabelled.x, y: unlabelled.y },
        model,
        epochs: 150,
        batchSize: 128,
        seed,
        state: { key: key(120_000 + seed) },
        optimizer: () => firstOrder(adam({ learningRate: 2e-3 })),
        objective: (_, { x, params, state }) => {
          const logits = (at: Tensor) => model.apply(params, at, new Context({ training: true }));
          const [next, used] = split(state.key);
          const supervised = crossEntropy(logits(constant(labelled.x)), constant(labelled.y));
          return [penalty ? supervised.add(penalty(logits, x, used)) : supervised, { key: next }];
        },
      });
      const { accuracy } = scoresOf(await made.logits(test.x), test.y);
      const moved = await change(made.variables as never, test.x, key(seed));
      arms[name] = { 'test accuracy': accuracy, 'change of test predictions (nats)': Number(moved.data[0]) };
      note(`${name} ${accuracy.toFixed(3)}`);
    }
    const of = (name: string) => arms[name]['test accuracy'];
    return { effect: of('VAT') - Math.max(of('supervised'), of('random perturbations')), arms };
  },
};
