import { z } from 'zod';
import { adversarialPerturbation, virtualAdversarialLoss } from '../../losses/index.js';
import type { Tensor } from '../../tensor/index.js';
import { type Choice, choice } from '../options/choice.js';

/** What a regulariser of a ranking may look at. */
export interface RankingRegularizerInput {
  /** Standardised features, [lists, items, columns]. */
  readonly features: Tensor;
  /** True for items that are there, [lists, items]. */
  readonly mask: Tensor;
  /** Scores [lists, items] of other features, in training, with the same dropout masks. */
  readonly scores: (features: Tensor) => Tensor;
  /** The loss of scores. */
  readonly loss: (scores: Tensor) => Tensor;
  readonly key: Tensor;
}

/** Something that is added to a loss of lists. */
export type RankingRegularizer = (input: RankingRegularizerInput) => Tensor;

const weight = z.number().min(0).optional();
const radius = z.number().min(0);

/** Stands for the score of an item that is not there. */
const lowest = -1e9;

/**
 * Regularisers of rankings by the names of their functions, each with a `weight`, 1 unless told. A `radius` is the length of what is added to all features of a
 * list together, in standard deviations of the training items. For `virtualAdversarialLoss` the softmax of a list's scores is what is predicted of it.
 */
export const rankingRegularizers: Readonly<Record<string, Choice<RankingRegularizer>>> = {
  adversarialPerturbation: choice(
    { weight, radius, norm: z.union([z.literal(2), z.literal('Infinity')]).optional() },
    ({ weight: w = 1, radius, norm }) =>
      ({ features, scores, loss }) => {
        const lossAt = (x: Tensor) => loss(scores(x));
        const options = { radius, norm: norm === 'Infinity' ? Infinity : norm } as const;
        return lossAt(features.add(adversarialPerturbation(lossAt, features, options))).mul(w);
      },
  ),
  virtualAdversarialLoss: choice(
    { weight, radius, powerIterations: z.number().int().positive().optional(), differenceStep: weight },
    ({ weight: w = 1, ...options }) =>
      ({ features, mask, scores, key }) => {
        const logits = (x: Tensor) => mask.where(scores(x), lowest);
        return virtualAdversarialLoss(logits, features, key, options).mul(w);
      },
  ),
};
