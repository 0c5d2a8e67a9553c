import type { Tensor } from '../../src/index.js';
import * as ct from '../../src/index.js';
import { scan } from '../../src/numerics/index.js';

const rows = (...values: number[][]) => ct.constant(values, 'int32');
const image = (x: Tensor) => x.reshape([1, 2, 2, 2]);

/** A program of x and y, both [2, 4] in (0.2, 0.8), that uses each operator. */
export const programs: Record<string, (x: Tensor, y: Tensor) => Tensor> = {
  Abs: (x) => x.abs(),
  Acos: (x) => x.acos(),
  Acosh: (x) => x.add(1).acosh(),
  Add: (x, y) => x.add(y),
  Asin: (x) => x.asin(),
  Asinh: (x) => x.asinh(),
  Atan: (x) => x.atan(),
  Atanh: (x) => x.atanh(),
  AveragePool: (x) => ct.averagePool(image(x), 2, { stride: 1 }),
  Cast: (x) => x.cast('float32').cast('float64'),
  Clip: (x) => x.clip(0.4, 0.6),
  Concat: (x, y) => x.concat(y),
  Conv: (x, y) => ct.conv(image(x), image(y)),
  ConvInputGradient: (x, y) => ct.vjp((a: Tensor) => ct.conv(a, image(y)), image(x))[1](y.sum().reshape([1, 1, 1, 1])),
  ConvTranspose: (x, y) => ct.convTranspose(image(x), y.reshape([2, 1, 2, 2])),
  ConvWeightGradient: (x, y) => ct.vjp((w: Tensor) => ct.conv(image(x), w), image(y))[1](x.sum().reshape([1, 1, 1, 1])),
  Cos: (x) => x.cos(),
  Cosh: (x) => x.cosh(),
  CumSum: (x) => x.cumsum(1),
  Div: (x, y) => x.div(y),
  Erf: (x) => x.erf(),
  Exp: (x) => x.exp(),
  Expand: (x) => x.broadcastTo([3, 2, 4]),
  Gather: (x) => x.gather(ct.constant([1, 1, 0], 'int32')),
  GatherElements: (x) => x.takeAlongAxis(rows([0, 0], [3, 1])),
  GatherND: (x) => x.gatherND(rows([1, 2], [1, 2])),
  Gelu: (x) => x.gelu(),
  Log: (x) => x.log(),
  LogSoftmax: (x) => x.logSoftmax(),
  MatMul: (x, y) => x.matmul(y.transpose()),
  Max: (x, y) => x.maximum(y),
  MaxPool: (x) => ct.maxPool(image(x), 2),
  Min: (x, y) => x.minimum(y),
  Mul: (x, y) => x.mul(y),
  Neg: (x) => x.neg(),
  Pad: (x) =>
    x.pad([
      [1, 0],
      [0, 1],
    ]),
  Pow: (x, y) => x.pow(y),
  Reciprocal: (x) => x.reciprocal(),
  ReduceMax: (x) => x.max(1),
  ReduceMean: (x) => x.mean(1),
  ReduceMin: (x) => x.min(1),
  ReduceProd: (x) => x.prod(1),
  ReduceSum: (x) => x.sum(1),
  Relu: (x) => x.sub(0.5).relu(),
  Reshape: (x) => x.reshape([4, 2]),
  Scan: (x, y) => {
    const step = (c: Tensor, v: Tensor) => [c.mul(y.at(1)).add(v).tanh(), c.mul(v)] as const;
    const [last, all] = scan(step, y.at(0), x, { unroll: false });
    return all.add(last);
  },
  ScatterElements: (x, y) => x.scatterElements(rows([0, 0], [3, 1]), y.slice([null, [0, 2]]), 1, 'add'),
  ScatterND: (x, y) => x.scatterND(rows([1, 2], [0, 3]), y.at(0).slice([[0, 2]])),
  Sigmoid: (x) => x.sigmoid(),
  Sin: (x) => x.sin(),
  Sinh: (x) => x.sinh(),
  Slice: (x) => x.slice([null, [1, 4, 2]]),
  Softmax: (x) => x.softmax(),
  Sqrt: (x) => x.sqrt(),
  Sub: (x, y) => x.sub(y),
  Tan: (x) => x.tan(),
  Tanh: (x) => x.tanh(),
  TopK: (x) => x.topK(2)[0],
  Transpose: (x) => x.transpose(),
  Trilu: (x) => x.tril(),
  Where: (x, y) => x.greater(y).where(x, y),
};
