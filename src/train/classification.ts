import { type Batch, type Dataset, loader } from '../data/index.js';
import { item, merge, type NDArray } from '../tensor/index.js';
import type { Classifier, TrainState } from './classifier.js';
import type { TrainConfig } from './config.js';
import { type Evaluation, evaluateOn } from './evaluate.js';
import type { Task } from './loop.js';

/** Training a classifier of images as what a loop runs. */
export function classification(
  { batchSize }: Pick<TrainConfig, 'batchSize'>,
  parts: {
    readonly classifier: Classifier;
    readonly train: Dataset;
    readonly test: Dataset;
    readonly learningRateAt: (step: number) => number;
  },
): Task<TrainState, Batch, Evaluation> {
  const { classifier, train, test, learningRateAt } = parts;
  return {
    init: classifier.init,
    batches: (key) => loader(train, { batchSize, key, last: 'drop' }),
    step: async (state, { images, labels }, key) => {
      const result = await classifier.step(state as never, images, labels, key);
      const samples = labels.shape[0];
      return {
        state: result.state as TrainState,
        samples,
        loss: item(result.loss as NDArray),
        accuracy: item(result.correct as NDArray) / samples,
      };
    },
    evaluate: ({ params, buffers }) => evaluateOn(classifier, merge(params, buffers), test, batchSize),
    learningRateAt,
  };
}
