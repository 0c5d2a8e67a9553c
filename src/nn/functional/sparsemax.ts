import { customGradient } from '../../autodiff/index.js';
import { arange, isFloat, showShape, type Tensor } from '../../tensor/index.js';

export interface SparsemaxOptions {
  /** Default the last. */
  readonly axis?: number;
  /** True where a score takes part; broadcasts to the scores. The others get 0, also in a row that has none else. Default: all. */
  readonly mask?: Tensor;
}

/**
 * Sparsemax: the probabilities closest to the scores z in squares, max(0, z - tau) with tau such that they sum to 1. Scores far enough below
 * the largest get exactly 0. The derivative is that of the projection: v goes to v minus its mean over the scores above tau, 0 elsewhere;
 * second derivatives are 0. Martins and Astudillo 2016, algorithm 1.
 *
 * Adding a number to all scores changes nothing; scores that are probabilities already stay as they are.
 *
 * @param x finite scores of any shape.
 * @returns probabilities of that shape.
 * @throws RangeError when there is nothing along the axis.
 */
export function sparsemax(x: Tensor, options: SparsemaxOptions = {}): Tensor {
  const { mask } = options;
  const probabilities = sparsemaxExcess(x, options).relu();
  return mask ? mask.broadcastTo(x.shape).where(probabilities, 0) : probabilities;
}

/**
 * How far each score lies above the threshold of {@link sparsemax}, z - tau, negative for scores that get 0: sparsemax is the positive part.
 * Scores that the mask leaves out count as 2 below the largest, where none takes part.
 */
export function sparsemaxExcess(x: Tensor, { axis = -1, mask }: SparsemaxOptions = {}): Tensor {
  const scores = x.moveAxis(axis, -1);
  if (!isFloat(x.dtype) || scores.shape[scores.rank - 1] === 0)
    throw new RangeError(`sparsemax: x ${x.dtype}${showShape(x.shape)} must be float, with scores along axis ${axis}`);
  const allowed = mask?.broadcastTo(x.shape).moveAxis(axis, -1);
  // The threshold lies at most 1 below the largest score. Measured from there it keeps its digits, and masked scores stay below it.
  const peak = (allowed ? allowed.where(scores, -1e30) : scores).max(-1, { keepDims: true }).stopGradient();
  const shifted = scores.sub(peak);
  const taken = allowed ? allowed.where(shifted, -2) : shifted;
  return taken.sub(threshold(taken)).moveAxis(-1, axis);
}

/** tau along the last axis, [..., 1]: the mean of the scores above it, less 1 over their number; so is its derivative. */
const threshold = customGradient(
  (z: Tensor): Tensor => {
    const n = z.shape[z.rank - 1];
    const sorted = z.sort(-1, { descending: true });
    const above = sorted
      .mul(arange(1, n + 1, 1, z.dtype))
      .add(1)
      .greater(sorted.cumsum(-1));
    const count = above.cast(z.dtype).sum(-1, { keepDims: true });
    return above.where(sorted, 0).sum(-1, { keepDims: true }).sub(1).div(count);
  },
  (ct, [z], tau) => {
    const support = z.greater(tau).cast(z.dtype);
    return [ct.mul(support).div(support.sum(-1, { keepDims: true }))];
  },
);

/**
 * Attention with {@link sparsemax} in place of the softmax: sparsemax(q k^T scale) v. Each query looks at few keys, at the others not at all;
 * one that may look at none gives zeros. Martins and Astudillo 2016, section 4.3.
 *
 * @param query [..., queries, features], key [..., keys, features], value [..., keys, outputs].
 * @param options `mask` is true where a query may look at a key, broadcasts to [..., queries, keys]; `scale` is 1 / sqrt(features) by default.
 */
export function sparsemaxAttention(
  query: Tensor,
  key: Tensor,
  value: Tensor,
  options: { readonly mask?: Tensor; readonly scale?: number } = {},
): Tensor {
  const features = query.shape[query.rank - 1];
  if (key.shape[key.rank - 1] !== features)
    throw new RangeError(
      `sparsemaxAttention: query ${showShape(query.shape)} and key ${showShape(key.shape)} must have the same features`,
    );
  const scores = query.mul(options.scale ?? 1 / Math.sqrt(features)).matmul(key.swapAxes(-1, -2));
  return sparsemax(scores, { mask: options.mask }).matmul(value);
}
