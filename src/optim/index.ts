/**
 * Optimizers as chains of gradient transformations, and schedules.
 *
 * @module cotangent/optim
 */
export { type EmaState, exponentialMovingAverage } from './ema.js';
export {
  type ForwardDescentOptions,
  type ForwardGradientOptions,
  forwardDescent,
  forwardGradient,
  projectGradient,
  randomGuess,
} from './forward/forward-gradient.js';
export {
  firstOrder,
  type GradientRule,
  type Minimizer,
  type MinimizerStep,
  type Objective,
  type StepInput,
  withGradients,
} from './minimizer.js';
export { type LbfgsOptions, lbfgs, type Minimum } from './minimizers/lbfgs.js';
export { onlineLbfgs } from './minimizers/online-lbfgs.js';
export { type LinePoint, strongWolfe, type WolfeOptions } from './minimizers/wolfe.js';
export * from './optimizers.js';
export * from './schedules/basic.js';
export { type OneCycleOptions, oneCycle } from './schedules/one-cycle.js';
export { type Schedule, scheduleValues } from './schedules/schedule.js';
export {
  mSharpness,
  type SamOptions,
  sam,
  samGradient,
  samGradientOfParts,
  samPerturbation,
  sharpness,
} from './sharpness/sam.js';
export { applyUpdates, chain, type GradientTransformation, type Update } from './transformation.js';
export * from './transformations/adaptive.js';
export { type LayerDecayOptions, layerWiseDecay, type PathFactor, scaleByPath } from './transformations/by-path.js';
export * from './transformations/clip.js';
export { type ScaleByLbfgsOptions, scaleByLbfgs } from './transformations/lbfgs.js';
export * from './transformations/momentum.js';
export * from './transformations/scale.js';
