/**
 * Diagnostics: what trained networks look at, what their losses look like, how they compare.
 *
 * @module cotangent/diagnostics
 */
export { type AttributionMap, gradientMap } from './attribution/gradient-map.js';
export { type SaliencyImageOptions, saliencyToDiverging, saliencyToGray } from './attribution/saliency-image.js';
export {
  type SmoothedMaps,
  type SmoothGradOptions,
  smoothedMaps,
  smoothGrad,
  smoothGradSquared,
  smoothingNoise,
  varGrad,
} from './attribution/smooth-grad.js';
export { type PermutationImportanceOptions, permutationImportance } from './importance/permutation.js';
export {
  type DirectionNorm,
  type DirectionOptions,
  interpolationDirection,
  normalizeDirection,
  randomDirection,
} from './landscape/directions.js';
export {
  type HessianOptions,
  hessianExtremes,
  hessianSpectrum,
  type Spectrum,
  spectralDensity,
} from './landscape/hessian-spectrum.js';
export {
  type CurveOptions,
  type Evaluation,
  type LossCurve,
  type LossSurface,
  lossCurve,
  lossRise,
  lossSurface,
} from './landscape/loss-surface.js';
export {
  fitTrajectory,
  type PrincipalDirections,
  principalDirections,
  projectTrajectory,
} from './landscape/trajectory.js';
export {
  type GeneralOrthogonalFrame,
  generalOrthogonalFrame,
  type OrthogonalFrameOptions,
  type UnconstrainedFeatures,
  type UnconstrainedFeaturesOptions,
  unconstrainedFeaturesLoss,
} from './neural-collapse/deep-linear.js';
export {
  orthogonalFrameDistance,
  selfDualityDistance,
  simplexEtf,
  simplexEtfDistance,
} from './neural-collapse/frames.js';
export {
  type ClassFrame,
  classFeatureMeans,
  type Equiangularity,
  type NeuralCollapse,
  type NeuralCollapseOptions,
  neuralCollapse,
} from './neural-collapse/measures.js';
export {
  alignment,
  cka,
  type DeconfoundedCkaOptions,
  type DeconfoundedSimilarity,
  deconfoundedCka,
  hsic,
  normalizedGram,
} from './similarity/cka.js';
export { type Deconfounded, deconfound } from './similarity/deconfound.js';
export { layerSimilarity } from './similarity/layers.js';
export { deconfoundedRsa, pairDistances, rankCorrelation, rsa } from './similarity/rsa.js';
