import { customGradient } from '../../autodiff/index.js';
import { isTensor, showShape, type Tensor } from '../../tensor/index.js';
import type { BatchNormStatistics } from '../context.js';

/** `x` less its mean over `axes`, divided by its standard deviation (n in the denominator) with `epsilon` added to the variance. */
export function standardize(
  x: Tensor,
  axes: readonly number[],
  epsilon: number,
): { y: Tensor; mean: Tensor; variance: Tensor } {
  const mean = x.mean(axes, { keepDims: true });
  const centred = x.sub(mean);
  const variance = centred.square().mean(axes, { keepDims: true });
  return { y: centred.div(variance.add(epsilon).sqrt()), mean, variance };
}

/**
 * Layer normalisation over the last axes: (x - mean) / sqrt(variance + epsilon) * weight + bias, with mean and variance of each sample
 * over the axes that `weight` has. Ba, Kiros and Hinton 2016.
 *
 * @param weight of the shape of the last axes of `x`.
 * @param epsilon default 1e-5, PyTorch's.
 */
export function layerNorm(x: Tensor, weight: Tensor, bias?: Tensor, epsilon = 1e-5): Tensor {
  const lead = x.rank - weight.rank;
  if (lead < 0 || weight.shape.some((n, i) => n !== x.shape[lead + i])) {
    throw new RangeError(
      `layerNorm: weight ${showShape(weight.shape)} must have the shape of the last axes of x ${showShape(x.shape)}`,
    );
  }
  const { y } = standardize(
    x,
    weight.shape.map((_, i) => lead + i),
    epsilon,
  );
  const scaled = y.mul(weight);
  return bias ? scaled.add(bias) : scaled;
}

/** A per-channel vector in the shape that broadcasts over x [n, channels, ...]. */
function perChannel(who: string, name: string, vector: Tensor, x: Tensor): Tensor {
  if (x.rank < 2 || vector.rank !== 1 || vector.shape[0] !== x.shape[1]) {
    throw new RangeError(
      `${who}: ${name} ${showShape(vector.shape)} must be [channels] for x ${showShape(x.shape)} of [n, channels, ...]`,
    );
  }
  return vector.reshape([1, -1, ...x.shape.slice(2).map(() => 1)]);
}

/** Mean and variance of each channel, both [channels]. */
export interface ChannelMoments {
  readonly mean: Tensor;
  readonly variance: Tensor;
}

/** Mean and variance (n in the denominator) of each channel of x [n, channels, ...], both [channels]. */
export function channelMoments(x: Tensor): ChannelMoments {
  if (x.rank < 2) throw new RangeError(`channelMoments: x ${showShape(x.shape)} must be [n, channels, ...]`);
  const axes = x.shape.map((_, i) => i).filter((i) => i !== 1);
  const mean = x.mean(axes, { keepDims: true });
  return { mean: mean.reshape([-1]), variance: varianceOf(x, axes) };
}

/**
 * The variance over `axes`. Its derivative 2 (x - mean) / n is given here, as the way through the mean adds up to zero: one pass over x less.
 */
function varianceOf(x: Tensor, axes: readonly number[]): Tensor {
  const centred = (y: Tensor) => y.sub(y.mean(axes, { keepDims: true }));
  return customGradient(
    (y: Tensor) => centred(y).square().mean(axes),
    (ct, [y]) => {
      const kept = y.shape.map((n, i) => (axes.includes(i) ? 1 : n));
      return [centred(y).mul(ct.mul((2 * ct.size) / y.size).reshape(kept))];
    },
  )(x);
}

/**
 * Batch normalisation of x [n, channels, ...] by given statistics: (x - mean) / sqrt(variance + epsilon) * weight + bias, a channel.
 * Written as one multiplication and one addition of the large tensor. Ioffe and Szegedy 2015.
 *
 * @param mean [channels], as are `variance`, `weight` and `bias`; see {@link channelMoments}.
 * @param epsilon default 1e-5, PyTorch's.
 */
export function batchNorm(
  x: Tensor,
  mean: Tensor,
  variance: Tensor,
  weight?: Tensor,
  bias?: Tensor,
  epsilon = 1e-5,
): Tensor {
  const inverse = variance.add(epsilon).sqrt().reciprocal();
  const scale = weight ? weight.mul(inverse) : inverse;
  const shift = mean.mul(scale).neg();
  return x
    .mul(perChannel('batchNorm', 'weight', scale, x))
    .add(perChannel('batchNorm', 'bias', bias ? bias.add(shift) : shift, x));
}

/**
 * Batch normalisation of x [n, channels, ...] by the moments of the batch itself, which it also gives: (x - mean) / sqrt(variance + epsilon) *
 * weight + bias, a channel. Of the large tensors the derivative needs x - mean alone, so x itself may go. Ioffe and Szegedy 2015.
 *
 * @param weight [channels], as is `bias`.
 * @param epsilon default 1e-5, PyTorch's.
 */
export function batchNormByBatch(
  x: Tensor,
  weight?: Tensor,
  bias?: Tensor,
  epsilon = 1e-5,
): ChannelMoments & { readonly y: Tensor } {
  const { mean, variance } = channelMoments(x);
  const inverse = variance.add(epsilon).sqrt().reciprocal();
  const centred = x.sub(perChannel('batchNorm', 'mean', mean, x));
  const scaled = centred.mul(perChannel('batchNorm', 'weight', weight ? weight.mul(inverse) : inverse, x));
  return { y: bias ? scaled.add(perChannel('batchNorm', 'bias', bias, x)) : scaled, mean, variance };
}

