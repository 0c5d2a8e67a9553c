import { type Standardization, standardizationOf, type Tabular } from '../../data/index.js';
import type { GaussianMixture } from '../../losses/index.js';
import { constant, type Tensor } from '../../tensor/index.js';
import type { RowBatch } from './mixing.js';
import type { Forecast, RegressionObjective } from './objectives.js';

/** How features and targets stand in their own units, measured on the training set. */
export interface RowScale {
  readonly features: Standardization;
  /** What targets are less, and divided by. */
  readonly target: { readonly mean: number; readonly deviation: number };
}

/** The scale of a training set that an objective wants. @throws Error of one line when it wants numbers that are not below 0. */
export function scaleOf(train: Tabular, objective: Pick<RegressionObjective, 'scale'>, loss: string): RowScale {
  const features = standardizationOf(train.features);
  const { mean, deviation } = standardizationOf(train.targets);
  if (objective.scale === 'standard') return { features, target: { mean: mean.data[0], deviation: deviation.data[0] } };
  requireCounts(train, loss);
  if (mean.data[0] === 0) throw new Error(`train: ${loss} needs counts in '${train.target}' that are not all 0`);
  return { features, target: { mean: 0, deviation: mean.data[0] } };
}

/** @throws Error of one line when a target is below 0. */
export function requireCounts({ targets, target, name }: Tabular, loss: string): void {
  const negative = targets.data.find((y) => y < 0);
  if (negative !== undefined)
    throw new Error(`train: ${loss} is of counts, at least 0; '${target}' of ${name} is ${negative} somewhere`);
}

/** Features in the scale in which a model sees them, [n, columns] or [..., columns]. */
export const scaledFeatures = ({ features }: Pick<RowScale, 'features'>, x: Tensor): Tensor =>
  x.sub(constant(features.mean)).div(constant(features.deviation));

/** Targets in the scale in which a loss sees them. */
export const scaledTargets = ({ target }: Pick<RowScale, 'target'>, y: Tensor): Tensor =>
  y.sub(target.mean).div(target.deviation);

/** Rows in these scales. */
export const scaledRows = (scale: RowScale, { x, y }: RowBatch): RowBatch => ({
  x: scaledFeatures(scale, x),
  y: scaledTargets(scale, y),
});

/** A forecast in the units of the target; quantiles in ascending order, which a model's outputs need not have. */
export function unscaled({ target }: RowScale, { prediction, quantiles, mixture }: Forecast): Forecast {
  const own = (y: Tensor) => y.mul(target.deviation).add(target.mean);
  return {
    prediction: own(prediction),
    ...(quantiles && { quantiles: own(quantiles.sort(1)) }),
    ...(mixture && { mixture: ownMixture(mixture, own, target.deviation) }),
  };
}

const ownMixture = (
  { logits, means, scales }: GaussianMixture,
  own: (y: Tensor) => Tensor,
  deviation: number,
): GaussianMixture => ({ logits, means: own(means), scales: scales.mul(deviation) });
