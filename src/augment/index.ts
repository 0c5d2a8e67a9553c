/**
 * Augmentations: pure functions of examples and a random key. The same key changes the same examples in the same way; derivatives flow through
 * to the examples wherever there are any.
 *
 * @module cotangent/augment
 */
export { type AffineOptions, randomAffine } from './image/affine.js';
export type { Range } from './image/checks.js';
export { type FactorOptions, randomBrightness, randomContrast } from './image/colour.js';
export { type CropOptions, randomCrop } from './image/crop.js';
export { type CutoutOptions, cutout, type ErasingOptions, randomErasing } from './image/erase.js';
export { type FlipOptions, randomHorizontalFlip } from './image/flip.js';
export {
  exactArithmetic,
  type JpegArithmetic,
  softArithmetic,
  softClip,
  softFloor,
  softRound,
  straightThroughArithmetic,
} from './jpeg/arithmetic.js';
export { diffJpeg, type JpegCoefficients, type JpegOptions, jpegDecode, jpegEncode } from './jpeg/diff-jpeg.js';
export { type RandomJpegOptions, randomJpeg } from './jpeg/random-jpeg.js';
export { chrominanceTable, jpegQualityScale, luminanceTable, scaledTable } from './jpeg/tables.js';
export {
  type CMixupOptions,
  cMixup,
  cMixupPartners,
  type LabelKernelOptions,
  labelKernel,
  type PartnerStatistics,
  partnerStatistics,
  type Regression,
} from './mixing/c-mixup.js';
export { cutMix } from './mixing/cutmix.js';
export * from './mixing/general-mixup.js';
export * from './mixing/midpoint-mixup.js';
export { type Mixture, mixExamples, mixedLoss } from './mixing/mixture.js';
export { type MixupOptions, mixup } from './mixing/mixup.js';
export * from './mixing/rank-mixup.js';
export {
  barrierEntropy,
  type RegMixupOptions,
  type RegMixupWeighting,
  regMixup,
  regMixupLoss,
} from './mixing/reg-mixup.js';
