import { isFloat, isTensor, type NDArray, type Shape, showShape, sizeOf, type Tensor } from '../../tensor/index.js';
import { broadcastShapes, checkShape, sameShape, stridesOf } from '../../tensor/shape.js';
import { gumbel } from './continuous.js';
import * as draws from './draw.js';
import { type Key, wordsOf } from './key.js';
import { check, type Drawn, type FloatDType, lift } from './lift.js';

const drawBernoulli = lift('bernoulli', draws.bernoulli);
const drawRandint = lift('randint', draws.randint);
const drawPermutation = lift('permutation', draws.permutation);

/**
 * Independent random words of 32 bits. Concrete keys only.
 *
 * @param size their number.
 * @throws RangeError for a negative or fractional size, TypeError for what is no key.
 */
export function bits(key: Key, size: number): Uint32Array {
  check(Number.isInteger(size) && size >= 0, () => `bits: size ${size} must be a non-negative integer`);
  const [k0, k1] = wordsOf('bits', key);
  return draws.words(k0, k1, size);
}

/**
 * Booleans that are true with the given probability (to 1 part in 2^32).
 *
 * @param shape of the result.
 * @param options `probability`, in [0, 1], default 1/2; 0 and 1 are exact.
 * @throws RangeError for another probability.
 */
export function bernoulli<K extends Key | Tensor>(
  key: K,
  shape: Shape,
  options: { probability?: number } = {},
): Drawn<K, 'bool'> {
  const { probability = 0.5 } = options;
  check(probability >= 0 && probability <= 1, () => `bernoulli: probability ${probability} must lie in [0, 1]`);
  return drawBernoulli(key, shape, 'bool', { probability });
}

/**
 * Integers from `low` to `high` - 1, all exactly equally likely.
 *
 * @param shape of the result.
 * @param options `low`, default 0, from -2^31; `high`, up to 2^31.
 * @throws RangeError unless both are such integers with low < high.
 */
export function randint<K extends Key | Tensor>(
  key: K,
  shape: Shape,
  options: { low?: number; high: number },
): Drawn<K, 'int32'> {
  const { low = 0, high } = options;
  check(
    Number.isInteger(low) && Number.isInteger(high) && low < high && low >= -2147483648 && high <= 2147483648,
    () => `randint: low ${low} and high ${high} must be integers from -2^31 to 2^31, low below high`,
  );
  return drawRandint(key, shape, 'int32', { low, high });
}

/**
 * The numbers 0 .. n - 1 in random order, int32 [n], all orders equally likely (Fisher and Yates' shuffle).
 *
 * @throws RangeError for a negative or fractional n.
 */
export function permutation<K extends Key | Tensor>(key: K, n: number): Drawn<K, 'int32'> {
  check(Number.isInteger(n) && n >= 0, () => `permutation: n ${n} must be a non-negative integer`);
  return drawPermutation(key, [n], 'int32', {});
}

/**
 * Class indices, int32, with probabilities softmax(logits) along the last axis: argmax_k (logits_k + G_k), with G standard Gumbel
 * numbers. Both arguments concrete, or both symbolic; both give the same classes. A class of logit -Infinity is drawn only where
 * all of its row are, and then the first is.
 *
 * @param logits float32 or float64 [..., classes].
 * @param options `shape` of the result, to which logits' leading axes broadcast; default those axes themselves. `{ shape: [n] }` with
 * logits [classes] draws n times from one distribution.
 * @throws RangeError where logits have no class or do not broadcast, TypeError where they are no floats.
 */
export function categorical(key: Key, logits: NDArray, options?: { shape?: Shape }): NDArray<'int32'>;
export function categorical(key: Tensor, logits: Tensor, options?: { shape?: Shape }): Tensor;
export function categorical(
  key: Key | Tensor,
  logits: NDArray | Tensor,
  options: { shape?: Shape } = {},
): NDArray<'int32'> | Tensor {
  const leading = logits.shape.slice(0, -1);
  const classes = logits.shape[logits.shape.length - 1] ?? 0;
  check(classes > 0, () => `categorical: logits ${showShape(logits.shape)} must have classes along the last axis`);
  if (!isFloat(logits.dtype)) throw new TypeError(`categorical: logits must be floats, not ${logits.dtype}`);
  const { shape = leading } = options;
  checkShape('categorical', shape);
  check(
    sameShape(broadcastShapes('categorical', shape, leading), shape),
    () => `categorical: logits ${showShape(logits.shape)} do not broadcast to ${showShape([...shape, classes])}`,
  );
  const dtype = logits.dtype as FloatDType;
  if (isTensor(key) && isTensor(logits)) return logits.add(gumbel(key, [...shape, classes], { dtype })).argmax(-1);
  if (isTensor(key) || isTensor(logits))
    throw new TypeError('categorical: key and logits must be both concrete or both symbolic');
  const noisy = gumbel(key, [...shape, classes], { dtype }).data;
  const rowOf = broadcastRows(leading, shape);
  const chosen = new Int32Array(sizeOf(shape));
  for (let i = 0; i < chosen.length; i++) {
    const row = rowOf(i) * classes;
    const to = i * classes;
    // Sums are rounded to the dtype, as the symbolic form's are.
    for (let j = 0; j < classes; j++) noisy[to + j] += logits.data[row + j] as number;
    for (let j = 1; j < classes; j++) if (noisy[to + j] > noisy[to + chosen[i]]) chosen[i] = j;
  }
  return { data: chosen, shape: [...shape], dtype: 'int32' };
}

/** Where in an array of shape `from` each flat index of its broadcast to `to` lies. */
function broadcastRows(from: Shape, to: Shape): (index: number) => number {
  if (sameShape(from, to)) return (index) => index;
  const strides = stridesOf(from);
  const outer = stridesOf(to);
  const offset = to.length - from.length;
  return (index) =>
    from.reduce(
      (row, n, axis) => (n === 1 ? row : row + (Math.floor(index / outer[offset + axis]) % n) * strides[axis]),
      0,
    );
}
