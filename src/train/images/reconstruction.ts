import { type Columns, type Images, rowsAt } from '../../data/index.js';
import { ssim } from '../../losses/index.js';
import { Context } from '../../nn/index.js';
import { compile } from '../../runtime/index.js';
import { foldIn, type Key, key as makeKey, normal } from '../../runtime/random/index.js';
import { concat, constant, merge, type Tensor } from '../../tensor/index.js';
import { meanOf, overBatches, rowBatches, rowsInOrder } from '../batches.js';
import { imageData, type PreparedData, prepareData } from '../build.js';
import { exportInference } from '../export.js';
import { firstOf, ofImages, ownLoss } from '../inspection/subject.js';
import type { Measured } from '../loop.js';
import { measuredFacts } from '../measures.js';
import { type BatchAugmentation, imageAugmentations } from '../options/augmentations.js';
import { type Choice, made } from '../options/choice.js';
import { optimizerOf } from '../options/optimizers.js';
import type { TrainConfig } from '../settings.js';
import {
  type Arrays,
  type Examples,
  modelState,
  type Symbolic,
  type Tensors,
  type TrainState,
  trainStep,
} from '../step.js';
import type { Training, TrainingTask } from '../task.js';
import { type Degradation, degradations, transmissions } from './degradations.js';
import { type Drawn, imageLosses } from './losses.js';
import { imageToImageModels } from './models.js';
import { bytesOf, pictureTable } from './pictures.js';

/** Images as they are, and as the model is given them where something happened to them once and for all; bytes. */
interface Restored extends Columns {
  readonly images: Images;
  readonly inputs: Images;
}
type RestoredExamples = Restored & Examples;

/** What a model is given, and what it should make of it: [n, channels, height, width] in [0, 1]. */
interface ImagePair {
  readonly inputs: Tensor;
  readonly targets: Tensor;
}

/** What changes inputs and targets alike. */
const alike = Object.fromEntries(
  ['randomAffine', 'randomBrightness', 'randomCrop', 'randomHorizontalFlip'].map(
    (name): [string, Choice<BatchAugmentation>] => [name, imageAugmentations[name]],
  ),
);

/** Images from images: as they were before something happened to them, or through a code. */
export const reconstruction: TrainingTask = {
  summary: 'images from the same images, through a code or after something happened to them',
  data: imageData,
  models: Object.keys(imageToImageModels),
  losses: imageLosses,
  loss: 'meanSquaredError',
  augmentations: alike,
  regularizers: {},
  degradations,
  transmissions,
  settings: ['degrade', 'noise', 'transmit', 'latent'],
  defaults: { optimizer: 'adam', weightDecay: 0, learningRate: 3e-3, epochs: 6 },
  prepare: async (config, { onDownload }) => reconstructionTraining(config, await prepareData(config, onDownload)),
};

