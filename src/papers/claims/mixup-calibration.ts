import { generalMixedLoss, generalMixup } from '../../augment/index.js';
import { temperatureScaling } from '../../calibration/index.js';
import { mnist, subset } from '../../data/index.js';
import { crossEntropy } from '../../losses/index.js';
import { Context } from '../../nn/index.js';
import { adam, firstOrder } from '../../optim/index.js';
import { foldIn, type Key, key, permutation, randint, split, uniform } from '../../runtime/random/index.js';
import { castArray, type NDArray, ndarray, type Tensor } from '../../tensor/index.js';
import type { Arm, Claim } from '../claim.js';
import { byLot, scaled } from '../experiments/digits.js';
import { shown } from '../experiments/over-fitted.js';
import { scoresOf } from '../experiments/scores.js';
import { perceptron, trained } from '../experiments/train.js';

const [train, heldOut] = [2000, 500];
const model = perceptron(784, 256, 256, 10);

/** Labels of which a fifth are replaced, each class always by the same other one. */
function confused({ data, shape, dtype }: NDArray<'int32'>, own: Key): NDArray<'int32'> {
  const shifts = randint(foldIn(own, 0), [10], { low: 1, high: 10 }).data;
  const flips = uniform(foldIn(own, 1), [data.length]).data;
  return { data: data.map((y, i) => (flips[i] < 0.2 ? (y + shifts[y]) % 10 : y)), shape, dtype };
}

/** How many examples are mixed. */
const ways: Record<string, number> = { 'no mixing': 1, 'mixup of two': 2, 'mixup of three': 3 };

const [ece, scaledEce] = ['calibration error (ECE, 15 bins)', 'calibration error at the fitted temperature'];

export const claim: Claim = {
  statement:
    'Where labels of classes are confused, mixup in training calibrates better than a temperature fitted to a plain net on held-out data.',
  effect:
    'expected calibration error (15 bins) of a plain net at the fitted temperature less that of mixup of two without one',
  unit: 'difference of errors, each 0 to 1',
  threshold: 0.03,
  data: 'MNIST: 2,000 training images and 500 held out for the temperature, a fifth of their labels replaced by those of another class, one for each; 4,000 test images with their own labels; others for every seed',
  seeds: 5,
  remarks:
    'A perceptron 784-256-256-10, Adam at 0.001, 40 epochs of batches of 100. As in the paper the temperature is fitted to confused labels and the test has the right ones.',
  async measure(seed, note) {
    const [digits, others] = await Promise.all([mnist({ split: 'train' }), mnist({ split: 'test' })]);
    const root = key(350_000 + seed);
    const order = permutation(foldIn(root, 0), digits.labels.shape[0]).data;
    const [some, rest] = [order.slice(0, train), order.slice(train, train + heldOut)].map((places) =>
      scaled(subset(digits, places)),
    );
    const confusedLabels = confused(ndarray(Int32Array.from([...some.y.data, ...rest.y.data])), foldIn(root, 1)).data;
    const [y, held] = [confusedLabels.slice(0, train), confusedLabels.slice(train)];
    const test = scaled(byLot(others, foldIn(root, 2), 4000));
    const arms: Record<string, Arm> = {};
    for (const [name, examples] of Object.entries(ways)) {
      const fitted = await trained<{ key: Tensor }>({
        train: { x: some.x, y: ndarray(y) },
        model,
        epochs: 40,
        batchSize: 100,
        seed,
        optimizer: () => firstOrder(adam({ learningRate: 1e-3 })),
        state: { key: foldIn(root, 3) },
        objective: (_, { x, labels, params, state }) => {
          const [next, own] = split(state.key);
          const mixed = generalMixup(x, own, { examples });
          const logits = model.apply(params, mixed.x, new Context({ training: true }));
          return [generalMixedLoss(mixed, labels, (of) => crossEntropy(logits, of)), { key: next }];
        },
      });
      const logits = await fitted.logits(test.x);
      const { temperature } = temperatureScaling(await fitted.logits(rest.x), ndarray(held));
      const cooled = castArray(logits, 'float32');
      const after = scoresOf({ ...cooled, data: cooled.data.map((z) => z / temperature) }, test.y);
      arms[name] = {
        ...shown(scoresOf(logits, test.y)),
        [scaledEce]: after.ece,
        'test loss at the fitted temperature (nats)': after.nll,
      };
      note(
        `${name}: ECE ${arms[name][ece].toFixed(3)}, at temperature ${temperature.toFixed(2)} ${after.ece.toFixed(3)}`,
      );
    }
    return { effect: arms['no mixing'][scaledEce] - arms['mixup of two'][ece], arms };
  },
};
