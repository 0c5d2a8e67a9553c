/** Diagnostics: what trained networks look at, what their losses look like, how they compare. */
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
