/**
 * Objectives: what the model produced first, targets second, options last.
 *
 * @module cotangent/losses
 */
export * from './adaptation/cafa.js';
export * from './adaptation/class-correlation.js';
export * from './adaptation/class-gaussians.js';
export * from './classification/acls.js';
export { type BinaryCrossEntropyOptions, binaryCrossEntropyWithLogits } from './classification/binary-cross-entropy.js';
export { type CrossEntropyOptions, crossEntropy } from './classification/cross-entropy.js';
export {
  type BinaryFocalOptions,
  binaryFocalLoss,
  type FocalOptions,
  focalLoss,
} from './classification/focal-loss.js';
export * from './classification/harmonic-loss.js';
export * from './classification/hinge.js';
export * from './classification/maxsup.js';
export * from './classification/negative-log-likelihood.js';
export * from './classification/poly-loss.js';
export * from './classification/sparsemax-loss.js';
export * from './classification/squentropy.js';
export * from './contrastive/align-uniform.js';
export * from './contrastive/i-con.js';
export { enqueue, type InfoNceOptions, infoNCE, ntXent } from './contrastive/info-nce.js';
export * from './contrastive/kernels.js';
export * from './contrastive/macl.js';
export type { PairwiseOptions } from './contrastive/pairwise.js';
export * from './contrastive/siglip.js';
export * from './contrastive/supcon.js';
export {
  alignScaleShift,
  type GradientLossOptions,
  gradientLoss,
  type MaskOptions,
  type ScaleInvariantLogOptions,
  scaleInvariantLog,
  scaleShiftInvariantLoss,
} from './depth/scale-invariant.js';
export * from './depth/self-supervised.js';
export * from './detection/boxes.js';
export * from './detection/yolo.js';
export * from './distillation/distillation-loss.js';
export * from './distillation/nd-loss.js';
export type { ElementOptions } from './elements.js';

export * from './generation/adversarial.js';
export * from './generation/feature-reconstruction.js';
export * from './generation/vae.js';
export * from './image/ssim.js';
export type { LabelledOptions } from './labelled.js';
export * from './margin/adaface.js';
export * from './margin/arcface.js';
export * from './margin/circle-loss.js';
export * from './margin/cosface.js';
export { classCosines } from './margin/cosines.js';
export * from './margin/margin-logits.js';
export * from './margin/sface.js';
export * from './margin/sphereface.js';
export * from './margin/sphereface2.js';
export * from './margin/sub-centers.js';
export * from './margin/unpg.js';
export * from './metric/center-loss.js';
export * from './metric/contrastive-loss.js';
export * from './metric/distances.js';
export * from './metric/miners.js';
export { labelPairs, type Pairs, type Reference } from './metric/pair-masks.js';
export * from './metric/pairs.js';
export {
  meanByClass,
  meanOfPositive,
  meanPerAnchor,
  meanWithin,
  type Reducer,
  type ReducerOptions,
} from './metric/reducers.js';
export * from './metric/threshold-consistent-margin.js';
export * from './metric/triplet-loss.js';
export * from './multi-task/uncertainty.js';
export * from './noise/normalized.js';
export * from './ranking/neural-ndcg.js';
export type { Reduction, ReductionOptions } from './reduction.js';
export * from './regression/balanced-l1.js';
export * from './regression/berhu.js';
export * from './regression/gaussian-mixture.js';
export { type HuberOptions, huber, type SmoothL1Options, smoothL1 } from './regression/huber.js';
export * from './regression/log-cosh.js';
export { meanAbsoluteError } from './regression/mean-absolute-error.js';
export { meanSquaredError } from './regression/mean-squared-error.js';
export * from './regression/poisson.js';
export * from './regression/quantile.js';
export * from './regression/wing.js';
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
  readTrajectory,
  type TrajectoryOptions,
  trajectoryLoss,
  writeTrajectory,
} from './regularizers/trajectory.js';
export {
  type Classifier,
  predictionChange,
  type VirtualAdversarialOptions,
  virtualAdversarialLoss,
  virtualAdversarialPerturbation,
} from './regularizers/virtual-adversarial.js';
export * from './segmentation/jaccard-metric.js';
export * from './segmentation/lovasz.js';
export * from './segmentation/overlap.js';
export type { OverlapOptions } from './segmentation/overlap-sums.js';
export * from './self-supervised/barlow-twins.js';
export * from './self-supervised/intl.js';
export * from './self-supervised/simsiam.js';
export * from './self-supervised/tico.js';
export * from './sequence/ctc.js';
export * from './sequence/risk.js';
