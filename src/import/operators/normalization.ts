import { dropout } from '../../nn/functional/dropout.js';
import {
  batchNorm,
  batchNormByBatch,
  calibratedBatchNorm,
  groupNorm,
  standardize,
} from '../../nn/functional/normalization.js';
import { averagePool, showShape, type Tensor } from '../../tensor/index.js';
import { type OnnxOperator, type OperatorCall, type Results, results } from '../operator.js';

/**
 * By running statistics, or in training by those of the batch, towards which the running ones then move: running = momentum running +
 * (1 - momentum) batch, with n - 1 in the variance's denominator, as PyTorch does where ONNX itself has n. Where the context has statistics
 * of its own, by those, and nothing moves.
 */
function batch(call: OperatorCall): Results {
  const [x, weight, bias, mean, variance] = call.tensors();
  const epsilon = call.float('epsilon', 1e-5);
  const momentum = call.float('momentum', 0.9);
  if (call.version < 9 && call.integer('spatial', 1) === 0)
    throw new RangeError('statistics a position are not supported');
  const { statistics } = call.context;
  if (statistics) {
    const y = calibratedBatchNorm(x, { mean, variance }, statistics, weight, bias, epsilon);
    return results(y, mean, variance);
  }
  const own = call.integer('training_mode', 0) === 1;
  if (!own && !call.context.training) return results(batchNorm(x, mean, variance, weight, bias, epsilon));
  const n = x.size / x.shape[1];
  if (n < 2) throw new RangeError(`x ${showShape(x.shape)} has fewer than two values a channel to train on`);
  const { y, ...now } = batchNormByBatch(x, weight, bias, epsilon);
  const blend = (running: Tensor, value: Tensor) => running.mul(momentum).add(value.mul(1 - momentum));
  if (!call.context.training) return results(y, blend(mean, now.mean), blend(variance, now.variance));
  const { context } = call;
  const unbiased = now.variance.mul(n / (n - 1));
  context.update(mean, blend(context.current(mean), now.mean));
  context.update(variance, blend(context.current(variance), unbiased));
  return results(y, context.current(mean), context.current(variance));
}

function axesFrom(x: Tensor, axis: number): number[] {
  const from = axis < 0 ? axis + x.rank : axis;
  if (!(from >= 0 && from < x.rank)) throw new RangeError(`x ${showShape(x.shape)} has no axis ${axis}`);
  return x.shape.map((_, i) => i).slice(from);
}

/** @throws RangeError where a weight would make x larger rather than scale or shift it. */
function requireWithin(x: Tensor, weight: Tensor): void {
  const lead = x.rank - weight.rank;
  if (lead < 0 || weight.shape.some((n, i) => n !== 1 && n !== x.shape[lead + i]))
    throw new RangeError(`the weight ${showShape(weight.shape)} does not fit x ${showShape(x.shape)}`);
}

/** x - mean over the last axes from `axis`, divided by the standard deviation; also the mean and the inverse of the deviation. */
function layer(call: OperatorCall): Results {
  const x = call.tensor(0);
  const epsilon = call.float('epsilon', 1e-5);
  const { y, mean, variance } = standardize(x, axesFrom(x, call.integer('axis', -1)), epsilon);
  const bias = call.optional(2);
  requireWithin(x, call.tensor(1));
  if (bias) requireWithin(x, bias);
  const scaled = y.mul(call.tensor(1));
  return results(bias ? scaled.add(bias) : scaled, mean, variance.add(epsilon).sqrt().reciprocal());
}

/** x / sqrt(mean x^2 + epsilon) over the last axes from `axis`, times a weight. */
export function rootMeanSquare(x: Tensor, weight: Tensor, axis: number, epsilon: number): Tensor {
  const axes = axesFrom(x, axis);
  requireWithin(x, weight);
  return x.div(x.square().mean(axes, { keepDims: true }).add(epsilon).sqrt()).mul(weight);
}

function group(call: OperatorCall): Tensor {
  const [x, weight, bias] = call.tensors();
  const groups = call.integer('num_groups', 1);
  const epsilon = call.float('epsilon', 1e-5);
  if (call.version >= 21 || weight.shape[0] === x.shape[1]) return groupNorm(x, groups, weight, bias, epsilon);
  // Before version 21 weights were a group, not a channel.
  const each = (v: Tensor) => v.repeat(x.shape[1] / groups);
  return groupNorm(x, groups, each(weight), each(bias), epsilon);
}

function instance(call: OperatorCall): Tensor {
  const [x, weight, bias] = call.tensors();
  return groupNorm(x, x.shape[1], weight, bias, call.float('epsilon', 1e-5));
}

/** x / (bias + alpha / size sum of squares of neighbouring channels)^beta. Krizhevsky et al. 2012. */
function localResponse(call: OperatorCall): Tensor {
  const x = call.tensor(0);
  const size = call.integer('size', 1);
  const [n, channels, ...lengths] = x.shape;
  const positions = lengths.reduce((a, b) => a * b, 1);
  const before = Math.floor((size - 1) / 2);
  // Sums over channels as means of windows along them.
  const padded = x
    .square()
    .reshape([n, 1, channels, positions])
    .pad([
      [0, 0],
      [0, 0],
      [before, size - 1 - before],
      [0, 0],
    ]);
  const means = averagePool(padded, [size, 1], { stride: 1 }).reshape(x.shape);
  const base = means.mul(call.float('alpha', 0.0001)).add(call.float('bias', 1));
  return x.div(base.pow(call.float('beta', 0.75)));
}

function meanVariance(call: OperatorCall): Tensor {
  const x = call.tensor(0);
  return standardize(x, call.integers('axes') ?? [0, 2, 3], 1e-9).y;
}

/** Divided by the p-norm along an axis; 0 where that is 0. */
function byNorm(call: OperatorCall): Tensor {
  const x = call.tensor(0);
  const norm = x.norm(call.integer('axis', -1), { p: call.integer('p', 2), keepDims: true });
  const zero = norm.equal(0);
  return zero.where(0, x.div(zero.where(1, norm)));
}

/** Nothing, or in training the elements dropped; then the mask of what stayed is the second result. */
function drop(call: OperatorCall): Results {
  const x = call.tensor(0);
  const probability = call.version >= 12 ? (call.number(1) ?? 0.5) : call.float('ratio', 0.5);
  if (!call.context.training || probability === 0)
    return results(x, x.onesLike().cast(call.version >= 10 ? 'bool' : x.dtype));
  const y = dropout(x, call.context.nextKey(), probability);
  return results(y, y.equal(0).not());
}

/** Normalisation and dropout. */
export const normalization: readonly OnnxOperator[] = [
  { type: 'BatchNormalization', gradient: 'yes', buffers: [3, 4], build: batch },
  { type: 'LayerNormalization', gradient: 'yes', build: layer },
  {
    type: 'RMSNormalization',
    gradient: 'yes',
    build: (call) =>
      rootMeanSquare(call.tensor(0), call.tensor(1), call.integer('axis', -1), call.float('epsilon', 1e-5)),
  },
  { type: 'GroupNormalization', gradient: 'yes', build: group },
  { type: 'InstanceNormalization', gradient: 'yes', build: instance },
  { type: 'LRN', gradient: 'yes', build: localResponse },
  { type: 'MeanVarianceNormalization', gradient: 'yes', build: meanVariance },
  { type: 'LpNormalization', gradient: 'yes', note: '0 at 0', build: byNorm },
  { type: 'Dropout', gradient: 'yes', controls: [1, 2], build: drop },
];
