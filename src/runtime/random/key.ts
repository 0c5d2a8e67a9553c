import {
  constant,
  hostOp,
  isInteger,
  isNDArray,
  isTensor,
  type NDArray,
  type Spec,
  showShape,
  type Tensor,
} from '../../tensor/index.js';
import { threefry } from './threefry.js';

/** A random key: two 32-bit words, int32 [2]. The same key always gives the same numbers, on every device. */
export type Key = NDArray<'int32'>;

// The upper word of the counter tells what a block is drawn for, so that keys and numbers never share one.
const forSplitting = 0x80000001 | 0;
const forFolding = 0x80000002 | 0;
const forFoldingUpperWord = 0x80000003 | 0;

const spec: Spec = { shape: [2], dtype: 'int32' };

/**
 * The key of a seed: its upper and lower 32 bits.
 *
 * @param seed an integer from 0 to 2^64 - 1; a `number` up to 2^53 - 1.
 * @throws RangeError for any other seed.
 */
export function key(seed: number | bigint): Key {
  if (typeof seed === 'number' && !Number.isSafeInteger(seed))
    throw new RangeError(`key: seed ${seed} must be an integer below 2^53, or a bigint`);
  const value = BigInt(seed);
  if (value < 0n || value >= 1n << 64n) throw new RangeError(`key: seed ${seed} must be from 0 to 2^64 - 1`);
  return { data: Int32Array.of(Number(value >> 32n) | 0, Number(value & 0xffffffffn) | 0), shape: [2], dtype: 'int32' };
}

/** The two words of a key. @throws TypeError naming `who` when it is none. */
export function wordsOf(who: string, key: NDArray): [number, number] {
  if (!isNDArray(key)) throw new TypeError(`${who}: key must be int32 [2], made by key()`);
  if (key.dtype !== 'int32' || key.shape.length !== 1 || key.data.length !== 2)
    throw new TypeError(`${who}: key must be int32 [2], made by key(), not ${key.dtype} ${showShape(key.shape)}`);
  return [key.data[0] as number, key.data[1] as number];
}

/** @throws TypeError naming `who` unless the tensor can be a key. */
export function requireKey(who: string, key: Tensor): void {
  if (key.dtype !== 'int32' || key.shape.length !== 1 || key.shape[0] !== 2)
    throw new TypeError(`${who}: key must be int32 [2], not ${key}`);
}

function derived(who: string, parent: NDArray, low: number, high: number): Key {
  const [k0, k1] = wordsOf(who, parent);
  const words = new Uint32Array(2);
  threefry(k0, k1, low, high, words);
  return { data: new Int32Array(words.buffer), shape: [2], dtype: 'int32' };
}

const splitOp = hostOp<{ child: number }>({
  name: 'SplitKey',
  infer: () => spec,
  run: ([parent], { child }) => [derived('split', parent, child, forSplitting)],
});

const foldOp = hostOp({
  name: 'FoldInKey',
  infer: () => spec,
  run: ([parent, data]) => [folded(parent, Number(data.data[0]))],
});

function folded(parent: NDArray, data: number): Key {
  if (!Number.isSafeInteger(data)) throw new RangeError(`foldIn: data ${data} must be an integer of at most 53 bits`);
  const low = derived('foldIn', parent, data | 0, forFolding);
  const upperWord = Math.floor(data / 4294967296);
  return upperWord === 0 ? low : derived('foldIn', low, upperWord | 0, forFoldingUpperWord);
}

/**
 * `n` keys whose streams are independent of each other and of their parent's: child i is the Threefry block of the parent at
 * counter i, in a part of the counters that no numbers are drawn from. A symbolic key gives symbolic children.
 *
 * @param n number of children, default 2.
 * @throws RangeError for a negative or fractional n, TypeError for what is no key.
 */
export function split<K extends Key | Tensor>(key: K, n = 2): K[] {
  if (!Number.isInteger(n) || n < 0) throw new RangeError(`split: n ${n} must be a non-negative integer`);
  const children = Array.from({ length: n }, (_, child) => child);
  if (isTensor(key)) {
    requireKey('split', key);
    return children.map((child) => splitOp([key], { child })[0] as K);
  }
  return children.map((child) => derived('split', key, child, forSplitting) as K);
}

/**
 * The key that belongs to `data` under `key`: one for each integer, such as the number of a step, independent of the parent, of its
 * children by {@link split} and of each other.
 *
 * @param data an integer of at most 53 bits, negative ones too; beside a symbolic key also an integer tensor of one element.
 * @throws RangeError for another number, TypeError for what is no key or no integer tensor.
 */
export function foldIn<K extends Key | Tensor>(key: K, data: number | Tensor): K {
  if (isTensor(key)) {
    requireKey('foldIn', key);
    if (!isTensor(data) && !Number.isSafeInteger(data))
      throw new RangeError(`foldIn: data ${data} must be an integer of at most 53 bits`);
    const number = isTensor(data) ? data : constant(data, 'int64');
    if (!isInteger(number.dtype) || number.size !== 1)
      throw new TypeError(`foldIn: data must be an integer tensor of one element, not ${number}`);
    return foldOp([key, number], {})[0] as K;
  }
  if (isTensor(data)) throw new TypeError('foldIn: a concrete key takes a number, not a tensor');
  return folded(key, data) as K;
}
