/**
 * Samplers: which examples to train on, and which labels to trust.
 *
 * @module cotangent/samplers
 */
export {
  areaUnderMargin,
  assignedMargin,
  findMislabeled,
  type MarginRun,
  type Margins,
  type Mislabeled,
  noMargins,
  recordMargins,
  type ThresholdSampleOptions,
  thresholdSamples,
  withExtraClass,
} from './selection/area-under-margin.js';
export { leverageScores, squaredErrors, weightedLeastSquares } from './selection/least-squares.js';
export {
  clusterRepresentatives,
  medianSlack,
  type Representatives,
  type SensitivityOptions,
  sensitivityProbabilities,
  sensitivitySample,
  sensitivitySampleSize,
  sensitivitySubset,
  type WeightedSample,
  weightedMeanLoss,
} from './selection/sensitivity.js';
