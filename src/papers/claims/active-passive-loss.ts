import { absoluteProbabilityError, activePassive, normalizedCrossEntropy } from '../../losses/index.js';
import { chain, clipByGlobalNorm, cosine, firstOrder, sgd } from '../../optim/index.js';
import { key } from '../../runtime/random/index.js';
import type { Tensor } from '../../tensor/index.js';
import type { Arm, Claim } from '../claim.js';
import { someMnist } from '../experiments/digits.js';
import { withLabelNoise } from '../experiments/gaussians.js';
import { scoresOf } from '../experiments/scores.js';
import { perceptron, trained } from '../experiments/train.js';

const losses: Record<string, ((logits: Tensor, labels: Tensor) => Tensor) | undefined> = {
  'cross-entropy': undefined,
  MAE: absoluteProbabilityError,
  NCE: normalizedCrossEntropy,
  'NCE + MAE': activePassive,
};

export const claim: Claim = {
  statement:
    'A normalised active loss together with a passive one learns from labels of which most are wrong, where cross-entropy memorises them.',
  effect: 'test accuracy of NCE + MAE less that of cross-entropy',
  unit: 'difference of shares of test images, 0 to 1',
  threshold: 0.2,
  data: 'MNIST, 4,000 training images of which 60% have a wrong label, 4,000 clean test images',
  seeds: 3,
  remarks:
    'A perceptron 784-128-10, SGD with momentum 0.9, rate 0.1 falling along a cosine over 50 epochs, batches of 64, gradients clipped at 5. At this scale the absolute error alone does as well as the two together.',
  async measure(seed, note) {
    const { train, test } = await someMnist(4000, 4000);
    const y = withLabelNoise(train.y, { classes: 10, share: 0.6, key: key(50_000 + seed) });
    const arms: Record<string, Arm> = {};
    for (const [name, loss] of Object.entries(losses)) {
      const model = await trained({
        train: { x: train.x, y },
        model: perceptron(784, 128, 10),
        epochs: 50,
        batchSize: 64,
        seed,
        optimizer: (steps) =>
          firstOrder(
            chain(clipByGlobalNorm(5), sgd({ learningRate: cosine(0.1, { steps }), momentum: 0.9, weightDecay: 1e-4 })),
          ),
        objective: loss && ((logits, { labels }) => loss(logits, labels)),
      });
      const { accuracy } = scoresOf(await model.logits(test.x), test.y);
      arms[name] = { 'test accuracy': accuracy };
      note(`${name} ${accuracy.toFixed(3)}`);
    }
    return { effect: arms['NCE + MAE']['test accuracy'] - arms['cross-entropy']['test accuracy'], arms };
  },
};
