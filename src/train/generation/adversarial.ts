import { Context, isBuffer } from '../../nn/index.js';
import { compile } from '../../runtime/index.js';
import { foldIn, type Key, key as makeKey, normal, split } from '../../runtime/random/index.js';
import { item, merge, partition, type Tensor } from '../../tensor/index.js';
import { meanOf, overBatches, rowsInOrder } from '../batches.js';
import { type PreparedData, scheduleOf } from '../build.js';
import { made } from '../options/choice.js';
import { optimizerOf } from '../options/optimizers.js';
import type { TrainConfig } from '../settings.js';
import type { Arrays, Symbolic, Tensors, TrainState } from '../step.js';
import {
  type GeneratorRun,
  generatorOf,
  type ImageColumns,
  type ImagesOnly,
  ofNormalCodes,
  pixelsOf,
} from './generator.js';
import { type AdversarialObjective, discriminatorRegularizers } from './losses.js';
import { codeModels } from './models.js';

/** Of the generator and of the discriminator. */
interface Two<T> {
  readonly generator: T;
  readonly discriminator: T;
}

/**
 * A generator and a discriminator in turn: at each step the discriminator moves, `discriminatorSteps` times, each with a part of the batch and as many
 * fakes, then the generator against the discriminator as it is then. Goodfellow et al. 2014, algorithm 1.
 */
export function adversarialRun(
  config: TrainConfig,
  { train, test, normalization, schedule, steps }: PreparedData,
  objective: AdversarialObjective,
  change: (images: Tensor, key: Tensor) => Tensor,
): GeneratorRun {
  const { latent = 16, batchSize, regularizer, threads } = config;
  const turns = objective.discriminatorSteps;
  if (batchSize % turns !== 0)
    throw new RangeError(
      `train: batchSize ${batchSize} must be a multiple of ${turns}, for as many steps of the discriminator`,
    );
  if (objective.needsBoundedSlope && regularizer.length === 0)
    throw new RangeError(
      `train: ${config.loss.name} tells nothing of a critic whose slope has no bound; add regularizer gradientPenalty`,
    );
  const { shape } = train.images;
  const models = codeModels[config.model];
  const [decoder, discriminator] = [models.decoder(shape, config, latent), models.discriminator(shape, config)];
  const penalties = regularizer.map((chosen) => made(discriminatorRegularizers, chosen));
  const optimizers = {
    generator: optimizerOf(config, schedule),
    discriminator: optimizerOf(config, scheduleOf(config, steps * turns)),
  };
  const generator = generatorOf(decoder, { latent, normalization, threads });
  const columns: ImageColumns = { images: test.images };
  const judged = (variables: Tensors, images: Tensor): Tensor =>
    discriminator.apply(variables as never, images.sub(normalization.mean).div(normalization.deviation), new Context());
  const againstFakes = (variables: Tensors, real: Tensor, fake: Tensor, key: Tensor): Tensor =>
    penalties.reduce(
      (sum, penalty, i) => sum.add(penalty((x) => judged(variables, x), real, fake, foldIn(key, i))),
      objective.discriminator(judged(variables, real), judged(variables, fake)),
    );

  const move = compile(
    (given: Symbolic<TrainState>, examples: Symbolic<ImagesOnly>, key: Tensor) => {
      const params = given.params as unknown as Two<Tensors>;
      const moments = given.optimizer as unknown as Two<Tensors>;
      const { buffers } = given;
      const n = batchSize / turns;
      const fakes = (weights: Tensors, context: Context, key: Tensor) =>
        generator.decode(merge(weights, buffers), normal(key, [n, latent]), context).images;
      let critic = { params: params.discriminator, state: moments.discriminator };
      const losses = change(pixelsOf(examples), foldIn(key, -1))
        .split(turns, 0)
        .map((real, turn) => {
          const turnKey = foldIn(key, turn);
          const fake = fakes(params.generator, new Context({ training: true }), turnKey).stopGradient();
          const next = optimizers.discriminator.step(
            (weights: Tensors) => [againstFakes(weights, real, fake, turnKey)] as const,
            critic.params,
            critic.state,
          );
          critic = { params: next.params, state: next.state as Tensors };
          return next.value[0];
        });
      const next = optimizers.generator.step(
        (weights: Tensors) => {
          const context = new Context({ training: true });
          const scores = judged(critic.params, fakes(weights, context, foldIn(key, turns)));
          return [objective.generator(scores), context.updated(buffers)] as const;
        },
        params.generator,
        moments.generator,
      );
      const [generatorLoss, updated] = next.value;
      return {
        state: {
          params: { generator: next.params, discriminator: critic.params },
          buffers: updated,
          optimizer: { generator: next.state as Tensors, discriminator: critic.state },
          carried: given.carried,
        } as unknown as Symbolic<TrainState>,
        loss: losses.reduce((a, b) => a.add(b)).div(turns),
        generatorLoss,
      };
    },
    { threads, name: 'adversarialStep', donate: [0], argumentNames: ['state', 'examples', 'key'] },
  );
  const judge = compile(
    (weights: Two<Tensors>, images: Tensor, key: Tensor) => {
      const codes = normal(key, [images.shape[0], latent]);
      const fake = generator.decode(weights.generator, codes, new Context()).images;
      const [real, made] = [pixelsOf({ images }), fake].map((x) => judged(weights.discriminator, x));
      return { loss: objective.discriminator(real, made).broadcastTo([images.shape[0]]) };
    },
    { threads, name: 'judge', argumentNames: ['weights', 'images', 'key'] },
  );
  const generatorWeights = ({ params, buffers }: TrainState): Arrays =>
    merge((params as unknown as Two<Arrays>).generator, buffers);

  return {
    schedule,
    steps,
    how: ofNormalCodes,
    samples: (state, count) => generator.samples(generatorWeights(state), count),
    exported: (state) => generator.exported(generatorWeights(state)),
    subject: async () => {
      throw new Error(
        `inspect: ${config.loss.name} trains two networks in turn, and each moves the loss of the other: there is no one loss around the weights to look at; look at the samples in the report`,
      );
    },
    init: (key) => {
      const [first, second] = split(key);
      const [buffers, weights] = partition(decoder.init(first), (path) => isBuffer(path));
      const critic = discriminator.init(second);
      return {
        params: { generator: weights, discriminator: critic } as unknown as Arrays,
        buffers,
        optimizer: {
          generator: optimizers.generator.init(weights) as Arrays,
          discriminator: optimizers.discriminator.init(critic) as Arrays,
        },
        carried: {},
      };
    },
    step: async (state, examples, { key }) => {
      const result = await move(state as never, examples as never, key);
      return {
        state: result.state as unknown as TrainState,
        samples: batchSize,
        loss: item(result.loss as never),
        measures: { generatorLoss: item(result.generatorLoss as never) },
      };
    },
    evaluate: async (state) => {
      const weights = {
        generator: generatorWeights(state),
        discriminator: (state.params as unknown as Two<Arrays>).discriminator,
      };
      const { loss } = await overBatches(rowsInOrder(columns, batchSize), ({ images, indices }) =>
        judge(weights as never, images, foldIn(makeKey(1), Number(indices.data[0])) as Key),
      );
      return { loss: meanOf(loss), measures: {} };
    },
  };
}
