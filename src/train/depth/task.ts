import { type Columns, type DepthScenes, rowsAt, spheres } from '../../data/index.js';
import { alignScaleShift } from '../../losses/index.js';
import { absoluteRelativeError, deltaAccuracy, rootMeanSquaredError } from '../../metrics/index.js';
import { Context, unet } from '../../nn/index.js';
import { compile } from '../../runtime/index.js';
import { foldIn, type Key, key as makeKey } from '../../runtime/random/index.js';
import { concat, merge, type NDArray, type Tensor } from '../../tensor/index.js';
import { meanOf, overBatches, rowBatches, rowsInOrder } from '../batches.js';
import { scheduled } from '../build.js';
import { exportInference } from '../export.js';
import { pictureTable } from '../images/pictures.js';
import { firstOf, ofScenes, ownLoss } from '../inspection/subject.js';
import type { Measured } from '../loop.js';
import { measuredFacts } from '../measures.js';
import { type BatchAugmentation, imageAugmentations } from '../options/augmentations.js';
import { type Choice, made } from '../options/choice.js';
import { optimizerOf } from '../options/optimizers.js';
import type { TrainConfig } from '../settings.js';
import { type Examples, modelState, type Symbolic, type Tensors, type TrainState, trainStep } from '../step.js';
import type { Training, TrainingTask } from '../task.js';
import { type DepthInput, depthLosses, depthRange, depthRegularizers, predictedDepth } from './losses.js';
import { nearness } from './nearness.js';

/** Of the drawn scenes: data must not change with the seed of the training. */
const drawnData = makeKey(0);

/** Mean and deviation of the pixels of the training scenes. */
const normalization = { mean: 0.35, deviation: 0.15 } as const;

/** Added to the outputs: depths begin at 5 metres. */
const startingOutput = -1.7;

/** Scenes as they come to a model: images as bytes, those of the other cameras where they are needed. */
interface SceneColumns extends Columns {
  readonly images: NDArray<'uint8'>;
  readonly depths: NDArray<'float32'>;
}
type SceneExamples = SceneColumns & Examples;

interface Scenes {
  readonly images: Tensor;
  readonly depths: Tensor;
  readonly views?: { readonly left: Tensor; readonly right: Tensor };
}

/** What scenes can go through. */
const augmentations = Object.fromEntries(
  ['randomBrightness', 'randomContrast', 'randomHorizontalFlip'].map((name): [string, Choice<BatchAugmentation>] => [
    name,
    imageAugmentations[name],
  ]),
);

/** What moves things about in an image, and so their depths. */
const moving: readonly string[] = ['randomHorizontalFlip'];

/** How far away everything in an image is. */
export const depth: TrainingTask = {
  summary: 'how far away everything in an image is',
  data: ['spheres'],
  needs: 'depths',
  models: ['unet'],
  losses: depthLosses,
  loss: 'scaleInvariantLog',
  augmentations,
  regularizers: depthRegularizers,
  defaults: { optimizer: 'adam', weightDecay: 0, learningRate: 3e-3, epochs: 6 },
  prepare: async (config) => depthTraining(config),
};

