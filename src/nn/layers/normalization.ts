import { type NDArray, ndarray, showShape, type Tensor, zerosArray } from '../../tensor/index.js';
import {
  batchNormByBatch,
  batchNorm as batchNormOf,
  calibratedBatchNorm,
  groupNorm as groupNormOf,
  instanceNorm as instanceNormOf,
  layerNorm as layerNormOf,
} from '../functional/normalization.js';
import { onesArray } from '../initializers.js';
import type { Affine, Layer } from '../layer.js';

export type BatchNormVariables = {
  readonly weight: NDArray;
  readonly bias: NDArray;
  readonly running_mean: NDArray;
  readonly running_var: NDArray;
  readonly num_batches_tracked: NDArray;
};

/**
 * Batch normalisation of x [n, features, ...] over all axes but the second. Ioffe and Szegedy 2015.
 *
 * Training: y = (x - m) / sqrt(v + epsilon) * weight + bias with mean m and variance v of the batch, and the running statistics move
 * towards them: running = (1 - momentum) running + momentum batch, with n - 1 in the variance's denominator, as in PyTorch.
 * Otherwise the running statistics take the place of m and v, or, where the context has `statistics`, what `calibratedBatchNorm` makes of
 * both; these do not move anything.
 *
 * @param options momentum default 0.1, epsilon default 1e-5; `affine`, whether there are weight and bias, default true.
 * @throws RangeError in training when there are fewer than two values a feature, whose variance says nothing.
 */
export function batchNorm(
  features: number,
  options: { readonly momentum?: number; readonly epsilon?: number; readonly affine?: boolean } = {},
): Layer<BatchNormVariables> {
  const { momentum = 0.1, epsilon = 1e-5, affine = true } = options;
  return {
    init: () =>
      ({
        ...(affine && { weight: onesArray([features]), bias: zerosArray([features]) }),
        running_mean: zerosArray([features]),
        running_var: onesArray([features]),
        num_batches_tracked: ndarray(BigInt64Array.of(0n), { shape: [] }),
      }) as BatchNormVariables,
    apply: (variables, x, context) => {
      const { weight, bias, running_mean: runningMean, running_var: runningVariance } = variables;
      if (x.rank < 2 || x.shape[1] !== features)
        throw new RangeError(`batchNorm: x ${showShape(x.shape)} must be [n, ${features}, ...]`);
      if (context.statistics) {
        const source = { mean: runningMean, variance: runningVariance };
        return calibratedBatchNorm(x, source, context.statistics, weight, bias, epsilon);
      }
      if (!context.training) return batchNormOf(x, runningMean, runningVariance, weight, bias, epsilon);
      const n = x.size / features;
      if (n < 2)
        throw new RangeError(`batchNorm: x ${showShape(x.shape)} has fewer than two values a feature to train on`);
      const { y, mean, variance } = batchNormByBatch(x, weight, bias, epsilon);
      const blend = (buffer: Tensor, now: Tensor) =>
        context.update(
          buffer,
          context
            .current(buffer)
            .mul(1 - momentum)
            .add(now.mul(momentum)),
        );
      blend(runningMean, mean);
      blend(runningVariance, variance.mul(n / (n - 1)));
      const count = variables.num_batches_tracked;
      context.update(count, context.current(count).add(1));
      return y;
    },
  };
}

/** Layer normalisation over the last axes, of the given lengths; weight and bias of that shape. */
export function layerNorm(
  shape: number | readonly number[],
  options: { readonly epsilon?: number } = {},
): Layer<Affine> {
  const lengths = typeof shape === 'number' ? [shape] : shape;
  return {
    init: () => ({ weight: onesArray(lengths), bias: zerosArray(lengths) }),
    apply: ({ weight, bias }, x) => layerNormOf(x, weight, bias, options.epsilon),
  };
}

/** Group normalisation of x [n, channels, ...]; weight and bias [channels]. */
export function groupNorm(
  groups: number,
  channels: number,
  options: { readonly epsilon?: number } = {},
): Layer<Affine> {
  if (channels % groups !== 0) throw new RangeError(`groupNorm: ${groups} groups do not divide ${channels} channels`);
  return {
    init: () => ({ weight: onesArray([channels]), bias: zerosArray([channels]) }),
    apply: ({ weight, bias }, x) => groupNormOf(x, groups, weight, bias, options.epsilon),
  };
}

/**
 * Instance normalisation of x [n, channels, positions, ...]; without variables, as PyTorch's default, or with weight and bias [channels].
 *
 * @param options `affine` default false, epsilon default 1e-5.
 */
export function instanceNorm(
  channels: number,
  options: { readonly affine?: boolean; readonly epsilon?: number } = {},
): Layer<Affine> {
  const { affine = false, epsilon } = options;
  return {
    init: () => (affine ? { weight: onesArray([channels]), bias: zerosArray([channels]) } : {}) as Affine,
    apply: (variables, x) => {
      if (x.shape[1] !== channels)
        throw new RangeError(`instanceNorm: x ${showShape(x.shape)} must be [n, ${channels}, positions, ...]`);
      return instanceNormOf(x, variables.weight, variables.bias, epsilon);
    },
  };
}
