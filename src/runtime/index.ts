/** Compiled programs on ONNX Runtime. */
export type { ArrayLike, ArraysIn, ArraysOut } from './arrays.js';
export { type Compiled, type CompileOptions, compile, type SignatureStats } from './compile.js';
export type { Device, SessionOptions } from './engine.js';
export { type ExportOptions, exportOnnx } from './export.js';
export type { OperatorProfile } from './profile.js';
