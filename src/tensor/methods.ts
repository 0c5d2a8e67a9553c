// Every operator that people chain, as a method of Tensor: `x.name(...)` is `name(x, ...)`. The one module with a side effect.

import * as activation from './ops/activation.js';
import * as barrier from './ops/barrier.js';
import * as comparison from './ops/comparison.js';
import type { TensorLike } from './ops/constant.js';
import * as constant from './ops/constant.js';
import * as elementwise from './ops/elementwise.js';
import * as indexing from './ops/indexing.js';
import * as linalg from './ops/linalg.js';
import * as movement from './ops/movement.js';
import * as reduction from './ops/reduction.js';
import * as slicing from './ops/slicing.js';
import { Tensor } from './tensor.js';

type Method<F> = F extends (x: Tensor, ...rest: infer Rest) => infer R ? (...rest: Rest) => R : never;

const methods = {
  gelu: activation.gelu,
  silu: activation.silu,
  mish: activation.mish,
  leakyRelu: activation.leakyRelu,
  elu: activation.elu,
  selu: activation.selu,
  celu: activation.celu,
  relu6: activation.relu6,
  hardSigmoid: activation.hardSigmoid,
  hardSwish: activation.hardSwish,
  softsign: activation.softsign,
  stopGradient: barrier.stopGradient,
  equal: comparison.equal,
  notEqual: comparison.notEqual,
  greater: comparison.greater,
  greaterEqual: comparison.greaterEqual,
  less: comparison.less,
  lessEqual: comparison.lessEqual,
  and: comparison.and,
  or: comparison.or,
  xor: comparison.xor,
  not: comparison.not,
  isNaN: comparison.isNaN,
  isInf: comparison.isInf,
  isFinite: comparison.isFinite,
  where: comparison.where,
  onesLike: constant.onesLike,
  zerosLike: constant.zerosLike,
  neg: elementwise.neg,
  abs: elementwise.abs,
  sign: elementwise.sign,
  floor: elementwise.floor,
  ceil: elementwise.ceil,
  round: elementwise.round,
  exp: elementwise.exp,
  log: elementwise.log,
  sqrt: elementwise.sqrt,
  reciprocal: elementwise.reciprocal,
  rsqrt: elementwise.rsqrt,
  sin: elementwise.sin,
  cos: elementwise.cos,
  tan: elementwise.tan,
  asin: elementwise.asin,
  acos: elementwise.acos,
  atan: elementwise.atan,
  sinh: elementwise.sinh,
  cosh: elementwise.cosh,
  tanh: elementwise.tanh,
  asinh: elementwise.asinh,
  acosh: elementwise.acosh,
  atanh: elementwise.atanh,
  sigmoid: elementwise.sigmoid,
  erf: elementwise.erf,
  relu: elementwise.relu,
  square: elementwise.square,
  log1p: elementwise.log1p,
  expm1: elementwise.expm1,
  softplus: elementwise.softplus,
  logSigmoid: elementwise.logSigmoid,
  add: elementwise.add,
  sub: elementwise.sub,
  mul: elementwise.mul,
  div: elementwise.div,
  pow: elementwise.pow,
  maximum: elementwise.maximum,
  minimum: elementwise.minimum,
  mod: elementwise.mod,
  clip: elementwise.clip,
  cast: elementwise.cast,
  gather: indexing.gather,
  gatherND: indexing.gatherND,
  scatterND: indexing.scatterND,
  takeAlongAxis: indexing.takeAlongAxis,
  scatterElements: indexing.scatterElements,
  segmentSum: indexing.segmentSum,
  oneHot: indexing.oneHot,
  topK: indexing.topK,
  sort: indexing.sort,
  argsort: indexing.argsort,
  maskedFill: indexing.maskedFill,
  matmul: linalg.matmul,
  dot: linalg.dot,
  outer: linalg.outer,
  trace: linalg.trace,
  reshape: movement.reshape,
  flatten: movement.flatten,
  expandDims: movement.expandDims,
  squeeze: movement.squeeze,
  transpose: movement.transpose,
  swapAxes: movement.swapAxes,
  moveAxis: movement.moveAxis,
  broadcastTo: movement.broadcastTo,
  sumTo: movement.sumTo,
  slice: slicing.slice,
  flip: slicing.flip,
  roll: slicing.roll,
  at: slicing.at,
  split: slicing.split,
  pad: slicing.pad,
  tile: movement.tile,
  repeat: movement.repeat,
  tril: slicing.tril,
  triu: slicing.triu,
  diagonal: slicing.diagonal,
  sum: reduction.sum,
  prod: reduction.prod,
  mean: reduction.mean,
  max: reduction.max,
  min: reduction.min,
  variance: reduction.variance,
  any: reduction.any,
  all: reduction.all,
  logSumExp: reduction.logSumExp,
  softmax: reduction.softmax,
  logSoftmax: reduction.logSoftmax,
  cumsum: reduction.cumsum,
  norm: reduction.norm,
  normalize: reduction.normalize,
  argmax: reduction.argmax,
  argmin: reduction.argmin,
  concat: (x: Tensor, other: Tensor, axis?: number): Tensor => slicing.concat([x, other], axis),
};

