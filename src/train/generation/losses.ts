import { z } from 'zod';
import {
  discriminatorLoss,
  expectedLossVae,
  gaussianKl,
  generatorLoss,
  gradientPenalty,
  minimaxGeneratorLoss,
  wassersteinCriticLoss,
} from '../../losses/index.js';
import type { Tensor } from '../../tensor/index.js';
import { type ImageLoss, imageLosses } from '../images/losses.js';
import { type Choice, choice, chosenFrom, made } from '../options/choice.js';
import type { TrainSettings } from '../settings.js';

/** What a variational autoencoder is trained on. */
export interface VariationalObjective {
  readonly kind: 'variational';
  /** How unlike an image and its reconstruction are. */
  readonly reconstruction: ImageLoss;
  /**
   * The objective of each image, [n].
   *
   * @param reconstruction of each image, [n]; `mean` and `logVariance` of its code, [n, latent]; `pixels` of an image, all channels counted.
   */
  loss(reconstruction: Tensor, mean: Tensor, logVariance: Tensor, pixels: number): Tensor;
}

/** What a generator and a discriminator are trained on, from the discriminator's outputs, [n, 1]. */
export interface AdversarialObjective {
  readonly kind: 'adversarial';
  /** Of the discriminator's loss. */
  readonly name: 'discriminatorLoss' | 'wassersteinCriticLoss';
  /** How often the discriminator moves before the generator does. */
  readonly discriminatorSteps: number;
  /** Whether it tells nothing unless the discriminator's slope is held. */
  readonly needsBoundedSlope?: boolean;
  discriminator(real: Tensor, fake: Tensor): Tensor;
  generator(fake: Tensor): Tensor;
}

/** What a restricted Boltzmann machine is trained on: the divergence of data from samples some steps of a chain away. */
export interface EnergyObjective {
  readonly kind: 'energy';
  /** Steps of Gibbs sampling from the data. */
  readonly chainSteps: number;
}

/** What a normalising flow is trained on: the likelihood of images. */
export interface LikelihoodObjective {
  readonly kind: 'likelihood';
}

export type GenerationObjective = VariationalObjective | AdversarialObjective | EnergyObjective | LikelihoodObjective;

/** What is added to a discriminator's loss, of its scores as a function of images. */
export type DiscriminatorRegularizer = (
  discriminator: (images: Tensor) => Tensor,
  real: Tensor,
  fake: Tensor,
  key: Tensor,
) => Tensor;

const factor = z.number().min(0).optional();
const reconstruction = chosenFrom('reconstruction', imageLosses).prefault('binaryCrossEntropyWithLogits');

const turns = { discriminatorSteps: z.number().int().positive().optional() };

const against = (generator: AdversarialObjective['generator'], discriminatorSteps = 1): AdversarialObjective => ({
  kind: 'adversarial',
  name: 'discriminatorLoss',
  discriminator: discriminatorLoss,
  generator,
  discriminatorSteps,
});

/**
 * The losses that models which generate images can be trained with, by the names of their functions.
 *
 * `gaussianKl` is a variational autoencoder with the negative evidence lower bound in nats: the reconstruction loss summed over pixels, by default the
 * Bernoulli likelihood's, plus `weight` times the KL divergence (Kingma and Welling 2014; Higgins et al. 2017 take more than 1). `expectedLossVae` is
 * that of Snell et al. 2017, with any loss of images. The others are of a generator and a discriminator: `generatorLoss` and `minimaxGeneratorLoss`
 * with `discriminatorLoss`, and the Wasserstein critic, which needs `gradientPenalty`. The discriminator moves `discriminatorSteps` times, each with a
 * part of the batch, before the generator does: once, the critic four times. `contrastiveDivergence` trains a restricted Boltzmann machine, with samples
 * `steps` of a chain away from the data; `flowNegativeLogLikelihood` a normalising flow.
 */
export const generationLosses: Readonly<Record<string, Choice<GenerationObjective>>> = {
  contrastiveDivergence: choice({ steps: z.number().int().positive().optional() }, ({ steps = 1 }) => ({
    kind: 'energy',
    chainSteps: steps,
  })),
  discriminatorLoss: choice(
    { ...turns, generator: z.enum(['generatorLoss', 'minimaxGeneratorLoss']).optional() },
    ({ generator, discriminatorSteps }) =>
      against(
        generator === 'minimaxGeneratorLoss' ? (fake) => minimaxGeneratorLoss(fake) : (fake) => generatorLoss(fake),
        discriminatorSteps,
      ),
  ),
  expectedLossVae: choice({ beta: factor, reconstruction }, ({ reconstruction: chosen, ...options }) => ({
    kind: 'variational',
    reconstruction: made(imageLosses, chosen),
    loss: (r, mean, logVariance) => expectedLossVae(r, mean, logVariance, { ...options, reduction: 'none' }),
  })),
  flowNegativeLogLikelihood: choice({}, () => ({ kind: 'likelihood' })),
  gaussianKl: choice({ weight: factor, reconstruction }, ({ weight = 1, reconstruction: chosen }) => ({
    kind: 'variational',
    reconstruction: made(imageLosses, chosen),
    loss: (r, mean, logVariance, pixels) =>
      r.mul(pixels).add(gaussianKl(mean, logVariance, { reduction: 'none' }).mul(weight)),
  })),
  generatorLoss: choice(turns, ({ discriminatorSteps }) => against((fake) => generatorLoss(fake), discriminatorSteps)),
  minimaxGeneratorLoss: choice(turns, ({ discriminatorSteps }) =>
    against((fake) => minimaxGeneratorLoss(fake), discriminatorSteps),
  ),
  wassersteinCriticLoss: choice(turns, ({ discriminatorSteps = 4 }) => ({
    kind: 'adversarial',
    name: 'wassersteinCriticLoss',
    discriminator: wassersteinCriticLoss,
    generator: (fake) => fake.mean().neg(),
    discriminatorSteps,
    needsBoundedSlope: true,
  })),
};

const againstFakes: TrainSettings = { optimizer: 'adam:beta1=0.5', learningRate: 1e-3, schedule: 'constant' };

/**
 * What is set with a loss unless told: its model where it has one of its own, and how fast it is trained. A generator and a discriminator follow each other's
 * last steps alone, as Radford et al. 2016 have it.
 */
export const generationDefaults: Readonly<Record<string, TrainSettings>> = {
  contrastiveDivergence: { model: 'boltzmann', learningRate: 0.02 },
  discriminatorLoss: againstFakes,
  flowNegativeLogLikelihood: { model: 'flow' },
  generatorLoss: againstFakes,
  minimaxGeneratorLoss: againstFakes,
  wassersteinCriticLoss: againstFakes,
};

/** What can be added to the loss of a discriminator, by the name of its function. */
export const discriminatorRegularizers: Readonly<Record<string, Choice<DiscriminatorRegularizer>>> = {
  gradientPenalty: choice(
    { weight: factor },
    (options) => (discriminator, real, fake, key) => gradientPenalty(discriminator, real, fake, key, options),
  ),
};
