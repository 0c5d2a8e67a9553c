import { z } from 'zod';
import { thresholdConsistentMargin } from '../../losses/index.js';
import type { Tensor } from '../../tensor/index.js';
import { type Choice, choice } from '../options/choice.js';

/** A number that is added to a loss of embeddings [n, d] with their labels [n], of all views. */
export type EmbeddingRegularizer = (embeddings: Tensor, labels: Tensor) => Tensor;

const factor = z.number().min(0).optional();
const cosine = z.number().min(-1).max(1).optional();

/** Regularisers of embeddings by the names of their functions. Each takes its function's options, and a `weight` by which it is multiplied, 1 unless told. */
export const embeddingRegularizers: Readonly<Record<string, Choice<EmbeddingRegularizer>>> = {
  thresholdConsistentMargin: choice(
    {
      weight: factor,
      positiveMargin: cosine,
      negativeMargin: cosine,
      positiveWeight: factor,
      negativeWeight: factor,
    },
    ({ weight = 1, ...options }) =>
      (x, y) =>
        thresholdConsistentMargin(x, y, options).mul(weight),
  ),
};