function depthTraining(config: TrainConfig): Training<SceneExamples, Measured> {
  const { batchSize, augment, regularizer, threads, width, trainSize = 2000, testSize = 400 } = config;
  const objective = made(depthLosses, config.loss);
  const regularizers = regularizer.map((chosen) => made(depthRegularizers, chosen));
  const changes = augment.map((chosen) => ({ fn: made(augmentations, chosen), moves: moving.includes(chosen.name) }));
  const stereo = [objective, ...regularizers].some((part) => part.stereo);
  const mirrored = regularizers.some((part) => part.mirrored);
  if (stereo && changes.some(({ moves }) => moves))
    throw new RangeError(
      `train: randomHorizontalFlip would turn the cameras' order around; leave it out with ${config.loss.name}`,
    );
  const { schedule, steps } = scheduled(config, trainSize);
  const drawn = [trainSize, testSize].map((count, i) => spheres({ count, key: foldIn(drawnData, i) as Key, stereo }));
  const [train, test] = drawn.map(columnsOf);
  const parallax = drawn[0].focalLength * drawn[0].baseline;
  const model = unet({ outputs: 1, width, depth: 3 });
  const optimizer = optimizerOf(config, schedule);

  const apply = (variables: Tensors, images: Tensor, context: Context): Tensor =>
    model
      .apply(variables as never, images.sub(normalization.mean).div(normalization.deviation), context)
      .add(startingOutput);
  const inputOf = (variables: Tensors, scenes: Scenes, context: Context): DepthInput => {
    const { images, views } = scenes;
    if (!mirrored || !views)
      return { ...scenes, predicted: predictedDepth(apply(variables, images, context)), parallax };
    // Both pass as one batch, so that batch normalisation sees them together.
    const both = apply(variables, concat([images, views.right.flip(3)]), context);
    const [own, other] = both.split(2, 0).map(predictedDepth);
    return { ...scenes, predicted: own, mirrored: other, parallax };
  };
  const lossOf = (input: DepthInput): Tensor =>
    regularizers.reduce((sum, { penalty }) => sum.add(penalty(input)), objective.loss(input).mean());
  /** Depths as they are measured: under the scale and shift that suit them best where the loss says nothing of these. */
  const measuredDepth = ({ predicted, depths }: Pick<DepthInput, 'predicted' | 'depths'>): Tensor => {
    if (!objective.upToScale) return predicted.depth;
    return alignScaleShift(predicted.inverse, depths.reciprocal())
      .clip(1 / depthRange.farthest, 1 / depthRange.nearest)
      .reciprocal();
  };

  const step = trainStep<SceneExamples, Scenes>({
    threads,
    optimizer,
    prepare: (examples, key) => changed(changes, scenesOf(examples), key),
    objective: ({ params, buffers, batch, context }) => {
      const input = inputOf(merge(params, buffers), batch, context);
      const error = measuredDepth(input).sub(batch.depths).abs().div(batch.depths).mean();
      return { loss: lossOf(input), measures: { absoluteRelativeError: error } };
    },
  });
  const judge = compile(
    (variables: Tensors, examples: Symbolic<SceneColumns>) => {
      const input = inputOf(variables, scenesOf(examples), new Context());
      const n = input.images.shape[0];
      return { loss: lossOf(input).broadcastTo([n]), depths: measuredDepth(input) };
    },
    { threads, name: 'judge', argumentNames: ['variables', 'examples'] },
  );

  const judged = async ({ params, buffers }: TrainState) => {
    const answers = await overBatches(rowsInOrder(test, batchSize), ({ indices: _, ...examples }) =>
      judge(merge(params, buffers) as never, examples as never),
    );
    const { depths } = answers as unknown as { depths: NDArray<'float32'> };
    const measures = {
      absoluteRelativeError: absoluteRelativeError(depths, test.depths),
      depthError: rootMeanSquaredError(depths, test.depths),
      deltaAccuracy: deltaAccuracy(depths, test.depths),
    };
    return { loss: meanOf(answers.loss), measures, depths };
  };

  return {
    schedule,
    steps,
    task: {
      init: (key) => modelState(optimizer, model.init(key)),
      batches: (key) => rowBatches(train, { batchSize, key }),
      step,
      evaluate: async (state) => {
        const { loss, measures } = await judged(state);
        return { loss, measures };
      },
    },
    exported: ({ params, buffers }) =>
      exportInference(
        (variables, images) => {
          const { depth: metres, inverse } = predictedDepth(apply(variables, images, new Context()));
          return objective.upToScale ? inverse : metres;
        },
        merge(params, buffers),
        train.images,
        { name: 'depth', output: objective.upToScale ? 'inverseDepth' : 'depth' },
      ),
    shown: async ({ state: { params, buffers } }) => {
      const count = Math.min(10, test.images.shape[0]);
      const first = rowsAt(
        test,
        Array.from({ length: count }, (_, i) => i),
      );
      const { depths } = await judge(merge(params, buffers) as never, first as never);
      const columns = [
        { name: 'image', images: first.images },
        { name: 'predicted', images: nearness(depths as NDArray) },
        { name: 'true', images: nearness(first.depths) },
      ];
      const fitted = objective.upToScale
        ? ' Scale and shift of the inverse depths are fitted to each image, as the loss says nothing of them.'
        : '';
      const words = `Test scenes with predicted and true depths: nearer is brighter, white at 1.5 metres and black far away.${fitted}`;
      return { record: { sections: [{ heading: 'Depths', body: pictureTable(columns, words) }] } };
    },
    subject: async (state) => {
      const { depthErrors } = await import('./errors.js');
      const { depths, measures } = await judged(state);
      return {
        examples: firstOf(train),
        usual: ofScenes,
        params: state.params,
        rest: state.buffers,
        lossOf: (params, buffers, examples) => {
          const scenes = scenesOf(examples as unknown as Symbolic<SceneColumns>);
          return lossOf(inputOf(merge(params, buffers) as Tensors, scenes, new Context()));
        },
        found: {
          examples: 'scenes',
          ...ownLoss(config.loss.name),
          facts: measuredFacts(measures),
          sections: depthErrors({ images: test.images, depths: test.depths, predicted: depths }),
        },
      };
    },
  };
}

/** The arrays of scenes. */
function columnsOf({ images, depths, left, right }: DepthScenes): SceneColumns {
  return { images, depths, ...(left && right && { left, right }) };
}

const pixels = (bytes: Tensor): Tensor => bytes.cast('float32').div(255);

function scenesOf(columns: Symbolic<SceneColumns>): Scenes {
  const { images, depths, left, right } = columns as unknown as Readonly<Record<string, Tensor>>;
  return {
    images: pixels(images),
    depths,
    ...(left && right && { views: { left: pixels(left), right: pixels(right) } }),
  };
}

interface SceneChange {
  readonly fn: BatchAugmentation;
  /** Whether depths go through it too. */
  readonly moves: boolean;
}

/** Scenes after augmentations, which change everything of a scene in the same way, as the key says. */
function changed(steps: readonly SceneChange[], scenes: Scenes, key: Tensor): Scenes {
  return steps.reduce(({ images, depths, views }, { fn, moves }, i) => {
    const through = (x: Tensor) => fn({ images: x, targets: [] }, foldIn(key, i)).images;
    return {
      images: through(images),
      depths: moves ? through(depths) : depths,
      ...(views && { views: { left: through(views.left), right: through(views.right) } }),
    };
  }, scenes);
}
