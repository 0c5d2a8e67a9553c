import { type NDArray, ndarray, type Tensor, zerosArray } from '../../tensor/index.js';
import { groupNorm as groupNormOf, layerNorm as layerNormOf, perChannel } from '../functional/normalization.js';
import { onesArray } from '../initializers.js';
import type { Layer } from '../layer.js';

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
 * Otherwise the running statistics take the place of m and v.
 *
 * @param options momentum default 0.1, epsilon default 1e-5.
 * @throws RangeError in training when there is one value a feature, whose variance says nothing.
 */
export function batchNorm(
  features: number,
  options: { readonly momentum?: number; readonly epsilon?: number } = {},
): Layer<BatchNormVariables> {
  const { momentum = 0.1, epsilon = 1e-5 } = options;
  return {
    init: () => ({
      weight: onesArray([features]),
      bias: zerosArray([features]),
      running_mean: zerosArray([features]),
      running_var: onesArray([features]),
      num_batches_tracked: ndarray(BigInt64Array.of(0n), { shape: [] }),
    }),
    apply: (variables, x, context) => {
      const {
        weight,
        bias,
        running_mean: runningMean,
        running_var: runningVariance,
        num_batches_tracked: count,
      } = variables;
      if (!context.training) return affine(x, runningMean, runningVariance, weight, bias, epsilon);
      const axes = x.shape.map((_, i) => i).filter((i) => i !== 1);
      const n = x.size / features;
      if (n < 2)
        throw new RangeError(`batchNorm: x [${x.shape.join(', ')}] has one value a feature; training needs more`);
      const mean = x.mean(axes);
      const variance = x.sub(perChannel(mean, x)).square().mean(axes);
      const blend = (old: Tensor, now: Tensor) => old.mul(1 - momentum).add(now.mul(momentum));
      context.update(runningMean, blend(runningMean, mean));
      context.update(runningVariance, blend(runningVariance, variance.mul(n / (n - 1))));
      context.update(count, count.add(1));
      return affine(x, mean, variance, weight, bias, epsilon);
    },
  };
}

/** (x - mean) / sqrt(variance + epsilon) * weight + bias, as one multiplication and one addition of the large tensor. */
function affine(x: Tensor, mean: Tensor, variance: Tensor, weight: Tensor, bias: Tensor, epsilon: number): Tensor {
  const scale = weight.div(variance.add(epsilon).sqrt());
  return x.mul(perChannel(scale, x)).add(perChannel(bias.sub(mean.mul(scale)), x));
}

/** Layer normalisation over the last axes, of the given lengths; weight and bias of that shape. */
export function layerNorm(
  shape: number | readonly number[],
  options: { readonly epsilon?: number } = {},
): Layer<{ readonly weight: NDArray; readonly bias: NDArray }> {
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
): Layer<{ readonly weight: NDArray; readonly bias: NDArray }> {
  return {
    init: () => ({ weight: onesArray([channels]), bias: zerosArray([channels]) }),
    apply: ({ weight, bias }, x) => groupNormOf(x, groups, weight, bias, options.epsilon),
  };
}
