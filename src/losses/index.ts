/** Objectives: what the model produced first, targets second, options last. */
export { type BinaryCrossEntropyOptions, binaryCrossEntropyWithLogits } from './classification/binary-cross-entropy.js';
export { type CrossEntropyOptions, crossEntropy } from './classification/cross-entropy.js';
export type { Reduction, ReductionOptions } from './reduction.js';
export { type HuberOptions, huber, type SmoothL1Options, smoothL1 } from './regression/huber.js';
export { meanAbsoluteError } from './regression/mean-absolute-error.js';
export { meanSquaredError } from './regression/mean-squared-error.js';
export {
  type AdversarialOptions,
  adversarialPerturbation,
  perturbationAlong,
} from './regularizers/adversarial-perturbation.js';
export { conditionalEntropy } from './regularizers/conditional-entropy.js';
export { type DomainObjectiveOptions, domainObjective, riskVariance } from './regularizers/domain-objective.js';
export {
  featureGramian,
  type GramianOptions,
  gramianSpectrum,
  irmAdaptivePenalty,
  irmExcessRiskPenalty,
  irmHeadDistance,
  irmPenalty,
  irmScaleExcessRiskPenalty,
  irmScalePenalty,
  type PenaltyOptions,
} from './regularizers/invariance-penalties.js';
export {
  type Classifier,
  predictionChange,
  type VirtualAdversarialOptions,
  virtualAdversarialLoss,
  virtualAdversarialPerturbation,
} from './regularizers/virtual-adversarial.js';
