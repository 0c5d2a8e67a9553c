import { z } from 'zod';
import {
  type GaussianMixture,
  gaussianMixtureCrps,
  gaussianMixtureNegativeLogLikelihood,
  poissonLoss,
  quantileLoss,
} from '../../losses/index.js';
import { constant, ndarray, type Tensor } from '../../tensor/index.js';
import { type Choice, choice } from '../options/choice.js';
import { regressionLosses } from './losses.js';

/** What the outputs of a model say of each of n samples. */
export interface Forecast {
  /** The number that is expected, [n]: the median of quantiles, the mean of distributions. */
  readonly prediction: Tensor;
  /** Of the objective's levels, [n, levels]. */
  readonly quantiles?: Tensor;
  readonly mixture?: GaussianMixture;
}

/** A loss of regressions with the outputs that it wants of a model. */
export interface RegressionObjective {
  readonly predicts: 'numbers' | 'quantiles' | 'distributions';
  /** How many numbers the model has for each sample. */
  readonly outputs: number;
  /**
   * What the targets that it is given are: `standard`, of mean 0 and deviation 1 over the training set, or `mean`, divided by their mean there, for
   * numbers that are not below 0.
   */
  readonly scale: 'standard' | 'mean';
  /** Of the quantiles it predicts, ascending. */
  readonly levels?: readonly number[];
  /** What outputs [n, outputs] say, in the scale of the targets. */
  forecast(outputs: Tensor): Forecast;
  /** Of outputs [n, outputs] and targets [n], to one number. */
  loss(outputs: Tensor, targets: Tensor): Tensor;
}

const first = (outputs: Tensor): Tensor => outputs.reshape([-1]);

const level = z.number().gt(0).lt(1);
const components = z.number().int().positive().optional();

/** One output, which is the prediction. */
const point = (loss: (predictions: Tensor, targets: Tensor) => Tensor): RegressionObjective => ({
  predicts: 'numbers',
  outputs: 1,
  scale: 'standard',
  forecast: (outputs) => ({ prediction: first(outputs) }),
  loss: (outputs, targets) => loss(first(outputs), targets),
});

/** An output for each level; `prediction` is that of the level nearest to 1/2. */
function quantiles(given: readonly number[]): RegressionObjective {
  const levels = [...given].sort((a, b) => a - b);
  const distance = (k: number) => Math.abs(levels[k] - 0.5);
  const middle = levels.reduce((best, _, k) => (distance(k) < distance(best) ? k : best), 0);
  return {
    predicts: 'quantiles',
    outputs: levels.length,
    scale: 'standard',
    levels,
    forecast: (outputs) => ({
      prediction: outputs.slice([null, [middle, middle + 1]]).reshape([-1]),
      quantiles: outputs,
    }),
    loss: (outputs, targets) =>
      quantileLoss(outputs, targets.expandDims(1).broadcastTo(outputs.shape), {
        level: levelsBeside(levels, outputs),
      }),
  };
}

/** Levels as a tensor beside the outputs that they are of, [levels]. */
export const levelsBeside = (levels: readonly number[], { dtype }: Tensor): Tensor =>
  constant(ndarray([...levels], { dtype: dtype as 'float32' }));

/** Outputs are the logits of the weights (of none where there is one component), then the means, then what softplus + 0.01 makes scales of. */
function mixtures(count: number, loss: (mixture: GaussianMixture, targets: Tensor) => Tensor): RegressionObjective {
  const mixtureOf = (outputs: Tensor): GaussianMixture => {
    const parts = outputs.split(count === 1 ? 2 : 3, 1);
    const [means, scales] = parts.slice(-2);
    return { logits: count === 1 ? means.zerosLike() : parts[0], means, scales: scales.softplus().add(0.01) };
  };
  return {
    predicts: 'distributions',
    outputs: count === 1 ? 2 : 3 * count,
    scale: 'standard',
    forecast: (outputs) => {
      const mixture = mixtureOf(outputs);
      return { prediction: mixture.logits.softmax(1).mul(mixture.means).sum(1), mixture };
    },
    loss: (outputs, targets) => loss(mixtureOf(outputs), targets),
  };
}

/**
 * The losses that regressions of tables can be trained with, by the names of their functions; each takes its function's options, which are of
 * standardised targets. `quantileLoss` takes one level or several, the mixtures how many `components` they have.
 */
export const regressionObjectives: Readonly<Record<string, Choice<RegressionObjective>>> = {
  ...Object.fromEntries(
    Object.entries(regressionLosses).map(([name, { schema, make }]): [string, Choice<RegressionObjective>] => [
      name,
      { schema, make: (options) => point(make(options)) },
    ]),
  ),
  gaussianMixtureCrps: choice({ components }, ({ components: count = 1 }) => mixtures(count, gaussianMixtureCrps)),
  gaussianMixtureNegativeLogLikelihood: choice({ components }, ({ components: count = 1 }) =>
    mixtures(count, gaussianMixtureNegativeLogLikelihood),
  ),
  // Divided by the mean of the training targets the loss is the same up to a factor and what predictions cannot change.
  poissonLoss: choice({ logRate: z.boolean().optional() }, ({ logRate = false }) => ({
    predicts: 'numbers',
    outputs: 1,
    scale: 'mean',
    forecast: (outputs) => ({ prediction: logRate ? first(outputs).exp() : first(outputs).softplus() }),
    loss: (outputs, counts) =>
      logRate ? poissonLoss(first(outputs), counts, { logRate }) : poissonLoss(first(outputs).softplus(), counts),
  })),
  quantileLoss: choice({ level: z.union([level, z.array(level).min(1)]).optional() }, ({ level: given = 0.5 }) =>
    quantiles(typeof given === 'number' ? [given] : given),
  ),
};
