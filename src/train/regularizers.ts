import { z } from 'zod';
import { mixedLoss, mixup } from '../augment/index.js';
import {
  aclsPenalty,
  adversarialPerturbation,
  conditionalEntropy,
  labelSmoothingPenalty,
  logitPenalty,
  maxSupPenalty,
  virtualAdversarialLoss,
} from '../losses/index.js';
import type { Tensor } from '../tensor/index.js';
import { type AugmentedBatch, overTargets } from './augmentations.js';
import { type Choice, choice } from './choice.js';
import type { ClassifierLoss } from './losses.js';

/** What a regulariser of a classifier may look at. */
export interface RegularizerInput {
  /** The batch that the loss is of. */
  readonly batch: AugmentedBatch;
  /** Of its images, [n, classes]. */
  readonly logits: Tensor;
  /** Logits of other images, in training mode, with the same dropout masks; updates of running statistics are not kept. */
  readonly model: (images: Tensor) => Tensor;
  /** The loss that is trained on. */
  readonly loss: ClassifierLoss;
  readonly key: Tensor;
}

/** A number that is added to the loss. */
export type ClassifierRegularizer = (input: RegularizerInput) => Tensor;

const weight = z.number().min(0).optional();
const factor = z.number().min(0).optional();
const radius = z.number().min(0);

/** Regularisers of classifiers by the names of their functions. Each takes its function's options, and a `weight` by which it is multiplied. */
export const regularizers: Readonly<Record<string, Choice<ClassifierRegularizer>>> = {
  aclsPenalty: choice(
    { weight, margin: factor, winnerWeight: factor, loserWeight: factor },
    ({ weight = 0.1, ...options }) =>
      ({ logits }) =>
        aclsPenalty(logits, options).mean().mul(weight),
  ),
  adversarialPerturbation: choice(
    { weight, radius, norm: z.union([z.literal(2), z.literal('Infinity')]).optional() },
    ({ weight = 1, radius, norm }) =>
      ({ batch, model, loss }) => {
        const lossAt = (images: Tensor) => overTargets(batch, (labels) => loss(model(images), labels));
        const options = { radius, norm: norm === 'Infinity' ? Infinity : norm } as const;
        return lossAt(batch.images.add(adversarialPerturbation(lossAt, batch.images, options))).mul(weight);
      },
  ),
  conditionalEntropy: choice(
    { weight },
    ({ weight = 1 }) =>
      ({ logits }) =>
        conditionalEntropy(logits).mul(weight),
  ),
  labelSmoothingPenalty: choice(
    { weight },
    ({ weight = 0.1 }) =>
      ({ batch, logits }) =>
        overTargets(batch, (labels) => labelSmoothingPenalty(logits, labels).mean()).mul(weight),
  ),
  logitPenalty: choice(
    { weight },
    ({ weight = 2e-3 }) =>
      ({ logits }) =>
        logitPenalty(logits).mean().mul(weight),
  ),
  maxSupPenalty: choice(
    { weight },
    ({ weight = 0.1 }) =>
      ({ logits }) =>
        maxSupPenalty(logits).mean().mul(weight),
  ),
  regMixup: choice({ weight, alpha: factor }, ({ weight = 1, alpha = 20 }) => ({ batch, model, loss, key }) => {
    const mixture = mixup(batch.images, key, { alpha });
    const logits = model(mixture.x);
    return overTargets(batch, (labels) => mixedLoss(mixture, labels, (y) => loss(logits, y))).mul(weight);
  }),
  virtualAdversarialLoss: choice(
    { weight, radius, powerIterations: z.number().int().positive().optional(), differenceStep: factor },
    ({ weight = 1, ...options }) =>
      ({ batch, model, key }) =>
        virtualAdversarialLoss(model, batch.images, key, options).mul(weight),
  ),
};
