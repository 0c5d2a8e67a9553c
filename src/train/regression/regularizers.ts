import { z } from 'zod';
import { pceKde, pceSort, quantilePceKde, spacingEntropy, truncatedCoverage } from '../../calibration/index.js';
import { adversarialPerturbation, type GaussianMixture, gaussianMixtureCdf } from '../../losses/index.js';
import type { Tensor } from '../../tensor/index.js';
import { type Choice, type Chosen, choice } from '../options/choice.js';
import type { RowBatch } from './mixing.js';
import { levelsBeside, type RegressionObjective, regressionObjectives } from './objectives.js';

/** What a regulariser of a regression may look at. */
export interface RowRegularizerInput {
  /** The batch that the loss is of. */
  readonly batch: RowBatch;
  /** Of its rows, [n, outputs]. */
  readonly outputs: Tensor;
  /** Outputs of other rows, in training mode, with the same dropout masks. */
  readonly model: (x: Tensor) => Tensor;
  readonly objective: RegressionObjective;
  readonly key: Tensor;
}

/** A number that is added to the loss. */
export interface RowRegularizer {
  /** What the loss must predict. Default: anything. */
  readonly of?: RegressionObjective['predicts'];
  value(input: RowRegularizerInput): Tensor;
}

const weight = z.number().min(0).optional();
const positive = z.number().positive().optional();
const whole = z.number().int().positive().optional();

/** Of the probability integral transforms of distributions. */
const ofTransforms = (penalty: (pits: Tensor) => Tensor): RowRegularizer => ({
  of: 'distributions',
  value: ({ batch, outputs, objective }) => {
    const { mixture } = objective.forecast(outputs);
    return penalty(gaussianMixtureCdf(mixture as GaussianMixture, batch.y));
  },
});

const ofQuantiles = (penalty: (quantiles: Tensor, targets: Tensor, levels: Tensor) => Tensor): RowRegularizer => ({
  of: 'quantiles',
  value: ({ batch, outputs, objective }) =>
    penalty(outputs, batch.y, levelsBeside(objective.levels as readonly number[], outputs)),
});

/** Regularisers of regressions by the names of their functions. Each takes its function's options, and a `weight` by which it is multiplied, 1 unless told. */
export const rowRegularizers: Readonly<Record<string, Choice<RowRegularizer>>> = {
  adversarialPerturbation: choice(
    {
      weight,
      radius: z.number().min(0),
      norm: z.union([z.literal(2), z.literal('Infinity')]).optional(),
    },
    ({ weight: w = 1, radius, norm }) => ({
      value: ({ batch, model, objective }) => {
        const lossAt = (x: Tensor) => objective.loss(model(x), batch.y);
        const options = { radius, norm: norm === 'Infinity' ? Infinity : norm } as const;
        return lossAt(batch.x.add(adversarialPerturbation(lossAt, batch.x, options))).mul(w);
      },
    }),
  ),
  pceKde: choice({ weight, levels: whole, steepness: positive, power: positive }, ({ weight: w = 1, ...options }) =>
    ofTransforms((pits) => pceKde(pits, options).mul(w)),
  ),
  pceSort: choice({ weight, power: positive, strength: positive }, ({ weight: w = 1, ...options }) =>
    ofTransforms((pits) => pceSort(pits, options).mul(w)),
  ),
  quantilePceKde: choice({ weight, steepness: positive }, ({ weight: w = 1, ...options }) =>
    ofQuantiles((q, y, levels) => quantilePceKde(q, y, levels, options).mul(w)),
  ),
  spacingEntropy: choice({ weight, spacing: whole }, ({ weight: w = 1, ...options }) =>
    ofTransforms((pits) => spacingEntropy(pits, options).mul(w)),
  ),
  truncatedCoverage: choice({ weight }, ({ weight: w = 1 }) =>
    ofQuantiles((q, y, levels) => truncatedCoverage(q, y, levels).mul(w)),
  ),
};

/** @throws TypeError naming the first regulariser that wants other predictions than those of the loss. */
export function requireForecasts(
  { regularizer, loss }: { readonly regularizer: readonly Chosen[]; readonly loss: Chosen },
  { predicts }: Pick<RegressionObjective, 'predicts'>,
  regularizers: readonly RowRegularizer[],
): void {
  const wrong = regularizers.findIndex(({ of }) => of !== undefined && of !== predicts);
  if (wrong < 0) return;
  const wanted = regularizers[wrong].of;
  const those = Object.entries(regressionObjectives).filter(([, { make }]) => make({}).predicts === wanted);
  throw new TypeError(
    `train: regularizer ${regularizer[wrong].name} is of ${wanted}, ${loss.name} predicts ${predicts}; of ${wanted} are ${those.map(([name]) => name).join(', ')}`,
  );
}
