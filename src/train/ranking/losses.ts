import { z } from 'zod';
import { marginRanking, neuralNdcg, stochasticNeuralNdcg } from '../../losses/index.js';
import type { Tensor } from '../../tensor/index.js';
import { type Choice, choice } from '../options/choice.js';
import { regressionLosses } from '../regression/losses.js';

/** Lists of a batch as their loss sees them. */
export interface RankedBatch {
  /** Float [lists, items]. */
  readonly scores: Tensor;
  /** Grades, [lists, items]. */
  readonly relevance: Tensor;
  /** True for items that are there, [lists, items]; the rest is padding. Each list has an item. */
  readonly mask: Tensor;
  readonly key: Tensor;
}

/** From scores to one number that padding does not change. */
export type RankingLoss = (batch: RankedBatch) => Tensor;

const positive = z.number().positive().optional();
const ofSort = {
  temperature: positive,
  truncation: z.number().int().positive().optional(),
  gain: z.enum(['exponential', 'linear']).optional(),
  iterations: z.number().int().min(0).optional(),
};

/** Sum of `losses` over what `counts` says divided by how much that is; 0 where it is nothing. */
const meanOver = (losses: Tensor, counts: Tensor): Tensor => {
  const among = counts.cast(losses.dtype);
  return counts.where(losses, 0).sum().div(among.sum().maximum(1));
};

/** A loss of the errors of grades, over all items. */
const pointwise = ({ schema, make }: (typeof regressionLosses)[string]): Choice<RankingLoss> => ({
  schema,
  make: (options) => {
    const loss = make(options);
    return ({ scores, relevance, mask }) => {
      // Without errors in the padding: some losses look at the largest of all.
      const [s, y] = [mask.where(scores, 0), mask.where(relevance, 0)];
      return meanOver(loss(s, y, { reduction: 'none' }), mask);
    };
  },
});

/**
 * The losses that rankings can be trained with, by the names of their functions: of lists, of pairs within a list, and of the errors of single
 * grades. Each takes its function's options.
 */
export const rankingLosses: Readonly<Record<string, Choice<RankingLoss>>> = {
  ...Object.fromEntries(Object.entries(regressionLosses).map(([name, loss]) => [name, pointwise(loss)])),
  // Of all pairs within a list whose grades differ.
  marginRanking: choice({ margin: z.number().optional() }, (options) => ({ scores, relevance, mask }) => {
    const [shape, pairs] = [[...scores.shape, scores.shape[1]], (x: Tensor, axis: number) => x.expandDims(axis)];
    const [a, b] = [pairs(scores, 2).broadcastTo(shape), pairs(scores, 1).broadcastTo(shape)];
    const better = pairs(relevance, 2).greater(pairs(relevance, 1));
    const there = pairs(mask, 2).and(pairs(mask, 1)).and(better);
    return meanOver(marginRanking(a, b, a.onesLike(), { ...options, reduction: 'none' }), there);
  }),
  neuralNdcg: choice(
    ofSort,
    (options) =>
      ({ scores, relevance, mask }) =>
        neuralNdcg(scores, relevance, { ...options, mask }),
  ),
  stochasticNeuralNdcg: choice(
    {
      ...ofSort,
      samples: z.number().int().positive().optional(),
      noise: positive,
      logScores: z.boolean().optional(),
    },
    (options) =>
      ({ scores, relevance, mask, key }) => {
        // The least score of the batch is looked at: it must not be that of padding.
        const padded = mask.where(scores, scores.slice([null, [0, 1]]));
        return stochasticNeuralNdcg(padded, relevance, key, { ...options, mask });
      },
  ),
};