function reconstructionTraining(config: TrainConfig, prepared: PreparedData): Training<RestoredExamples, Measured> {
  const { normalization, schedule, steps } = prepared;
  const { batchSize, augment, degrade = [], transmit = [], noise = 0, threads } = config;
  const model = imageToImageModels[config.model](prepared.train.images.shape, config);
  const optimizer = optimizerOf(config, schedule);
  const loss = made(imageLosses, config.loss);
  const augmentations = augment.map((chosen) => made(alike, chosen));
  const steppedThrough = degrade.map((chosen) => made(degradations, chosen));
  const sent = transmit.map((chosen) => made(transmissions, chosen));
  const [train, test] = [prepared.train.images, prepared.test.images].map((images, i): Restored => {
    const inputs = degradedOnce(steppedThrough, images, foldIn(makeKey(config.seed), i) as Key);
    return { images, inputs };
  });

  const drawnFor = (pair: ImagePair, key: Tensor): ImagePair => {
    const drawn = steppedThrough.flatMap((step) => ('drawn' in step ? [step.drawn] : []));
    const seen = drawn.reduce((x, step, i) => step(x, foldIn(key, i)), pair.inputs);
    if (noise === 0) return { ...pair, inputs: seen };
    return { ...pair, inputs: seen.add(normal(foldIn(key, -1), seen.shape, { deviation: noise })) };
  };
  const apply = (variables: Tensors, inputs: Tensor, context: Context): Drawn => {
    const seen = inputs.sub(normalization.mean).div(normalization.deviation);
    // Images begin with the mean brightness of the training set.
    const logits = model.apply(variables as never, seen, context).add(logitOf(normalization.mean));
    return { logits, images: logits.sigmoid() };
  };
  const arrived = (drawn: Drawn): Drawn => {
    if (sent.length === 0) return drawn;
    const images = sent.reduce((x, step) => step(x), drawn.images);
    const inside = images.clip(1e-4, 1 - 1e-4);
    return { images, logits: inside.log().sub(inside.neg().log1p()) };
  };

  const step = trainStep<RestoredExamples, ImagePair>({
    threads,
    optimizer,
    prepare: (examples, key) => drawnFor(changedAlike(augmentations, pairOf(examples), foldIn(key, 0)), foldIn(key, 1)),
    objective: ({ params, buffers, batch: { inputs, targets }, context }) => {
      const drawn = apply(merge(params, buffers), inputs, context);
      const error = drawn.images.sub(targets).square().mean();
      return { loss: loss(arrived(drawn), targets).mean(), measures: { psnr: decibels(error) } };
    },
  });
  const judge = compile(
    (variables: Tensors, examples: Symbolic<Restored>, key: Tensor) => {
      const { inputs, targets } = drawnFor(pairOf(examples), key);
      const drawn = apply(variables, inputs, new Context());
      const error = (images: Tensor) => images.sub(targets).square().flatten(1).mean(-1);
      return {
        loss: loss(arrived(drawn), targets),
        error: error(drawn.images),
        given: error(inputs),
        similarity: ssim(drawn.images, targets),
      };
    },
    { threads, name: 'judge', argumentNames: ['variables', 'examples', 'key'] },
  );
  const judged = (variables: Arrays) =>
    overBatches(rowsInOrder(test, batchSize), ({ indices, ...examples }) =>
      judge(variables as never, examples as never, testKey(Number(indices.data[0]))),
    );
  const changed = degrade.length > 0 || noise > 0;
  const evaluate = async ({ params, buffers }: TrainState) => {
    const answers = await judged(merge(params, buffers));
    const meanSquaredError = meanOf(answers.error);
    const measures = { psnr: -10 * Math.log10(meanSquaredError), ssim: meanOf(answers.similarity), meanSquaredError };
    return { loss: meanOf(answers.loss), measures, answers };
  };
  /** Some images of the test set as the model is given them, as it makes them and as they were; inputs only where they differ. */
  const lookedAt = async ({ params, buffers }: TrainState, places: readonly number[]) => {
    const look = compile((v: Tensors, examples: Symbolic<Restored>, key: Tensor) => {
      const { inputs, targets } = drawnFor(pairOf(examples), key);
      return { inputs, targets, outputs: apply(v, inputs, new Context()).images };
    });
    const seen = await look(merge(params, buffers) as never, rowsAt(test, places) as never, testKey(0));
    await look.release();
    return [
      ...(changed ? [{ name: 'input', images: bytesOf(seen.inputs) }] : []),
      { name: 'output', images: bytesOf(seen.outputs) },
      { name: 'target', images: bytesOf(seen.targets) },
    ];
  };

  return {
    schedule,
    steps,
    task: {
      init: (key) => modelState(optimizer, model.init(key)),
      batches: (key) => rowBatches(train, { batchSize, key }),
      step,
      evaluate: async (state) => {
        const { loss: testLoss, measures } = await evaluate(state);
        return { loss: testLoss, measures };
      },
    },
    exported: ({ params, buffers }) =>
      exportInference(
        (variables, images) => apply(variables, images, new Context()).images,
        merge(params, buffers),
        train.images,
        { name: 'reconstruction', output: 'reconstructed' },
      ),
    shown: async ({ state }) => {
      const columns = await lookedAt(state, [...Array(Math.min(10, test.images.shape[0])).keys()]);
      const given = -10 * Math.log10(meanOf((await judged(merge(state.params, state.buffers))).given));
      const words = changed
        ? `Test images as the model is given them, as it restores them, and as they were. The inputs have a peak signal-to-noise ratio of ${given.toFixed(2)} dB.`
        : 'Test images, and what the model makes of them.';
      return { record: { sections: [{ heading: 'Images', body: pictureTable(columns, words) }] } };
    },
    subject: async (state) => {
      const { qualitySections } = await import('./quality.js');
      const { measures, answers } = await evaluate(state);
      const errors = { outputs: answers.error, ...(changed && { inputs: answers.given }) };
      return {
        examples: firstOf(train),
        usual: ofImages,
        params: state.params,
        rest: state.buffers,
        lossOf: (params, buffers, examples) => {
          const pair = drawnFor(pairOf(examples as unknown as Symbolic<Restored>), constant(testKey(0)));
          return loss(
            arrived(apply(merge(params, buffers) as Tensors, pair.inputs, new Context())),
            pair.targets,
          ).mean();
        },
        found: {
          ...ownLoss(config.loss.name),
          facts: measuredFacts(measures),
          sections: await qualitySections(errors, (places) => lookedAt(state, places)),
        },
      };
    },
  };
}

/** Of what is drawn for a batch of the test set that begins at an image: always the same. */
const testKey = (first: number): Key => foldIn(makeKey(0), first) as Key;

const logitOf = (share: number): number => Math.log(share / (1 - share));

const decibels = (error: Tensor): Tensor => error.log().mul(-10 / Math.LN10);

const pairOf = ({ images, inputs }: Symbolic<Restored>): ImagePair => {
  const [targets, seen] = [images, inputs].map((bytes) => bytes.cast('float32').div(255));
  return { inputs: seen, targets };
};

function degradedOnce(steps: readonly Degradation[], images: Images, key: Key): Images {
  return steps.reduce((x, step, i) => ('once' in step ? step.once(x, foldIn(key, i) as Key) : x), images);
}

/** Both after the same augmentations, which see them as one image of twice as many channels. */
function changedAlike(steps: readonly BatchAugmentation[], { inputs, targets }: ImagePair, key: Tensor): ImagePair {
  if (steps.length === 0) return { inputs, targets };
  const both = { images: concat([inputs, targets], 1), targets: [] };
  const { images } = steps.reduce((x, step, i) => step(x, foldIn(key, i)), both as Parameters<BatchAugmentation>[0]);
  const [seen, wanted] = images.split(2, 1);
  return { inputs: seen, targets: wanted };
}