/**
 * Calibrated statistics of batch normalisation (alpha-BN), a mixture of those of the source and of the batch x [n, channels, ...]:
 *
 *   mean = alpha source.mean + (1 - alpha) batch.mean,   variance = alpha source.variance + (1 - alpha) batch.variance.
 *
 * Variances are mixed, without a term for the distance of the means. The batch's moments carry derivatives. At alpha = 1 the batch is not
 * looked at. You et al. 2021 (arXiv 2110.04065).
 *
 * @param source the running statistics of training.
 * @param statistics `sourceWeight` is alpha, the paper's; other code calls the weight of the batch so. `unbiased` default false.
 * @throws RangeError for a weight outside [0, 1], and, where nothing but the batch counts or its variance is unbiased, for a batch with fewer
 * than two values a channel.
 */
export function calibratedMoments(
  x: Tensor,
  source: ChannelMoments,
  { sourceWeight, unbiased = false }: BatchNormStatistics,
): ChannelMoments {
  if (isTensor(sourceWeight) ? sourceWeight.size !== 1 : !(sourceWeight >= 0 && sourceWeight <= 1))
    throw new RangeError(
      `calibratedMoments: sourceWeight ${isTensor(sourceWeight) ? showShape(sourceWeight.shape) : sourceWeight} must be a number in [0, 1]`,
    );
  if (sourceWeight === 1) return source;
  const { mean, variance } = channelMoments(x);
  const n = x.size / x.shape[1];
  if (n < 2 && (sourceWeight === 0 || unbiased))
    throw new RangeError(`calibratedMoments: x ${showShape(x.shape)} has fewer than two values a channel`);
  const own = unbiased ? variance.mul(n / (n - 1)) : variance;
  if (sourceWeight === 0) return { mean, variance: own };
  const weight = isTensor(sourceWeight) ? sourceWeight.cast(x.dtype).reshape([]) : sourceWeight;
  // Written with both weights, so that a weight of 1 or 0 that is a tensor gives either side exactly.
  const rest = isTensor(weight) ? weight.neg().add(1) : 1 - weight;
  const mixed = (a: Tensor, b: Tensor) => a.mul(weight).add(b.mul(rest));
  return { mean: mixed(source.mean, mean), variance: mixed(source.variance, own) };
}

/** Batch normalisation by {@link calibratedMoments}; where nothing but the batch counts, what training computes, bit for bit. */
export function calibratedBatchNorm(
  x: Tensor,
  source: ChannelMoments,
  statistics: BatchNormStatistics,
  weight?: Tensor,
  bias?: Tensor,
  epsilon?: number,
): Tensor {
  const { mean, variance } = calibratedMoments(x, source, statistics);
  if (statistics.sourceWeight === 0 && !statistics.unbiased) return batchNormByBatch(x, weight, bias, epsilon).y;
  return batchNorm(x, mean, variance, weight, bias, epsilon);
}

/**
 * Group normalisation of x [n, channels, ...]: channels in `groups` equal groups, each standardised within each sample, then scaled and
 * shifted a channel. Wu and He 2018. One group is layer normalisation over all but the batch; as many as channels is instance
 * normalisation.
 *
 * @throws RangeError for x without channels, and for groups that do not divide them.
 */
export function groupNorm(x: Tensor, groups: number, weight?: Tensor, bias?: Tensor, epsilon = 1e-5): Tensor {
  if (x.rank < 2) throw new RangeError(`groupNorm: x ${showShape(x.shape)} must be [n, channels, ...]`);
  const [n, channels] = x.shape;
  if (!(groups > 0) || channels % groups !== 0)
    throw new RangeError(`groupNorm: ${groups} groups do not divide the channels of x ${showShape(x.shape)}`);
  const { y } = standardize(x.reshape([n, groups, -1]), [2], epsilon);
  let result = y.reshape(x.shape);
  if (weight) result = result.mul(perChannel('groupNorm', 'weight', weight, x));
  return bias ? result.add(perChannel('groupNorm', 'bias', bias, x)) : result;
}

/**
 * Instance normalisation of x [n, channels, ...]: each channel of each sample standardised over its own positions, then scaled and shifted a
 * channel. Ulyanov, Vedaldi and Lempitsky 2016.
 *
 * @throws RangeError when x has no axes beside those, as one position has no variance.
 */
export function instanceNorm(x: Tensor, weight?: Tensor, bias?: Tensor, epsilon = 1e-5): Tensor {
  if (x.rank < 3) throw new RangeError(`instanceNorm: x ${showShape(x.shape)} must be [n, channels, positions, ...]`);
  return groupNorm(x, x.shape[1], weight, bias, epsilon);
}

/**
 * The weight of a direction and a length: g v / |v|, with one length for each position along `axis` (default 0, the outputs). Salimans and
 * Kingma 2016, equation 2.
 *
 * @param length of the shape of `direction` with ones beside `axis`. A direction of zeros gives zeros.
 */
export function weightNorm(direction: Tensor, length: Tensor, axis = 0): Tensor {
  const axes = direction.shape.map((_, i) => i).filter((i) => i !== axis);
  return direction.div(direction.norm(axes, { keepDims: true }).maximum(1e-12)).mul(length);
}
