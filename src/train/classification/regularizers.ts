import { z } from 'zod';
import { largestShares, mixedLoss, mixup, mixupNdcg, mixupRankingLoss, mixupViews } from '../../augment/index.js';
import {
  aclsPenalty,
  adversarialPerturbation,
  conditionalEntropy,
  labelSmoothingPenalty,
  logitPenalty,
  maxSupPenalty,
  readTrajectory,
  trajectoryLoss,
  virtualAdversarialLoss,
  writeTrajectory,
} from '../../losses/index.js';
import { type Tensor, zerosArray } from '../../tensor/index.js';
import { domainRegularizers } from '../domains/regularizers.js';
import { overTargets } from '../options/augmentations.js';
import { type Choice, choice } from '../options/choice.js';
import { distillationRegularizers } from './distillation.js';
import { type ClassifierRegularizer, meanOfLabelled, plain } from './regularizer.js';

const weight = z.number().min(0).optional();
const factor = z.number().min(0).optional();
const radius = z.number().min(0);
const views = z.number().int().positive().optional();

/** A ranking of images and of mixtures of them. */
const ofViews = (
  options: { readonly alpha?: number | undefined; readonly views: number },
  ranking: (logits: Tensor, mixed: Tensor, shares: Tensor) => Tensor,
  weight: number,
) =>
  plain(({ batch, logits, model, key }) => {
    const { x, mixtures } = mixupViews(batch.images, key, options);
    const mixed = model(x).reshape([mixtures.length, ...logits.shape]);
    return overTargets(batch, (labels) => ranking(logits, mixed, largestShares(labels, mixtures))).mul(weight);
  });

/** Those of single examples, which keep nothing. */
export const exampleRegularizers: Readonly<Record<string, Choice<ClassifierRegularizer>>> = {
  aclsPenalty: choice(
    { weight, margin: factor, winnerWeight: factor, loserWeight: factor },
    ({ weight = 0.1, ...options }) => plain(({ logits }) => aclsPenalty(logits, options).mean().mul(weight)),
  ),
  adversarialPerturbation: choice(
    { weight, radius, norm: z.union([z.literal(2), z.literal('Infinity')]).optional() },
    ({ weight = 1, radius, norm }) =>
      plain(({ batch, model, loss }) => {
        const lossAt = (images: Tensor) => overTargets(batch, (labels) => loss(model(images), labels));
        const options = { radius, norm: norm === 'Infinity' ? Infinity : norm } as const;
        return lossAt(batch.images.add(adversarialPerturbation(lossAt, batch.images, options))).mul(weight);
      }),
  ),
  conditionalEntropy: choice({ weight }, ({ weight = 1 }) =>
    plain(({ logits }) => conditionalEntropy(logits).mul(weight)),
  ),
  labelSmoothingPenalty: choice({ weight }, ({ weight = 0.1 }) =>
    plain(({ batch, logits, ignoreIndex }) =>
      overTargets(batch, (labels) =>
        meanOfLabelled(labelSmoothingPenalty(logits, labels), logits, labels, ignoreIndex),
      ).mul(weight),
    ),
  ),
  logitPenalty: choice({ weight }, ({ weight = 2e-3 }) =>
    plain(({ logits }) => logitPenalty(logits).mean().mul(weight)),
  ),
  maxSupPenalty: choice({ weight }, ({ weight = 0.1 }) =>
    plain(({ logits }) => maxSupPenalty(logits).mean().mul(weight)),
  ),
  // RankMixup with either of its rankings, each with the number of mixtures that the authors take.
  mixupNdcg: choice({ weight, alpha: factor, views }, ({ weight = 0.1, views = 3, alpha }) =>
    ofViews({ alpha, views }, mixupNdcg, weight),
  ),
  mixupRankingLoss: choice(
    { weight, alpha: factor, views, margin: factor, space: z.enum(['logit', 'probability']).optional() },
    ({ weight = 0.1, views = 1, alpha, ...options }) =>
      ofViews({ alpha, views }, (logits, mixed, shares) => mixupRankingLoss(logits, mixed, shares, options), weight),
  ),
  regMixup: choice({ weight, alpha: factor }, ({ weight = 1, alpha = 20 }) =>
    plain(({ batch, model, loss, key }) => {
      const mixture = mixup(batch.images, key, { alpha });
      const logits = model(mixture.x);
      return overTargets(batch, (labels) => mixedLoss(mixture, labels, (y) => loss(logits, y))).mul(weight);
    }),
  ),
  virtualAdversarialLoss: choice(
    { weight, radius, powerIterations: z.number().int().positive().optional(), differenceStep: factor },
    ({ weight = 1, ...options }) =>
      plain(({ batch, model, key }) => virtualAdversarialLoss(model, batch.images, key, options).mul(weight)),
  ),
};

const whole = z.number().int().min(0).optional();

interface Span {
  /** How many epochs ago the outputs are from that are compared with. */
  readonly lag: number;
  /** The first epoch with a penalty. */
  readonly from: number;
}

/** The authors' lag of 3 epochs and start after that counted 5; in runs of fewer than 12 epochs from the middle on, with no more lag than that. */
export function trajectorySpan({ lag, start }: { lag?: number; start?: number }, epochs: number): Span {
  const middle = Math.min(6, Math.floor(epochs / 2));
  const chosenLag = lag ?? Math.max(1, Math.min(3, start ?? middle));
  return { lag: chosenLag, from: Math.max(start ?? middle, chosenLag) };
}

/** Those that remember the outputs of examples in earlier epochs. */
const ofTrajectories: Readonly<Record<string, Choice<ClassifierRegularizer>>> = {
  // SAF: before the first epoch of the span, and for examples that were not seen, there is no penalty.
  trajectoryLoss: choice(
    {
      weight,
      lag: z.number().int().positive().optional(),
      start: whole,
      temperature: z.number().positive().optional(),
    },
    ({ weight = 0.3, temperature, ...options }) => ({
      idle: (epochs) => {
        const { lag, from } = trajectorySpan(options, epochs);
        return from < epochs
          ? undefined
          : `compares with outputs of earlier epochs (lag ${lag}) from epoch ${from} on, counted from 0, which is never in a run of ${epochs}: train for ${from + 1} epochs or more${from > 1 ? ', or say which lag and start' : ''}`;
      },
      state: ({ examples, classes, epochs = Infinity }) => ({
        outputs: zerosArray([trajectorySpan(options, epochs).lag + 1, examples, classes]),
      }),
      penalty: ({ logits, indices, epoch, epochs, carried }) => {
        const { lag, from } = trajectorySpan(options, epochs);
        const store = carried.outputs as Tensor;
        const past = readTrajectory(store, epoch, indices, lag);
        const seen = past.abs().sum(1, { keepDims: true }).greater(0);
        const value = trajectoryLoss(logits, seen.where(past, logits.stopGradient()), { temperature });
        return {
          value: epoch.greaterEqual(from).where(value.mul(weight), 0),
          carried: { outputs: writeTrajectory(store, epoch, indices, logits) },
        };
      },
    }),
  ),
};

/** Regularisers of classifiers by the names of their functions. Each takes its function's options, and a `weight` by which it is multiplied. */
export const regularizers: Readonly<Record<string, Choice<ClassifierRegularizer>>> = {
  ...exampleRegularizers,
  ...ofTrajectories,
  ...distillationRegularizers,
  ...domainRegularizers,
};
