/**
 * Random keys and what is drawn from them. Every function takes a concrete key and gives concrete numbers, or a symbolic key, inside a
 * compiled function, and gives a tensor: the same numbers, drawn on the host before the program runs. Nothing drawn has a derivative.
 */
import {
  allocate,
  type DType,
  hostOp,
  isTensor,
  type NDArray,
  type Shape,
  sizeOf,
  type Tensor,
} from '../../tensor/index.js';
import { checkShape } from '../../tensor/shape.js';
import type { Attributes } from '../../tensor/tensor.js';
import * as draws from './draw.js';
import { type Key, requireKey, wordsOf } from './key.js';

export { foldIn, type Key, key, split } from './key.js';

type FloatDType = 'float32' | 'float64';

/** Concrete numbers for a concrete key, a tensor for a symbolic one. */
type Drawn<K, D extends DType> = K extends Tensor ? Tensor : NDArray<D>;

type Drawable = Float32Array | Float64Array | Int32Array | Uint8Array;

/** A distribution for both kinds of keys. */
function distribution<P extends Attributes>(name: string, draw: draws.Draw<P>) {
  const fill = (key: NDArray, shape: Shape, dtype: DType, params: P): NDArray => {
    const [k0, k1] = wordsOf(name, key);
    const data = allocate(dtype, sizeOf(shape));
    draw(k0, k1, data as Drawable, params);
    return { data, shape, dtype };
  };
  const symbolic = hostOp<P & { shape: readonly number[]; dtype: string }>({
    name: `random.${name}`,
    infer: (_, { shape, dtype }) => ({ shape, dtype: dtype as DType }),
    run: ([key], { shape, dtype, ...params }) => [fill(key, shape, dtype as DType, params as unknown as P)],
  });
  return <K extends Key | Tensor, D extends DType>(key: K, shape: Shape, dtype: D, params: P): Drawn<K, D> => {
    checkShape(name, shape);
    if (!isTensor(key)) return fill(key, [...shape], dtype, params) as Drawn<K, D>;
    requireKey(name, key);
    return symbolic([key], { ...params, shape: [...shape], dtype })[0] as Drawn<K, D>;
  };
}

const uniformOf = distribution('uniform', draws.uniform);
const normalOf = distribution('normal', draws.normal);
const truncatedNormalOf = distribution('truncatedNormal', draws.truncatedNormal);
const bernoulliOf = distribution('bernoulli', draws.bernoulli);
const randintOf = distribution('randint', draws.randint);
const exponentialOf = distribution('exponential', draws.exponential);
const gumbelOf = distribution('gumbel', draws.gumbel as draws.Draw<Attributes>);
const gammaOf = distribution('gamma', draws.gamma);
const betaOf = distribution('beta', draws.beta);
const dirichletOf = distribution('dirichlet', draws.dirichlet);
const permutationOf = distribution('permutation', draws.permutation as draws.Draw<Attributes>);

function require(condition: boolean, message: string): void {
  if (!condition) throw new RangeError(message);
}

/** `size` independent 32-bit words. Concrete keys only. */
export function bits(key: Key, size: number): Uint32Array {
  require(Number.isInteger(size) && size >= 0, `bits: size ${size} must be a non-negative integer`);
  const [k0, k1] = wordsOf('bits', key);
  return draws.words(k0, k1, size);
}

/** Uniform numbers in [low, high), default [0, 1): 24 random bits in float32, 53 in float64. */
export function uniform<K extends Key | Tensor, D extends FloatDType = 'float32'>(
  key: K,
  shape: Shape,
  options: { low?: number; high?: number; dtype?: D } = {},
): Drawn<K, D> {
  const { low = 0, high = 1, dtype = 'float32' as D } = options;
  require(low < high && Number.isFinite(high - low), `uniform: low ${low} must be below high ${high}`);
  return uniformOf(key, shape, dtype, { low, high });
}

/** Normal numbers of the given mean (0) and standard deviation (1), by the inverse distribution function. */
export function normal<K extends Key | Tensor, D extends FloatDType = 'float32'>(
  key: K,
  shape: Shape,
  options: { mean?: number; deviation?: number; dtype?: D } = {},
): Drawn<K, D> {
  const { mean = 0, deviation = 1, dtype = 'float32' as D } = options;
  require(deviation >= 0, `normal: deviation ${deviation} must not be negative`);
  return normalOf(key, shape, dtype, { mean, deviation });
}

/** Normal numbers restricted to `lower` to `upper` (-2 and 2) standard deviations from the mean. */
export function truncatedNormal<K extends Key | Tensor, D extends FloatDType = 'float32'>(
  key: K,
  shape: Shape,
  options: { lower?: number; upper?: number; mean?: number; deviation?: number; dtype?: D } = {},
): Drawn<K, D> {
  const { lower = -2, upper = 2, mean = 0, deviation = 1, dtype = 'float32' as D } = options;
  require(lower < upper, `truncatedNormal: lower ${lower} must be below upper ${upper}`);
  require(draws.normalCumulative(upper) >
    draws.normalCumulative(lower), `truncatedNormal: nothing lies between ${lower} and ${upper} deviations`);
  return truncatedNormalOf(key, shape, dtype, { lower, upper, mean, deviation });
}

