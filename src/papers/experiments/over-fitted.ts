import { adam, firstOrder } from '../../optim/index.js';
import { key } from '../../runtime/random/index.js';
import type { Tensor } from '../../tensor/index.js';
import { gaussianClasses } from './gaussians.js';
import { scoresOf } from './scores.js';
import { type Batch, perceptron, trained } from './train.js';

type Objective = (logits: Tensor, batch: Batch<Record<string, never>>) => Tensor;

interface Setting {
  readonly classes: number;
  readonly dimension: number;
  readonly spread: number;
  readonly train: number;
  readonly epochs: number;
}

/** A small set that a perceptron fits entirely: predictions become far too sure. */
export const overFitted: Setting = { classes: 10, dimension: 20, spread: 0.5, train: 1000, epochs: 60 };
/** Fifty classes and few epochs: the training set is not fitted. */
export const underFitted: Setting = { classes: 50, dimension: 32, spread: 0.5, train: 3000, epochs: 10 };
/** A hundred classes and fewer epochs still. */
export const manyClasses: Setting = { classes: 100, dimension: 32, spread: 0.8, train: 2000, epochs: 8 };

/** What is said of a setting in a claim. */
export const described = ({ classes, dimension, train }: Setting): string =>
  `${classes} Gaussian classes in ${dimension} dimensions, ${train} training and 4,000 test points`;

/** Scores on 4,000 test points of a perceptron with two hidden layers of 64, trained by Adam (rate 3e-3, batches of 64) with a loss. */
export async function classified(setting: Setting, seed: number, objective?: Objective) {
  const { classes, dimension, spread, train: count, epochs } = setting;
  const { train, test } = gaussianClasses(key(40_000 + seed), { classes, dimension, spread, train: count, test: 4000 });
  const model = await trained({
    train,
    model: perceptron(dimension, 64, 64, classes),
    epochs,
    batchSize: 64,
    seed,
    optimizer: () => firstOrder(adam({ learningRate: 3e-3 })),
    objective,
  });
  const logits = await model.logits(test.x);
  return { ...scoresOf(logits, test.y), logits, labels: test.y };
}

/** The scores as they are shown. */
export const shown = ({ accuracy, ece, nll }: { accuracy: number; ece: number; nll: number }) => ({
  'test accuracy': accuracy,
  'calibration error (ECE, 15 bins)': ece,
  'test loss (nats)': nll,
});
