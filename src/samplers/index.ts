/** Samplers: which examples to train on, and which labels to trust. */
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
