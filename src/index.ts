/**
 * Cotangent: tensors, their derivatives, and programs that run on ONNX Runtime.
 *
 * @module cotangent
 */
export * from './autodiff/index.js';
export * from './runtime/index.js';
export * from './tensor/index.js';
