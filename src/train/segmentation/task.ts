import type { Scenes } from '../../data/index.js';
import { crossEntropy } from '../../losses/index.js';
import { unet } from '../../nn/index.js';
import { compile } from '../../runtime/index.js';
import { foldIn } from '../../runtime/random/index.js';
import type { NDArray, Tensor } from '../../tensor/index.js';
import { meanOf, overBatches, rowBatches, rowsInOrder } from '../batches.js';
import { scheduled } from '../build.js';
import { withClassWeights } from '../classification/counts.js';
import { meanOfLabelled } from '../classification/regularizer.js';
import { exampleRegularizers } from '../classification/regularizers.js';
import { exportInference } from '../export.js';
import type { Measured } from '../loop.js';
import { made } from '../options/choice.js';
import { optimizerOf } from '../options/optimizers.js';
import { scenesOf } from '../scenes/data.js';
import { inUnitRange, pictureModel } from '../scenes/model.js';
import type { TrainConfig } from '../settings.js';
import { type Tensors, weightsOf } from '../step.js';
import type { Training, TrainingTask } from '../task.js';
import { type MaskExamples, maskAugmentations, movingAugmentations, outside } from './augmentations.js';
import { attemptSegmentationLoss, segmentationLosses } from './losses.js';
import { segmentationMeasures } from './measures.js';
import { maskPictures } from './report.js';

/** Those of classifiers at each pixel. Virtual adversarial training and the rankings of RankMixup are of one prediction a picture. */
const { virtualAdversarialLoss: _, mixupNdcg: __, mixupRankingLoss: ___, ...pixelRegularizers } = exampleRegularizers;

/** Classes of the pixels of scenes. */
export const segmentation: TrainingTask = {
  summary: 'classes of the pixels of scenes',
  data: ['scenes'],
  needs: 'classes of pixels',
  models: ['unet'],
  losses: segmentationLosses,
  attempt: attemptSegmentationLoss,
  loss: 'diceLoss:crossEntropyWeight=1',
  augmentations: maskAugmentations,
  regularizers: pixelRegularizers,
  defaults: { optimizer: 'adam', learningRate: 0.003, width: 8, epochs: 10, batchSize: 16 },
  prepare: async (config) => segmentationTraining(config),
};

/** Of a test set, in its order. */
interface SegmentationEvaluation extends Measured {
  /** [n, height, width]. */
  readonly predicted: NDArray<'uint8'>;
}

/** A configuration's loss, and the class that it ignores: the one that it says, or that of pixels from outside where things move. */
function lossOf({ loss: chosen, augment }: TrainConfig, masks: NDArray, classes: number) {
  const own = chosen.options.ignoreIndex as number | undefined;
  const moves = augment.some(({ name }) => Object.hasOwn(movingAugmentations, name));
  const ignoreIndex = own ?? (moves ? outside : undefined);
  const { name, options } = withClassWeights('train', chosen, masks.data as Uint8Array, classes);
  const loss = made(segmentationLosses, { name, options: { ...options, ...(moves && { ignoreIndex }) } });
  return { ignoreIndex, loss };
}

const columnsOf = ({ images, masks }: Scenes) => ({ images, masks });

function segmentationTraining(config: TrainConfig): Training<MaskExamples, SegmentationEvaluation> {
  const { train, test, normalization } = scenesOf(config);
  const { batchSize, width, threads } = config;
  const { schedule, steps } = scheduled(config, train.images.shape[0]);
  const names = ['nothing', ...train.classes];
  const { ignoreIndex, loss } = lossOf(config, train.masks, names.length);
  const penalized = config.regularizer.map((chosen) => made(pixelRegularizers, chosen));
  const model = pictureModel<MaskExamples>(unet({ outputs: names.length, inputChannels: 1, width }), {
    threads,
    optimizer: optimizerOf(config, schedule),
    normalization,
    augmentations: config.augment.map((chosen) => made(maskAugmentations, chosen)),
    objective: (logits, { masks, indices }, { images, model: again, key, epoch }) => {
      const given = masks.cast('int32');
      const labels = ignoreIndex === undefined ? given : given.equal(outside).where(ignoreIndex, given);
      const right = logits.argmax(1).equal(labels).cast('float32');
      const batch = { images, targets: [{ labels, share: 1 }] };
      const rest = { epochs: config.epochs, domains: undefined, carried: {}, ignoreIndex };
      const seen = { batch, indices, logits, model: again, loss, epoch, ...rest };
      const penalties = penalized.map(({ penalty }, i) => penalty({ ...seen, key: foldIn(key, i) }).value);
      return {
        loss: [loss(logits, labels), ...penalties].reduce((a, b) => a.add(b)),
        measures: { pixelAccuracy: meanOfLabelled(right, logits, labels, ignoreIndex) },
      };
    },
  });
  const answer = compile(
    (variables: Tensors, images: Tensor, masks: Tensor) => {
      const logits = model.infer(variables, inUnitRange(images));
      return {
        loss: crossEntropy(logits, masks.cast('int32'), { reduction: 'none' }).mean([1, 2]),
        predicted: logits.argmax(1).cast('uint8'),
      };
    },
    { name: 'segment', threads, argumentNames: ['variables', 'images', 'masks'] },
  );
  return {
    schedule,
    steps,
    task: {
      init: model.init,
      batches: (key) => rowBatches(columnsOf(train), { batchSize, key }),
      step: model.step,
      evaluate: async (state) => {
        const variables = weightsOf(state) as never;
        const { loss, predicted } = await overBatches(rowsInOrder(columnsOf(test), batchSize), ({ images, masks }) =>
          answer(variables, images, masks),
        );
        return {
          loss: meanOf(loss),
          measures: segmentationMeasures(predicted, test.masks, names.length),
          predicted: predicted as NDArray<'uint8'>,
        };
      },
    },
    exported: (state) =>
      exportInference(model.infer, weightsOf(state), test.images, { name: 'segmentation', output: 'logits' }),
    shown: async ({ evaluation }) => ({
      record: {
        testLoss: 'cross-entropy of pixels (nats)',
        classes: names,
        sections: [{ heading: 'Scenes', body: maskPictures(test, evaluation.predicted) }],
      },
    }),
    subject: async (state) => {
      const { segmentationSubject } = await import('./subject.js');
      return segmentationSubject(model, state, { train, test, names, loss, lossName: config.loss.name, batchSize });
    },
  };
}
