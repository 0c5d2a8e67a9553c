/** Objectives: what the model produced first, targets second, options last. */
export * from './classification/acls.js';
export { type BinaryCrossEntropyOptions, binaryCrossEntropyWithLogits } from './classification/binary-cross-entropy.js';
export { type CrossEntropyOptions, crossEntropy } from './classification/cross-entropy.js';
export {
  type BinaryFocalOptions,
  binaryFocalLoss,
  type FocalOptions,
  focalLoss,
} from './classification/focal-loss.js';
export * from './classification/maxsup.js';
export * from './classification/poly-loss.js';
export * from './classification/sparsemax-loss.js';
export * from './classification/squentropy.js';
export * from './image/ssim.js';
export * from './noise/normalized.js';
export * from './ranking/neural-ndcg.js';
export type { Reduction, ReductionOptions } from './reduction.js';
export { type HuberOptions, huber, type SmoothL1Options, smoothL1 } from './regression/huber.js';
export { meanAbsoluteError } from './regression/mean-absolute-error.js';
export { meanSquaredError } from './regression/mean-squared-error.js';
