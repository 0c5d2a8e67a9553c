import { truncatedNormal as drawTruncatedNormal, type Key, normal, uniform } from '../runtime/random/index.js';
import { type NDArray, type Shape, sizeOf, zerosArray } from '../tensor/index.js';

/** Inputs and outputs of one unit of a weight [out, in, ...kernel]. */
export function fans(shape: Shape): { fanIn: number; fanOut: number } {
  if (shape.length < 2) throw new RangeError(`fans: a weight of shape [${shape.join(', ')}] needs two axes`);
  const kernel = sizeOf(shape.slice(2));
  return { fanIn: shape[1] * kernel, fanOut: shape[0] * kernel };
}

/** An initial value: numbers for a shape, from a key. */
export type Initializer = (key: Key, shape: Shape) => NDArray<'float32'>;

export interface KaimingOptions {
  /** Count the inputs (keeps the variance of activations) or the outputs (of gradients). Default `in`. */
  readonly fan?: 'in' | 'out';
  /** Gain of the nonlinearity that follows: sqrt(2) for ReLU (default), sqrt(2 / (1 + a^2)) for leaky ReLU of slope a. */
  readonly gain?: number;
}

/** Uniform in (-b, b) with b = gain sqrt(3 / fan). He et al. 2015. */
export function kaimingUniform({ fan = 'in', gain = Math.SQRT2 }: KaimingOptions = {}): Initializer {
  return (key, shape) => symmetric(key, shape, gain * Math.sqrt(3 / chosen(shape, fan)));
}

/** Normal with standard deviation gain / sqrt(fan). He et al. 2015. */
export function kaimingNormal({ fan = 'in', gain = Math.SQRT2 }: KaimingOptions = {}): Initializer {
  return (key, shape) => normal(key, shape, { deviation: gain / Math.sqrt(chosen(shape, fan)) });
}

function chosen(shape: Shape, fan: 'in' | 'out'): number {
  return fan === 'in' ? fans(shape).fanIn : fans(shape).fanOut;
}

/** Uniform in (-b, b) with b = gain sqrt(6 / (fanIn + fanOut)). Glorot and Bengio 2010. */
export function xavierUniform(gain = 1): Initializer {
  return (key, shape) => symmetric(key, shape, gain * Math.sqrt(6 / (fans(shape).fanIn + fans(shape).fanOut)));
}

/** Normal with standard deviation gain sqrt(2 / (fanIn + fanOut)). Glorot and Bengio 2010. */
export function xavierNormal(gain = 1): Initializer {
  return (key, shape) =>
    normal(key, shape, { deviation: gain * Math.sqrt(2 / (fans(shape).fanIn + fans(shape).fanOut)) });
}

/**
 * Normal with the given standard deviation (default 1), nothing outside `lower` to `upper` (-2 and 2). As in PyTorch's trunc_normal_ the
 * limits are values, not multiples of the deviation.
 */
export function truncatedNormal({
  deviation = 1,
  lower = -2,
  upper = 2,
}: {
  readonly deviation?: number;
  readonly lower?: number;
  readonly upper?: number;
} = {}): Initializer {
  return (key, shape) =>
    drawTruncatedNormal(key, shape, { deviation, lower: lower / deviation, upper: upper / deviation });
}

/** Uniform in (-bound, bound). */
export function symmetric(key: Key, shape: Shape, bound: number): NDArray<'float32'> {
  return bound > 0 ? uniform(key, shape, { low: -bound, high: bound }) : zerosArray(shape);
}

/** PyTorch's default for linear and convolution weights: Kaiming uniform with a = sqrt(5), that is, bound 1 / sqrt(fanIn). */
export const defaultWeight: Initializer = (key, shape) => symmetric(key, shape, 1 / Math.sqrt(fans(shape).fanIn));

/** PyTorch's default for their biases: uniform with bound 1 / sqrt(fanIn) of the weight. */
export function defaultBias(weightShape: Shape): Initializer {
  return (key, shape) => symmetric(key, shape, 1 / Math.sqrt(fans(weightShape).fanIn));
}

/** An array of ones. */
export function onesArray(shape: Shape): NDArray<'float32'> {
  const ones = zerosArray(shape);
  ones.data.fill(1);
  return ones;
}