declare module './tensor.js' {
  interface Tensor {
    gelu: Method<typeof activation.gelu>;
    silu: Method<typeof activation.silu>;
    mish: Method<typeof activation.mish>;
    leakyRelu: Method<typeof activation.leakyRelu>;
    elu: Method<typeof activation.elu>;
    selu: Method<typeof activation.selu>;
    celu: Method<typeof activation.celu>;
    relu6: Method<typeof activation.relu6>;
    hardSigmoid: Method<typeof activation.hardSigmoid>;
    hardSwish: Method<typeof activation.hardSwish>;
    softsign: Method<typeof activation.softsign>;
    stopGradient: Method<typeof barrier.stopGradient>;
    equal: Method<typeof comparison.equal>;
    notEqual: Method<typeof comparison.notEqual>;
    greater: Method<typeof comparison.greater>;
    greaterEqual: Method<typeof comparison.greaterEqual>;
    less: Method<typeof comparison.less>;
    lessEqual: Method<typeof comparison.lessEqual>;
    and: Method<typeof comparison.and>;
    or: Method<typeof comparison.or>;
    xor: Method<typeof comparison.xor>;
    not: Method<typeof comparison.not>;
    isNaN: Method<typeof comparison.isNaN>;
    isInf: Method<typeof comparison.isInf>;
    isFinite: Method<typeof comparison.isFinite>;
    where(x: TensorLike, y: TensorLike): Tensor;
    onesLike: Method<typeof constant.onesLike>;
    zerosLike: Method<typeof constant.zerosLike>;
    neg: Method<typeof elementwise.neg>;
    abs: Method<typeof elementwise.abs>;
    sign: Method<typeof elementwise.sign>;
    floor: Method<typeof elementwise.floor>;
    ceil: Method<typeof elementwise.ceil>;
    round: Method<typeof elementwise.round>;
    exp: Method<typeof elementwise.exp>;
    log: Method<typeof elementwise.log>;
    sqrt: Method<typeof elementwise.sqrt>;
    reciprocal: Method<typeof elementwise.reciprocal>;
    rsqrt: Method<typeof elementwise.rsqrt>;
    sin: Method<typeof elementwise.sin>;
    cos: Method<typeof elementwise.cos>;
    tan: Method<typeof elementwise.tan>;
    asin: Method<typeof elementwise.asin>;
    acos: Method<typeof elementwise.acos>;
    atan: Method<typeof elementwise.atan>;
    sinh: Method<typeof elementwise.sinh>;
    cosh: Method<typeof elementwise.cosh>;
    tanh: Method<typeof elementwise.tanh>;
    asinh: Method<typeof elementwise.asinh>;
    acosh: Method<typeof elementwise.acosh>;
    atanh: Method<typeof elementwise.atanh>;
    sigmoid: Method<typeof elementwise.sigmoid>;
    erf: Method<typeof elementwise.erf>;
    relu: Method<typeof elementwise.relu>;
    square: Method<typeof elementwise.square>;
    log1p: Method<typeof elementwise.log1p>;
    expm1: Method<typeof elementwise.expm1>;
    softplus: Method<typeof elementwise.softplus>;
    logSigmoid: Method<typeof elementwise.logSigmoid>;
    add(y: TensorLike): Tensor;
    sub(y: TensorLike): Tensor;
    mul(y: TensorLike): Tensor;
    div(y: TensorLike): Tensor;
    pow(y: TensorLike): Tensor;
    maximum(y: TensorLike): Tensor;
    minimum(y: TensorLike): Tensor;
    mod(y: TensorLike): Tensor;
    clip: Method<typeof elementwise.clip>;
    cast: Method<typeof elementwise.cast>;
    gather: Method<typeof indexing.gather>;
    gatherND: Method<typeof indexing.gatherND>;
    scatterND: Method<typeof indexing.scatterND>;
    takeAlongAxis: Method<typeof indexing.takeAlongAxis>;
    scatterElements: Method<typeof indexing.scatterElements>;
    segmentSum: Method<typeof indexing.segmentSum>;
    oneHot: Method<typeof indexing.oneHot>;
    topK: Method<typeof indexing.topK>;
    sort: Method<typeof indexing.sort>;
    argsort: Method<typeof indexing.argsort>;
    maskedFill: Method<typeof indexing.maskedFill>;
    matmul: Method<typeof linalg.matmul>;
    dot: Method<typeof linalg.dot>;
    outer: Method<typeof linalg.outer>;
    trace: Method<typeof linalg.trace>;
    reshape: Method<typeof movement.reshape>;
    flatten: Method<typeof movement.flatten>;
    expandDims: Method<typeof movement.expandDims>;
    squeeze: Method<typeof movement.squeeze>;
    transpose: Method<typeof movement.transpose>;
    swapAxes: Method<typeof movement.swapAxes>;
    moveAxis: Method<typeof movement.moveAxis>;
    broadcastTo: Method<typeof movement.broadcastTo>;
    sumTo: Method<typeof movement.sumTo>;
    slice: Method<typeof slicing.slice>;
    flip: Method<typeof slicing.flip>;
    roll: Method<typeof slicing.roll>;
    at: Method<typeof slicing.at>;
    split: Method<typeof slicing.split>;
    pad: Method<typeof slicing.pad>;
    tile: Method<typeof movement.tile>;
    repeat: Method<typeof movement.repeat>;
    tril: Method<typeof slicing.tril>;
    triu: Method<typeof slicing.triu>;
    diagonal: Method<typeof slicing.diagonal>;
    sum: Method<typeof reduction.sum>;
    prod: Method<typeof reduction.prod>;
    mean: Method<typeof reduction.mean>;
    max: Method<typeof reduction.max>;
    min: Method<typeof reduction.min>;
    variance: Method<typeof reduction.variance>;
    any: Method<typeof reduction.any>;
    all: Method<typeof reduction.all>;
    logSumExp: Method<typeof reduction.logSumExp>;
    softmax: Method<typeof reduction.softmax>;
    logSoftmax: Method<typeof reduction.logSoftmax>;
    cumsum: Method<typeof reduction.cumsum>;
    norm: Method<typeof reduction.norm>;
    normalize: Method<typeof reduction.normalize>;
    argmax: Method<typeof reduction.argmax>;
    argmin: Method<typeof reduction.argmin>;
    concat(other: Tensor, axis?: number): Tensor;
  }
}

for (const [name, fn] of Object.entries(methods)) {
  Object.defineProperty(Tensor.prototype, name, {
    value(this: Tensor, ...rest: unknown[]) {
      return (fn as (...all: unknown[]) => unknown)(this, ...rest);
    },
  });
}
