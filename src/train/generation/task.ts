import { rowsAt } from '../../data/index.js';
import { foldIn } from '../../runtime/random/index.js';
import type { NDArray, Tensor } from '../../tensor/index.js';
import { rowBatches } from '../batches.js';
import { imageData, type PreparedData, prepareData } from '../build.js';
import { bytesOf, pictureGallery, pictureTable } from '../images/pictures.js';
import type { Measured } from '../loop.js';
import { imageAugmentations } from '../options/augmentations.js';
import { made } from '../options/choice.js';
import type { TrainConfig } from '../settings.js';
import type { Training, TrainingTask } from '../task.js';
import { adversarialRun } from './adversarial.js';
import { boltzmannRun } from './boltzmann.js';
import { featureDistance } from './feature-distance.js';
import { flowRun } from './flow.js';
import type { GeneratorRun, ImageColumns, ImagesOnly } from './generator.js';
import { discriminatorRegularizers, type GenerationObjective, generationDefaults, generationLosses } from './losses.js';
import { codeModels } from './models.js';
import { variationalRun } from './variational.js';

/** Objectives of one kind of model alone. */
const ownModel: Readonly<Record<string, string>> = { energy: 'boltzmann', likelihood: 'flow' };

/** How many images are drawn to be compared with the test set. */
const compared = 1000;

/** Images of random codes, like those of a data set. */
export const generation: TrainingTask = {
  summary: 'images of random codes, like those of a data set',
  data: imageData,
  models: [...Object.keys(codeModels), ...Object.values(ownModel)],
  losses: generationLosses,
  loss: 'gaussianKl',
  augmentations: imageAugmentations,
  regularizers: discriminatorRegularizers,
  settings: ['latent'],
  defaults: { optimizer: 'adam', weightDecay: 0, learningRate: 3e-3, epochs: 10 },
  defaultsWith: generationDefaults,
  prepare: async (config, { onDownload }) => generationTraining(config, await prepareData(config, onDownload)),
};

function generationTraining(config: TrainConfig, prepared: PreparedData): Training<ImagesOnly, Measured> {
  const { train, test } = prepared;
  const { batchSize, augment, regularizer } = config;
  const augmentations = augment.map((chosen) => made(imageAugmentations, chosen));
  const change = (images: Tensor, key: Tensor) =>
    augmentations.reduce((x, augment, i) => augment({ images: x, targets: [] }, foldIn(key, i)).images, images);
  const objective = made(generationLosses, config.loss);
  if (objective.kind !== 'adversarial' && regularizer.length > 0)
    throw new RangeError(
      `train: regularizer ${regularizer[0].name} is of a discriminator; ${config.loss.name} has none`,
    );
  const wanted = ownModel[objective.kind];
  if (wanted !== undefined && config.model !== wanted)
    throw new RangeError(
      `train: ${config.loss.name} trains a model ${wanted}, not ${config.model}; add model ${wanted}`,
    );
  if (wanted === undefined && !Object.hasOwn(codeModels, config.model))
    throw new RangeError(
      `train: ${config.loss.name} trains models ${Object.keys(codeModels).join(' and ')}, not ${config.model}`,
    );
  const run = runOf(config, prepared, objective, change);
  // What is logged and drawn as the loss of two that play against each other is the discriminator's.
  const lossName = objective.kind === 'adversarial' ? objective.name : config.loss.name;
  const columns: ImageColumns = { images: train.images };
  const count = Math.min(compared, test.images.shape[0]);
  const some = (images: NDArray<'uint8'>, n: number) =>
    rowsAt(
      { images },
      Array.from({ length: n }, (_, i) => i),
    ).images;
  let distance: ReturnType<typeof featureDistance> | undefined;
  const distanceOf = async (images: NDArray) => {
    distance ??= featureDistance(some(test.images, count));
    return (await distance).from(images);
  };
  return {
    schedule: run.schedule,
    steps: run.steps,
    task: {
      init: run.init,
      batches: (key) => rowBatches(columns, { batchSize, key }),
      step: run.step,
      evaluate: async (state) => {
        const { loss, measures } = await run.evaluate(state);
        const frechetDistance = await distanceOf(await run.samples(state, count));
        return { loss, measures: { ...measures, frechetDistance } };
      },
    },
    exported: run.exported,
    subject: run.subject,
    shown: async ({ state }) => {
      const floor = await distanceOf(some(train.images, Math.min(count, train.images.shape[0])));
      const words = `${run.how} The Frechet distance compares ${count} of them with as many test images; of as many training images it is ${floor.toPrecision(3)}.`;
      const gallery = pictureGallery(bytesOf(await run.samples(state, 50)), words);
      const first = some(test.images, Math.min(8, count));
      const coded = await run.reconstructed?.(state, first);
      const columns = coded && [
        { name: 'image', images: first },
        { name: 'reconstruction', images: bytesOf(coded) },
      ];
      return {
        record: {
          loss: lossName,
          sections: [
            { heading: 'Samples', body: gallery },
            ...(columns
              ? [
                  {
                    heading: 'Reconstructions',
                    body: pictureTable(columns, 'Test images, and what becomes of their codes.'),
                  },
                ]
              : []),
          ],
        },
      };
    },
  };
}

function runOf(
  config: TrainConfig,
  prepared: PreparedData,
  objective: GenerationObjective,
  change: (images: Tensor, key: Tensor) => Tensor,
): GeneratorRun {
  switch (objective.kind) {
    case 'variational':
      return variationalRun(config, prepared, objective, change);
    case 'adversarial':
      return adversarialRun(config, prepared, objective, change);
    case 'energy':
      return boltzmannRun(config, prepared, objective, change);
    case 'likelihood':
      return flowRun(config, prepared, change);
  }
}
