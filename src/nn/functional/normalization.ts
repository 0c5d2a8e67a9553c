import { showShape, type Tensor } from '../../tensor/index.js';

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
export function perChannel(vector: Tensor, x: Tensor): Tensor {
  if (vector.rank !== 1 || vector.shape[0] !== x.shape[1]) {
    throw new RangeError(`channels of x ${showShape(x.shape)} and the vector ${showShape(vector.shape)} differ`);
  }
  return vector.reshape([1, -1, ...x.shape.slice(2).map(() => 1)]);
}

/**
 * Group normalisation of x [n, channels, ...]: channels in `groups` equal groups, each standardised within each sample, then scaled and
 * shifted a channel. Wu and He 2018. One group is layer normalisation over all but the batch; as many as channels is instance
 * normalisation.
 */
export function groupNorm(x: Tensor, groups: number, weight?: Tensor, bias?: Tensor, epsilon = 1e-5): Tensor {
  const [n, channels, ...lengths] = x.shape;
  if (x.rank < 2 || channels % groups !== 0)
    throw new RangeError(`groupNorm: ${groups} groups do not divide the channels of x ${showShape(x.shape)}`);
  const { y } = standardize(x.reshape([n, groups, -1]), [2], epsilon);
  let result = y.reshape([n, channels, ...lengths]);
  if (weight) result = result.mul(perChannel(weight, x));
  return bias ? result.add(perChannel(bias, x)) : result;
}
