import { merge } from '../tensor/index.js';
import { augmentations } from './augmentations.js';
import { type ImageExamples, imageBatches } from './batches.js';
import { imageData, imageModels, modelOf, type PreparedData, prepareData } from './build.js';
import { made } from './choice.js';
import { type Classifier, classifier } from './classifier.js';
import type { TrainConfig } from './config.js';
import { confusionMatrix, type Evaluation, evaluateOn } from './evaluate.js';
import { exportInference } from './export.js';
import { classifierSubject } from './inspection-subject.js';
import { classifierLosses } from './losses.js';
import { optimizerOf } from './optimizers.js';
import { regularizers } from './regularizers.js';
import { samplePredictions } from './samples.js';
import type { Training, TrainingTask } from './task.js';

/** Classes of images. */
export const classification: TrainingTask = {
  summary: 'classes of images',
  data: imageData,
  models: Object.keys(imageModels),
  losses: classifierLosses,
  loss: 'crossEntropy',
  augmentations,
  regularizers,
  prepare: async (config, { onDownload }) => classifierTraining(config, await prepareData(config, onDownload)),
};

function classifierTraining(config: TrainConfig, prepared: PreparedData): Training<ImageExamples, Evaluation> {
  const { train, test, schedule, steps } = prepared;
  const { batchSize } = config;
  const model = classifierOf(config, prepared);
  return {
    schedule,
    steps,
    task: {
      init: model.init,
      batches: (key) => imageBatches(train, { batchSize, key }),
      step: model.step,
      evaluate: ({ params, buffers }) => evaluateOn(model, merge(params, buffers), test, batchSize),
    },
    exported: ({ params, buffers }) =>
      exportInference(model.infer, merge(params, buffers), test.images, { name: 'classifier', output: 'logits' }),
    shown: async ({ evaluation }) => ({
      record: {
        testLoss: 'cross-entropy (nats)',
        confusion: confusionMatrix(test.labels.data, evaluation.predicted, test.classes.length),
        classes: test.classes,
        samples: samplePredictions(test, evaluation, 36),
      },
    }),
    subject: (state) => classifierSubject(model, state, prepared),
  };
}

/** The classifier of a configuration. */
export function classifierOf(config: TrainConfig, { train, normalization, schedule }: PreparedData): Classifier {
  return classifier(modelOf(config, train), optimizerOf(config, schedule), {
    normalization,
    loss: made(classifierLosses, config.loss),
    augmentations: config.augment.map((chosen) => made(augmentations, chosen)),
    regularizers: config.regularizer.map((chosen) => made(regularizers, chosen)),
    threads: config.threads,
  });
}