/** True with the given probability, default 1/2. */
export function bernoulli<K extends Key | Tensor>(
  key: K,
  shape: Shape,
  options: { probability?: number } = {},
): Drawn<K, 'bool'> {
  const { probability = 0.5 } = options;
  require(probability >= 0 && probability <= 1, `bernoulli: probability ${probability} must lie in [0, 1]`);
  return bernoulliOf(key, shape, 'bool', { probability });
}

/** Integers from `low` to `high` - 1, all equally likely (to 1 part in 2^21 for the widest range). */
export function randint<K extends Key | Tensor>(
  key: K,
  shape: Shape,
  options: { low?: number; high: number },
): Drawn<K, 'int32'> {
  const { low = 0, high } = options;
  require(Number.isInteger(low) &&
    Number.isInteger(high) &&
    low < high, `randint: low ${low} and high ${high} must be integers, low below high`);
  return randintOf(key, shape, 'int32', { low, high });
}

/** Exponential numbers: density rate e^(-rate x), default rate 1. */
export function exponential<K extends Key | Tensor, D extends FloatDType = 'float32'>(
  key: K,
  shape: Shape,
  options: { rate?: number; dtype?: D } = {},
): Drawn<K, D> {
  const { rate = 1, dtype = 'float32' as D } = options;
  require(rate > 0, `exponential: rate ${rate} must be positive`);
  return exponentialOf(key, shape, dtype, { rate });
}

/** Standard Gumbel numbers: -log(-log(U)). */
export function gumbel<K extends Key | Tensor, D extends FloatDType = 'float32'>(
  key: K,
  shape: Shape,
  options: { dtype?: D } = {},
): Drawn<K, D> {
  return gumbelOf(key, shape, options.dtype ?? ('float32' as D), {});
}

/** Gamma numbers of shape `concentration` and scale 1. */
export function gamma<K extends Key | Tensor, D extends FloatDType = 'float32'>(
  key: K,
  shape: Shape,
  options: { concentration: number; dtype?: D },
): Drawn<K, D> {
  const { concentration, dtype = 'float32' as D } = options;
  require(concentration > 0, `gamma: concentration ${concentration} must be positive`);
  return gammaOf(key, shape, dtype, { concentration });
}

/** Beta numbers; exact for parameters far below 1, as mixup uses them. */
export function beta<K extends Key | Tensor, D extends FloatDType = 'float32'>(
  key: K,
  shape: Shape,
  options: { alpha: number; beta: number; dtype?: D },
): Drawn<K, D> {
  const { alpha, beta: other, dtype = 'float32' as D } = options;
  require(alpha > 0 && other > 0, `beta: alpha ${alpha} and beta ${other} must be positive`);
  return betaOf(key, shape, dtype, { alpha, beta: other });
}

/** Probability vectors from a Dirichlet distribution: the result has one more axis, of the length of `concentration`. */
export function dirichlet<K extends Key | Tensor, D extends FloatDType = 'float32'>(
  key: K,
  shape: Shape,
  options: { concentration: readonly number[]; dtype?: D },
): Drawn<K, D> {
  const { concentration, dtype = 'float32' as D } = options;
  require(concentration.length > 0 &&
    concentration.every(
      (c) => c > 0,
    ), `dirichlet: concentration [${concentration.join(', ')}] must be positive numbers`);
  return dirichletOf(key, [...shape, concentration.length], dtype, { concentration: [...concentration] });
}

/** The numbers 0 .. n - 1 in random order. */
export function permutation<K extends Key | Tensor>(key: K, n: number): Drawn<K, 'int32'> {
  require(Number.isInteger(n) && n >= 0, `permutation: n ${n} must be a non-negative integer`);
  return permutationOf(key, [n], 'int32', {});
}

/**
 * One class for each row of `logits` [..., classes], with probabilities softmax(logits): the largest of the logits with Gumbel noise
 * added. Both arguments concrete, or both symbolic.
 */
export function categorical(key: Key, logits: NDArray): NDArray<'int32'>;
export function categorical(key: Tensor, logits: Tensor): Tensor;
export function categorical(key: Key | Tensor, logits: NDArray | Tensor): NDArray<'int32'> | Tensor {
  require(logits.shape.length > 0 &&
    logits.shape[logits.shape.length - 1] >
      0, `categorical: logits [${logits.shape.join(', ')}] must have classes along the last axis`);
  if (isTensor(key) && isTensor(logits))
    return logits.add(gumbel(key, logits.shape, { dtype: logits.dtype as FloatDType })).argmax(-1);
  if (isTensor(key) || isTensor(logits))
    throw new TypeError('categorical: key and logits must be both concrete or both symbolic');
  const classes = logits.shape[logits.shape.length - 1];
  const noise = gumbel(key, logits.shape, { dtype: 'float64' }).data;
  const chosen = new Int32Array(noise.length / classes);
  for (let row = 0; row < chosen.length; row++) {
    let best = -Infinity;
    for (let j = 0; j < classes; j++) {
      const value = Number(logits.data[row * classes + j]) + noise[row * classes + j];
      if (value > best) [best, chosen[row]] = [value, j];
    }
  }
  return { data: chosen, shape: logits.shape.slice(0, -1), dtype: 'int32' };
}
