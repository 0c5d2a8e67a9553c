import type { Schedule } from './schedules/schedule.js';
import { chain, type GradientTransformation } from './transformation.js';
import {
  type AdamOptions,
  type RmsOptions,
  scaleByAdagrad,
  scaleByAdam,
  scaleByRms,
} from './transformations/adaptive.js';
import { addDecayedWeights, type MomentumOptions, trace } from './transformations/momentum.js';
import { scaleByLearningRate } from './transformations/scale.js';

export interface OptimizerOptions {
  /** What updates are multiplied by: a number, or one for each step. */
  readonly learningRate: number | Schedule;
  /** Default 0, for adamW 0.01. */
  readonly weightDecay?: number;
  /** Which parameters decay, by path. Default: all. */
  readonly decayMask?: (path: string) => boolean;
}

/**
 * Stochastic gradient descent with PyTorch's momentum; weight decay is added to the gradient.
 *
 * @throws RangeError where arguments or options do not fit.
 */
export function sgd({
  learningRate,
  weightDecay = 0,
  decayMask,
  momentum = 0,
  ...rest
}: OptimizerOptions & Partial<MomentumOptions>): GradientTransformation {
  if (rest.nesterov && momentum === 0) throw new RangeError('sgd: nesterov needs a momentum');
  return chain(
    ...(weightDecay === 0 ? [] : [addDecayedWeights(weightDecay, decayMask)]),
    ...(momentum === 0 ? [] : [trace({ momentum, ...rest })]),
    scaleByLearningRate(learningRate),
  );
}

/** Adam; weight decay is added to the gradient. Kingma and Ba 2015. */
export function adam({
  learningRate,
  weightDecay = 0,
  decayMask,
  ...rest
}: OptimizerOptions & AdamOptions): GradientTransformation {
  return chain(
    ...(weightDecay === 0 ? [] : [addDecayedWeights(weightDecay, decayMask)]),
    scaleByAdam(rest),
    scaleByLearningRate(learningRate),
  );
}

/** Adam with decoupled weight decay, p - learningRate * weightDecay * p, default 0.01. Loshchilov and Hutter 2019. */
export function adamW({
  learningRate,
  weightDecay = 0.01,
  decayMask,
  ...rest
}: OptimizerOptions & AdamOptions): GradientTransformation {
  return chain(scaleByAdam(rest), addDecayedWeights(weightDecay, decayMask), scaleByLearningRate(learningRate));
}

/** RMSprop; weight decay is added to the gradient. */
export function rmsprop({
  learningRate,
  weightDecay = 0,
  decayMask,
  momentum = 0,
  ...rest
}: OptimizerOptions & RmsOptions & { readonly momentum?: number }): GradientTransformation {
  return chain(
    ...(weightDecay === 0 ? [] : [addDecayedWeights(weightDecay, decayMask)]),
    scaleByRms(rest),
    ...(momentum === 0 ? [] : [trace({ momentum })]),
    scaleByLearningRate(learningRate),
  );
}

/** Adagrad; weight decay is added to the gradient. */
export function adagrad({
  learningRate,
  weightDecay = 0,
  decayMask,
  epsilon,
}: OptimizerOptions & { readonly epsilon?: number }): GradientTransformation {
  return chain(
    ...(weightDecay === 0 ? [] : [addDecayedWeights(weightDecay, decayMask)]),
    scaleByAdagrad({ epsilon }),
    scaleByLearningRate(learningRate),
  );
}
