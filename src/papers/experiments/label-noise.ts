import { key } from '../../runtime/random/index.js';
import { gaussianClasses } from './gaussians.js';
import { scoresOf } from './scores.js';
import { perceptron, type Trained, type TrainingOptions, trained } from './train.js';

/** The setting in which memorising hurts: four classes in 20 dimensions, 500 training points of which 40% have a wrong label, clean test points. */
export const noisyGaussians = (seed: number) =>
  gaussianClasses(key(10_000 + seed), {
    classes: 4,
    dimension: 20,
    radius: 2.4,
    train: 500,
    test: 2000,
    labelNoise: 0.4,
  });

/** What a perceptron of two hidden layers makes of it after 100 epochs of SGD, batches of 50. */
export async function onNoisyLabels<S>(
  seed: number,
  options: Partial<TrainingOptions<S>> = {},
): Promise<{ readonly scores: Record<string, number>; readonly model: Trained }> {
  const { train, test } = noisyGaussians(seed);
  const model = await trained<S>({
    train,
    model: perceptron(20, 64, 64, 4),
    epochs: 100,
    batchSize: 50,
    seed,
    ...options,
  } as TrainingOptions<S>);
  const [onTest, onTrain] = [
    scoresOf(await model.logits(test.x), test.y),
    scoresOf(await model.logits(train.x), train.y),
  ];
  return {
    scores: {
      'test accuracy': onTest.accuracy,
      'accuracy on the noisy training labels': onTrain.accuracy,
      'test loss (nats)': onTest.nll,
    },
    model,
  };
}
