/**
 * Measures of concrete results: plain functions on arrays or nested lists that return numbers.
 *
 * @module cotangent/metrics
 */
export * from './calibration/classification.js';
export * from './calibration/regression.js';
export * from './classification/confusion.js';
export * from './classification/curves.js';
export * from './depth/depth.js';
export * from './detection/average-precision.js';
export * from './image/image.js';
export * from './ranking/ndcg.js';
export { type MetricInfo, metricRegistry } from './registry.js';
export * from './regression/errors.js';
export * from './representation/class-separation.js';
export * from './retrieval/index.js';
export * from './retrieval-augmented/generation.js';
export * from './segmentation/segmentation.js';
export * from './text/text.js';
export type { Values } from './values.js';
