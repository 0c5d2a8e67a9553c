/**
 * ONNX models as layers, and graphs as ONNX models.
 *
 * @module cotangent/onnx
 */
export * from '../onnx/index.js';
export { type HeadOptions, type Pooling, replaceHead, type WithHead } from './adaptation/head.js';
export { inferenceForm } from './adaptation/inference.js';
export { joinNormalization } from './adaptation/join-normalization.js';
export { linearWeights, modelLayers, normalizationWeights, type WeightLayout } from './adaptation/layers.js';
export { valueShape } from './adaptation/value-shape.js';
export { OnnxImportError } from './error.js';
export {
  type ImportedInputs,
  type ImportedModel,
  type ImportedVariables,
  type ImportOptions,
  importOnnx,
  modelProducer,
  type ValueSpec,
} from './import.js';
export { withWeights } from './with-weights.js';
