import { arange, concat, isFloat, showShape, stack, type Tensor } from '../../tensor/index.js';
import { type OnnxOperator, type OperatorCall, type Results, results } from '../operator.js';

/** [n, steps, heads size] as [n, heads, steps, size]; what has four axes stays. */
export function splitHeads(x: Tensor, heads: number): Tensor {
  if (x.rank === 4) return x;
  const [n, steps, width] = x.shape;
  if (x.rank !== 3 || !(heads > 0) || width % heads !== 0)
    throw new RangeError(`${showShape(x.shape)} does not divide into ${heads} heads`);
  return x.reshape([n, steps, heads, width / heads]).swapAxes(1, 2);
}

export const joinHeads = (x: Tensor) => x.swapAxes(1, 2).flatten(2);

/** Which keys a query may look at: true where j <= i + offset + right and j >= i + offset - left, unbounded where undefined. */
function inWindow(queries: number, keys: number, offset: Tensor | number, left?: number, right?: number): Tensor {
  const distance = arange(keys).sub(arange(queries).expandDims(1).add(offset));
  const within = right === undefined ? distance.equal(distance) : distance.lessEqual(right);
  return left === undefined ? within : within.and(distance.greaterEqual(-left));
}

/** Keys that no mask forbids, broadcast to [n, heads, queries, keys], and what is added to their scores. */
function maskOf(call: OperatorCall, queries: number, keys: number, past: number): { allowed?: Tensor; bias?: Tensor } {
  const mask = call.optional(3);
  const valid = call.optional(6)?.cast('int32').reshape([-1, 1, 1, 1]);
  const parts: Tensor[] = [];
  let bias: Tensor | undefined;
  if (mask) {
    const missing = keys - mask.shape[mask.rank - 1];
    const float = isFloat(mask.dtype);
    const widths = mask.shape.map((_, i): [number, number] => [0, i === mask.rank - 1 ? Math.max(missing, 0) : 0]);
    const whole = missing > 0 ? mask.pad(widths, float ? Number.NEGATIVE_INFINITY : 0) : mask;
    if (float) bias = whole;
    parts.push(float ? whole.greater(Number.NEGATIVE_INFINITY) : whole);
  }
  const side = (name: string) => {
    const size = call.integer(name, -1);
    return size < 0 ? undefined : size;
  };
  const left = side('left_window_size');
  const causal = call.integer('is_causal', 0) === 1;
  const right = causal ? 0 : side('right_window_size');
  const offset = past > 0 || !valid ? past : valid.sub(queries);
  if (left !== undefined || right !== undefined) parts.push(inWindow(queries, keys, offset, left, right));
  if (valid) parts.push(arange(keys).less(valid));
  return { allowed: parts.length > 0 ? parts.reduce((a, b) => a.and(b)) : undefined, bias };
}

/** softmax(softcap(q k^T scale) + mask) v, in groups of heads that share keys, after keys and values of the past. */
function attention(call: OperatorCall): Results {
  const packed = call.tensor(0).rank === 3;
  const heads = call.integer('q_num_heads', 0);
  const query = splitHeads(call.tensor(0), heads);
  const shared = call.integer('kv_num_heads', 0);
  const ownKey = splitHeads(call.tensor(1), shared);
  const ownValue = splitHeads(call.tensor(2), shared);
  const [pastKey, pastValue] = [call.optional(4), call.optional(5)];
  const key = pastKey ? concat([pastKey, ownKey], 2) : ownKey;
  const value = pastValue ? concat([pastValue, ownValue], 2) : ownValue;
  const [queries, keys] = [query.shape[2], key.shape[2]];
  const each = query.shape[1] / key.shape[1];
  if (!Number.isInteger(each)) throw new RangeError(`${query.shape[1]} heads do not share ${key.shape[1]} of keys`);
  const repeated = (x: Tensor) => (each === 1 ? x : x.repeat(each, 1));
  const scale = Math.sqrt(call.float('scale', 1 / Math.sqrt(query.shape[3])));
  const products = query.mul(scale).matmul(repeated(key).mul(scale).swapAxes(2, 3));
  const cap = call.float('softcap', 0);
  const scores = cap > 0 ? products.div(cap).tanh().mul(cap) : products;
  const { allowed, bias } = maskOf(call, queries, keys, pastKey ? pastKey.shape[2] : 0);
  const biased = bias ? scores.add(bias) : scores;
  const masked = allowed ? allowed.where(biased, Number.NEGATIVE_INFINITY) : biased;
  const precision = call.has('softmax_precision') ? call.dtype('softmax_precision') : query.dtype;
  const weights = softmax(masked.cast(precision), allowed).cast(query.dtype);
  const y = weights.matmul(repeated(value));
  const shown = [products, scores, masked, weights][call.integer('qk_matmul_output_mode', 0)];
  return results(packed ? joinHeads(y) : y, key, value, shown);
}

/** Over the last axis; zeros, and no gradient, where every key is forbidden. */
function softmax(scores: Tensor, allowed: Tensor | undefined): Tensor {
  if (!allowed) return scores.softmax(-1);
  const some = allowed.any(-1, { keepDims: true });
  return some.where(some.where(scores, 0).softmax(-1), 0);
}

/** Pairs of elements turned by angles that grow with the position. Su et al. 2021. */
function rotary(call: OperatorCall): Tensor {
  const x = call.tensor(0);
  const heads = splitHeads(x, call.integer('num_heads', 0));
  const turned = call.integer('rotary_embedding_dim', 0) || heads.shape[3];
  const positions = call.optional(3);
  const at = (i: number) => {
    const cache = call.tensor(i);
    return (positions ? cache.gather(positions) : cache).expandDims(1);
  };
  const [cos, sin] = [at(1), at(2)];
  const part = heads.slice([null, null, null, [0, turned]]);
  const interleaved = call.integer('interleaved', 0) === 1;
  const [real, imaginary] = interleaved
    ? [part.slice([null, null, null, [0, turned, 2]]), part.slice([null, null, null, [1, turned, 2]])]
    : part.split(2, 3);
  const pair = [real.mul(cos).sub(imaginary.mul(sin)), real.mul(sin).add(imaginary.mul(cos))];
  const rotated = interleaved ? stack(pair, -1).flatten(3) : concat(pair, 3);
  const rest = heads.slice([null, null, null, [turned, heads.shape[3]]]);
  const y = turned === heads.shape[3] ? rotated : concat([rotated, rest], 3);
  return x.rank === 3 ? joinHeads(y) : y;
}

/** Attention, and the positions that go with it. */
export const attentions: readonly OnnxOperator[] = [
  {
    type: 'Attention',
    gradient: 'yes',
    since: 23,
    controls: [6],
    note: '0 for queries that may look at nothing',
    build: attention,
  },
  { type: 'RotaryEmbedding', gradient: 'yes', since: 23, controls: [1, 2, 3], build: rotary },
];
