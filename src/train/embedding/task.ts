import { type ImageExamples, imageBatches } from '../batches.js';
import { imageData, imageModels, modelOf, type PreparedData, prepareData } from '../build.js';
import { withClassWeights } from '../classification/counts.js';
import { exportInference } from '../export.js';

import { imageAugmentations } from '../options/augmentations.js';
import { made } from '../options/choice.js';
import { optimizerOf } from '../options/optimizers.js';
import type { TrainConfig } from '../settings.js';
import { weightsOf } from '../step.js';
import type { Training, TrainingTask } from '../task.js';
import { type Embedder, embedder } from './embedder.js';
import { type EmbeddingEvaluation, evaluateEmbedder } from './evaluate.js';
import { attemptEmbeddingLoss, embeddingLosses } from './losses.js';
import { neighboursOf } from './neighbours.js';
import { embeddingRegularizers } from './regularizers.js';
import { embeddingScores } from './scores.js';
import { embeddingSubject } from './subject.js';

/** Vectors of images, near one another where they are alike. */
export const embedding: TrainingTask = {
  summary: 'vectors of images, near one another where they are alike',
  data: imageData,
  needs: 'classes of whole images',
  models: Object.keys(imageModels),
  losses: embeddingLosses,
  attempt: attemptEmbeddingLoss,
  loss: 'supCon',
  augmentations: imageAugmentations,
  regularizers: embeddingRegularizers,
  settings: ['dimension'],
  defaults: { dimension: 64 },
  prepare: async (config, { onDownload }) => embeddingTraining(config, await prepareData(config, onDownload)),
};

function embeddingTraining(config: TrainConfig, prepared: PreparedData): Training<ImageExamples, EmbeddingEvaluation> {
  const { train, test, schedule, steps } = prepared;
  const { batchSize } = config;
  const model = embedderOf(config, prepared);
  return {
    schedule,
    steps,
    task: {
      init: model.init,
      batches: (key) => imageBatches(train, { batchSize, key }),
      step: model.step,
      evaluate: (state) => evaluateEmbedder(model, state, { train, test, batchSize }),
    },
    exported: (state) =>
      exportInference(model.infer, weightsOf(state), test.images, { name: 'embedder', output: 'embeddings' }),
    shown: async ({ evaluation }) => ({
      result: { embedding: await embeddingScores(evaluation.train, evaluation.test, test.classes.length) },
      record: {
        ...(model.ofExamples && { testLoss: `${config.loss.name} of training images` }),
        classes: test.classes,
        neighbours: neighboursOf(evaluation.test, test),
      },
    }),
    subject: (state) => embeddingSubject(model, state, config, prepared),
  };
}

/** The embedder of a configuration. @throws RangeError where nothing makes two views of an image differ. */
export function embedderOf(
  config: TrainConfig,
  { train, normalization, schedule }: Pick<PreparedData, 'train' | 'normalization' | 'schedule'>,
): Embedder {
  const { loss, augment, regularizer, dimension = 64, threads } = config;
  const objective = made(embeddingLosses, withClassWeights('train', loss, train.labels.data, train.classes.length));
  if (objective.views === 2 && augment.length === 0)
    throw new RangeError(
      `train: ${loss.name} compares two views of each image; say what makes them differ, as with augment randomCrop:padding=4`,
    );
  return embedder(modelOf(config, train, dimension), optimizerOf(config, schedule), {
    normalization,
    objective,
    size: { classes: train.classes.length, examples: train.labels.shape[0], dimension },
    augmentations: augment.map((chosen) => made(imageAugmentations, chosen)),
    regularizers: regularizer.map((chosen) => made(embeddingRegularizers, chosen)),
    threads,
  });
}
