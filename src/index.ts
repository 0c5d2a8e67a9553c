/** Cotangent: tensors, their derivatives, and programs that run on ONNX Runtime. */
export * from './autodiff/index.js';
export * from './runtime/index.js';
export * from './tensor/index.js';
