import { cosine, sam, sgd } from '../../optim/index.js';
import type { Claim } from '../claim.js';
import { onNoisyLabels } from '../experiments/label-noise.js';

export const claim: Claim = {
  statement:
    'With wrong labels in the training set, sharpness-aware minimisation generalises better than SGD: its test accuracy on clean labels is higher.',
  effect: 'test accuracy of SAM (radius 0.5) less that of SGD',
  unit: 'difference of shares of test examples, 0 to 1',
  threshold: 0.015,
  data: '4 Gaussian classes in 20 dimensions, 500 training points, 40% of their labels wrong; 2,000 clean test points',
  seeds: 5,
  remarks:
    'A perceptron 20-64-64-4, SGD with momentum 0.9, rate 0.1 falling along a cosine, 100 epochs for both; SAM takes two gradients a step.',
  async measure(seed, note) {
    const plain = await onNoisyLabels(seed);
    note(`SGD ${plain.scores['test accuracy'].toFixed(3)}`);
    const aware = await onNoisyLabels(seed, {
      optimizer: (steps) => sam(sgd({ learningRate: cosine(0.1, { steps }), momentum: 0.9 }), { radius: 0.5 }),
    });
    note(`SAM ${aware.scores['test accuracy'].toFixed(3)}`);
    return {
      effect: aware.scores['test accuracy'] - plain.scores['test accuracy'],
      arms: { SGD: plain.scores, SAM: aware.scores },
    };
  },
};
