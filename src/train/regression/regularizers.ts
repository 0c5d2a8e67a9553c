import { z } from 'zod';
import { pceKde, pceSort, quantilePceKde, spacingEntropy, truncatedCoverage } from '../../calibration/index.js';
import { adversarialPerturbation, gaussianMixtureCdf } from '../../losses/index.js';
import type { Tensor } from '../../tensor/index.js';
import { type Choice, choice } from '../choice.js';
import type { RowBatch } from './mixing.js';
import { levelsBeside, type RegressionObjective } from './objectives.js';

/** What a regulariser of a regression may look at. */
export interface RowRegularizerInput {
  /** The batch that the loss is of. */
  readonly batch: RowBatch;
  /** Of its rows, [n, outputs]. */
  readonly outputs: Tensor;
  /** Outputs of other rows, in training mode, with the same dropout masks. */
  readonly model: (x: Tensor) => Tensor;
  readonly objective: RegressionObjective;
}

/** A number that is added to the loss. */
export type RowRegularizer = (input: RowRegularizerInput) => Tensor;

const weight = z.number().min(0).optional();
const positive = z.number().positive().optional();
const whole = z.number().int().positive().optional();

/** Of the probability integral transforms of distributions. */
const ofTransforms =
  (name: string, penalty: (pits: Tensor) => Tensor): RowRegularizer =>
  ({ batch, outputs, objective }) => {
    const { mixture } = objective.forecast(outputs);
    if (!mixture)
      throw new TypeError(
        `train: regularizer ${name} is of distributions; losses that predict them are gaussianMixtureNegativeLogLikelihood and gaussianMixtureCrps`,
      );
    return penalty(gaussianMixtureCdf(mixture, batch.y));
  };

const ofQuantiles =
  (name: string, penalty: (quantiles: Tensor, targets: Tensor, levels: Tensor) => Tensor): RowRegularizer =>
  ({ batch, outputs, objective }) => {
    const { quantiles } = objective.forecast(outputs);
    if (!quantiles || !objective.levels)
      throw new TypeError(`train: regularizer ${name} is of quantiles; the loss that predicts them is quantileLoss`);
    return penalty(quantiles, batch.y, levelsBeside(objective.levels, quantiles));
  };

/** Regularisers of regressions by the names of their functions. Each takes its function's options, and a `weight` by which it is multiplied, 1 unless told. */
export const rowRegularizers: Readonly<Record<string, Choice<RowRegularizer>>> = {
  adversarialPerturbation: choice(
    {
      weight,
      radius: z.number().min(0),
      norm: z.union([z.literal(2), z.literal('Infinity')]).optional(),
    },
    ({ weight: w = 1, radius, norm }) =>
      ({ batch, model, objective }) => {
        const lossAt = (x: Tensor) => objective.loss(model(x), batch.y);
        const options = { radius, norm: norm === 'Infinity' ? Infinity : norm } as const;
        return lossAt(batch.x.add(adversarialPerturbation(lossAt, batch.x, options))).mul(w);
      },
  ),
  pceKde: choice({ weight, levels: whole, steepness: positive, power: positive }, ({ weight: w = 1, ...options }) =>
    ofTransforms('pceKde', (pits) => pceKde(pits, options).mul(w)),
  ),
  pceSort: choice({ weight, power: positive, strength: positive }, ({ weight: w = 1, ...options }) =>
    ofTransforms('pceSort', (pits) => pceSort(pits, options).mul(w)),
  ),
  quantilePceKde: choice({ weight, steepness: positive }, ({ weight: w = 1, ...options }) =>
    ofQuantiles('quantilePceKde', (q, y, levels) => quantilePceKde(q, y, levels, options).mul(w)),
  ),
  spacingEntropy: choice({ weight, spacing: whole }, ({ weight: w = 1, ...options }) =>
    ofTransforms('spacingEntropy', (pits) => spacingEntropy(pits, options).mul(w)),
  ),
  truncatedCoverage: choice({ weight }, ({ weight: w = 1 }) =>
    ofQuantiles('truncatedCoverage', (q, y, levels) => truncatedCoverage(q, y, levels).mul(w)),
  ),
};
