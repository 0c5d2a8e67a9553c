import * as axes from './axes.js';
import * as convolution from './convolution.js';
import { elementwise, elementwiseTypes } from './elementwise.js';
import * as indexing from './indexing.js';
import type { BatchRule } from './rule.js';

/** The batch rule of every operator of this library that is not the host's. */
export const batchRules: Readonly<Record<string, BatchRule>> = {
  ...Object.fromEntries(elementwiseTypes.map((type) => [type, elementwise])),
  ...Object.fromEntries(
    ['ArgMax', 'ArgMin', 'LogSoftmax', 'Softmax', 'TopK'].map((type) => [type, axes.alongAttribute]),
  ),
  ...Object.fromEntries(
    ['CumSum', 'ReduceMax', 'ReduceMean', 'ReduceMin', 'ReduceProd', 'ReduceSum'].map((type) => [
      type,
      axes.alongInput,
    ]),
  ),
  AveragePool: convolution.averagePool,
  Concat: axes.concat,
  Conv: convolution.conv,
  ConvInputGradient: convolution.convInputGradient,
  ConvTranspose: convolution.convTranspose,
  ConvWeightGradient: convolution.convWeightGradient,
  Expand: axes.expand,
  Gather: indexing.gather,
  GatherElements: indexing.elements,
  GatherND: indexing.gatherND,
  MatMul: axes.matmul,
  MaxPool: convolution.maxPool,
  Pad: axes.pad,
  Reshape: axes.reshape,
  ScatterElements: indexing.scatterElements,
  ScatterND: indexing.scatterND,
  Slice: axes.slice,
  Transpose: axes.transpose,
  Trilu: axes.onMatrices,
};
