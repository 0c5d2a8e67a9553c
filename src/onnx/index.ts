/** Graphs as ONNX models. */
export { encodeModel, type GraphSpec, modelBytes, type Named, opset } from './encode.js';
