/**
 * Training procedures that are more than a loss.
 *
 * @module cotangent/algorithms
 */
export * from './architecture-search/architecture-gradient.js';
export * from './architecture-search/auxiliary-head.js';
export * from './architecture-search/cell.js';
export * from './architecture-search/darts.js';
export {
  edgeCount,
  type Genotype,
  type GenotypeEdge,
  type GenotypeOptions,
  genotypeOf,
} from './architecture-search/genotype.js';
export * from './architecture-search/mixed-operation.js';
export * from './architecture-search/network.js';
export * from './architecture-search/operations.js';
export * from './domain-generalization/fish.js';
export * from './quantization/adaround.js';
export * from './quantization/adaround-layers.js';
export {
  dequantize,
  type FakeQuantizeOptions,
  fakeQuantize,
  type GridOptions,
  type QuantizationGrid,
  quantizationGrid,
  quantize,
  roundStochastically,
  roundToNearest,
} from './quantization/grid.js';
export * from './quantization/rounding-problem.js';
export * from './self-supervised/instance-discrimination.js';
export {
  type AdaptableModel,
  type AdaptationOptions,
  type AdaptationState,
  type AdaptationStep,
  type TestTimeAdaptation,
  testTimeAdaptation,
} from './test-time-adaptation/adaptation.js';
export { type CafaAdaptationOptions, cafa, type FeaturesAndLogits } from './test-time-adaptation/cafa.js';
export { type CoreOptions, core } from './test-time-adaptation/core.js';
export { tent } from './test-time-adaptation/tent.js';
