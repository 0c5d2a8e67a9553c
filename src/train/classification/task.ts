import type { Key } from '../../runtime/random/index.js';
import { merge } from '../../tensor/index.js';
import { type ImageExamples, imageBatches } from '../batches.js';
import { imageData, imageModels, modelOf, type PreparedData, prepareData } from '../build.js';
import { domainBatches, requireEqualShares } from '../domains/batches.js';
import { exportInference } from '../export.js';

import type { Batches } from '../loop.js';
import { augmentations } from '../options/augmentations.js';
import { made } from '../options/choice.js';
import { optimizerOf, withoutDomains } from '../options/optimizers.js';
import type { TrainConfig } from '../settings.js';
import type { Training, TrainingTask } from '../task.js';
import { type Classifier, classifier } from './classifier.js';
import { withClassWeights } from './counts.js';
import { confusionMatrix, type Evaluation, evaluateOn } from './evaluate.js';
import { attemptClassifierLoss, classifierLosses } from './losses.js';
import { regularizers } from './regularizers.js';
import { samplePredictions } from './samples.js';
import { classifierSubject } from './subject.js';

/** Classes of images. */
export const classification: TrainingTask = {
  summary: 'classes of images',
  data: imageData,
  needs: 'classes of whole images',
  models: Object.keys(imageModels),
  losses: classifierLosses,
  attempt: attemptClassifierLoss,
  loss: 'crossEntropy',
  augmentations,
  regularizers,
  settings: ['domains'],
  prepare: async (config, { onDownload }) => classifierTraining(config, await prepareData(config, onDownload)),
};

async function classifierTraining(
  config: TrainConfig,
  prepared: PreparedData,
): Promise<Training<ImageExamples, Evaluation>> {
  const { train, test, schedule, steps, domains } = prepared;
  const { batchSize } = config;
  const model = await classifierOf(config, prepared);
  const batches: (key: Key) => Batches<ImageExamples> = domains
    ? (key) => domainBatches(train, domains.domain, domains.names.length, { batchSize, key })
    : (key) => imageBatches(train, { batchSize, key });
  return {
    schedule,
    steps,
    task: {
      init: model.init,
      batches,
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

/** The classifier of a configuration. @throws RangeError for what compares domains where there are none, and batches that they do not divide. */
export async function classifierOf(config: TrainConfig, prepared: PreparedData): Promise<Classifier> {
  const { train, normalization, schedule, domains } = prepared;
  const chosen = config.regularizer.map((one) => ({ name: one.name, regularizer: made(regularizers, one) }));
  const comparing = chosen.find(({ regularizer }) => regularizer.ofDomains);
  if (comparing && !domains) throw withoutDomains(`regularizer ${comparing.name}`);
  for (const { name, regularizer } of chosen) {
    const reason = regularizer.idle?.(config.epochs);
    if (reason !== undefined) throw new RangeError(`train: regularizer ${name} ${reason}`);
  }
  if (domains) requireEqualShares(config.batchSize, domains.names.length);
  const fitted = await Promise.all(chosen.map(({ regularizer }) => regularizer.fitted?.(train) ?? regularizer));
  return classifier(modelOf(config, train), optimizerOf(config, schedule), {
    normalization,
    loss: made(classifierLosses, withClassWeights('train', config.loss, train.labels.data, train.classes.length)),
    ignoreIndex: config.loss.options.ignoreIndex as number | undefined,
    augmentations: config.augment.map((one) => made(augmentations, one)),
    regularizers: fitted,
    ...(domains && { domains: domains.names.length }),
    size: { examples: train.labels.shape[0], classes: train.classes.length, epochs: config.epochs },
    threads: config.threads,
  });
}
