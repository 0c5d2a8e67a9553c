import { showShape, type Tensor } from '../../tensor/index.js';

export interface AttentionOptions {
  /** True where a query may look at a key; broadcasts to [..., queries, keys]. */
  readonly mask?: Tensor;
  /** Added to the scores before the softmax, as a bias by relative position is; broadcasts to [..., queries, keys]. */
  readonly bias?: Tensor;
  /** Let query i look at keys 0 .. i only. Default false. */
  readonly causal?: boolean;
  /** Default 1 / sqrt(features). */
  readonly scale?: number;
}

/**
 * Scaled dot-product attention: softmax(q k^T scale + bias) v over the last two axes. Vaswani et al. 2017, equation 1. A query that may look at
 * nothing gives zeros.
 *
 * @param query [..., queries, features], key [..., keys, features], value [..., keys, outputs].
 */
export function attention(query: Tensor, key: Tensor, value: Tensor, options: AttentionOptions = {}): Tensor {
  return attentionWeights(query, key, options).matmul(value);
}

/** The weights alone, [..., queries, keys]: what a picture of attention shows. */
export function attentionWeights(query: Tensor, key: Tensor, options: AttentionOptions = {}): Tensor {
  const features = query.shape[query.rank - 1];
  if (key.shape[key.rank - 1] !== features) {
    throw new RangeError(
      `attention: query ${showShape(query.shape)} and key ${showShape(key.shape)} must have the same features`,
    );
  }
  const products = query.mul(options.scale ?? 1 / Math.sqrt(features)).matmul(key.swapAxes(-1, -2));
  const scores = options.bias ? products.add(options.bias) : products;
  const allowed = allowedOf(scores, options);
  if (!allowed) return scores.softmax(-1);
  // Large and finite, so that a row without any key has no NaN in its derivative either.
  return allowed.where(allowed.where(scores, -1e30).softmax(-1), 0);
}

function allowedOf(scores: Tensor, { mask, causal = false }: AttentionOptions): Tensor | undefined {
  if (!causal) return mask?.broadcastTo(scores.shape);
  const past = scores.onesLike().cast('float32').tril().greater(0);
  return mask ? past.and(mask.broadcastTo(scores.shape)) : past;
}

/** [n, tokens, features] as [n, heads, tokens, features / heads]. */
export function splitHeads(x: Tensor, heads: number): Tensor {
  const [n, tokens, features] = x.shape;
  if (features % heads !== 0)
    throw new RangeError(`attention: ${heads} heads do not divide the ${features} features of x ${showShape(x.shape)}`);
  return x.reshape([n, tokens, heads, features / heads]).transpose([0, 2, 1, 3]);
}

/** The inverse of {@link splitHeads}. */
export function joinHeads(x: Tensor): Tensor {
  const [n, heads, tokens, features] = x.shape;
  return x.transpose([0, 2, 1, 3]).reshape([n, tokens, heads * features]);
}
