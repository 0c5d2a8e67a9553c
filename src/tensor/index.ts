/** Symbolic tensors, their operators, concrete arrays and trees of either. */
import './methods.js';

export {
  castArray,
  isNDArray,
  item,
  type NDArray,
  type NestedNumbers,
  ndarray,
  toNumbers,
  zerosArray,
} from './array.js';
export * from './combinatorial/index.js';
export * from './decompositions/index.js';
export { allocate, type DType, dtypes, isDType, isFloat, isInteger, type TypedArray } from './dtype.js';
export * from './image/index.js';
export * from './ops/activation.js';
export { stopGradient } from './ops/barrier.js';
export * from './ops/comparison.js';
export {
  arange,
  constant,
  eye,
  full,
  linspace,
  ones,
  onesLike,
  type TensorLike,
  zeros,
  zerosLike,
} from './ops/constant.js';
export {
  type ConvOptions,
  type ConvTransposeOptions,
  conv,
  convTranspose,
  type Padding,
  type PerAxis,
} from './ops/convolution.js';
export {
  abs,
  acos,
  acosh,
  add,
  asin,
  asinh,
  atan,
  atanh,
  cast,
  ceil,
  clip,
  cos,
  cosh,
  div,
  erf,
  exp,
  expm1,
  floor,
  log,
  log1p,
  logSigmoid,
  maximum,
  minimum,
  mod,
  mul,
  neg,
  pow,
  reciprocal,
  relu,
  round,
  rsqrt,
  sigmoid,
  sign,
  sin,
  sinh,
  softplus,
  sqrt,
  square,
  sub,
  tan,
  tanh,
} from './ops/elementwise.js';
export * from './ops/fft.js';
export { type HostOperator, hostOp } from './ops/host.js';
export * from './ops/indexing.js';
export { dot, einsum, linear, matmul, outer, tensordot, trace } from './ops/linalg.js';
export * from './ops/movement.js';
export * from './ops/pooling.js';
export * from './ops/reduction.js';
export * from './ops/slicing.js';
export { type PathPattern, type PathPatterns, pathMatcher, selectPaths } from './paths.js';
export { broadcastShapes, type Shape, showShape, sizeOf } from './shape.js';
export { isTensor, type Spec, Tensor } from './tensor.js';
export { type Leaf, leavesOf, type MapTree, mapTree, merge, partition, unflatten, zipTrees } from './tree.js';
