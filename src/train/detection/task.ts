import type { Scenes } from '../../data/index.js';
import { boxIou } from '../../losses/index.js';
import { gridDetector } from '../../nn/index.js';
import { compile } from '../../runtime/index.js';
import type { NDArray, Tensor } from '../../tensor/index.js';
import { meanOf, overBatches, rowBatches, rowsInOrder } from '../batches.js';
import { scheduled } from '../build.js';
import { exportImages } from '../export.js';
import type { Measured } from '../loop.js';
import { measuredFacts } from '../measures.js';
import { made } from '../options/choice.js';
import { optimizerOf } from '../options/optimizers.js';
import { pictureAugmentations } from '../scenes/augmentations.js';
import { scenesOf } from '../scenes/data.js';
import { inUnitRange, type PictureExamples, pictureModel } from '../scenes/model.js';
import type { TrainConfig } from '../settings.js';
import { type Arrays, type Tensors, type TrainState, weightsOf } from '../step.js';
import type { Training, TrainingTask } from '../task.js';
import { candidatesOf, type Detections, detectionMeasures, detectionsOf, objectsOf } from './detect.js';
import { type GridTarget, type GridTargetArrays, gridTargets, readGrid } from './grid.js';
import { detectionLosses } from './losses.js';
import { boxPictures } from './report.js';

/** Boxes and classes of the objects of scenes. */
export const detection: TrainingTask = {
  summary: 'boxes and classes of the objects of scenes',
  data: ['scenes'],
  needs: 'boxes of objects',
  models: ['gridDetector'],
  losses: detectionLosses,
  loss: 'generalizedIouLoss',
  augmentations: pictureAugmentations,
  regularizers: {},
  defaults: { optimizer: 'adam', learningRate: 0.003, epochs: 10, batchSize: 32 },
  prepare: async (config) => detectionTraining(config),
};

/** Pictures with the targets of their grids. */
interface GridExamples extends PictureExamples, GridTargetArrays {}

/** Of a test set, in its order. */
interface DetectionEvaluation extends Measured {
  readonly found: readonly Detections[];
}

const columnsOf = (scenes: Scenes) => ({ images: scenes.images, ...gridTargets(scenes) });

function detectionTraining(config: TrainConfig): Training<GridExamples, DetectionEvaluation> {
  const { train, test, normalization } = scenesOf(config);
  const { batchSize, width, threads } = config;
  const { schedule, steps } = scheduled(config, train.images.shape[0]);
  const [trainColumns, testColumns] = [columnsOf(train), columnsOf(test)];
  const objects = objectsOf(test);
  const objective = made(detectionLosses, config.loss);
  const layer = gridDetector({ classes: train.classes.length, inputChannels: 1, width });
  const model = pictureModel<GridExamples>(layer, {
    threads,
    optimizer: optimizerOf(config, schedule),
    normalization,
    augmentations: config.augment.map((chosen) => made(pictureAugmentations, chosen)),
    params: objective.params,
    objective: (answers, target, { params }) => {
      const prediction = readGrid(answers);
      return {
        loss: objective.loss(prediction, target, params),
        measures: { boxOverlap: meanOverlap(prediction.boxes, target) },
      };
    },
  });
  const answer = compile(
    (variables: Tensors, params: Tensors, images: Tensor, target: GridTarget) => {
      const answers = model.infer(variables, inUnitRange(images));
      const loss = objective.loss(readGrid(answers), target, params);
      return { ...candidatesOf(answers), loss: loss.broadcastTo([images.shape[0]]) };
    },
    { name: 'detect', threads, argumentNames: ['variables', 'params', 'images', 'target'] },
  );
  const evaluate = async (state: TrainState): Promise<DetectionEvaluation> => {
    const variables = weightsOf(state);
    const { loss: params } = state.params as { readonly loss: Arrays };
    const { loss, ...candidates } = await overBatches(
      rowsInOrder(testColumns, batchSize),
      async ({ images, indices: _, ...target }) => answer(variables, params, images, target),
    );
    const found = detectionsOf(candidates);
    return { loss: meanOf(loss as NDArray), measures: detectionMeasures(found, objects), found };
  };
  return {
    schedule,
    steps,
    task: {
      init: model.init,
      batches: (key) => rowBatches(trainColumns, { batchSize, key }),
      step: model.step,
      evaluate,
    },
    exported: (state) => {
      const infer = (variables: Tensors, images: Tensor) => candidatesOf(model.infer(variables, images));
      return exportImages(infer, weightsOf(state), test.images, { name: 'detection' });
    },
    shown: async ({ evaluation }) => ({
      record: {
        classes: test.classes,
        sections: [{ heading: 'Scenes', body: boxPictures(test, evaluation.found) }],
      },
    }),
    subject: async (state) => {
      const { detectionSubject } = await import('./subject.js');
      const { found, measures } = await evaluate(state);
      return detectionSubject(model, state, {
        train: trainColumns,
        test,
        found,
        measured: measuredFacts(measures),
        objective,
        lossName: config.loss.name,
      });
    },
  };
}

/** The mean IoU of the boxes that are responsible for an object, 0 where none is. */
function meanOverlap(boxes: Tensor, { boxes: targets, responsible }: GridTarget): Tensor {
  const objects = responsible.cast(boxes.dtype).sum().maximum(1);
  return responsible.where(boxIou(boxes, targets), 0).sum().div(objects);
}
