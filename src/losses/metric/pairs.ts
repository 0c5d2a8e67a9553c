import { showShape, type Tensor } from '../../tensor/index.js';
import { requireSameShape } from '../checks.js';
import { type ReductionOptions, reduce } from '../reduction.js';

export interface CosineEmbeddingOptions extends ReductionOptions {
  /** Cosine up to which pairs that do not belong together cost nothing, in [-1, 1]. Default 0. */
  readonly margin?: number;
}

/**
 * Cosine embedding loss of pairs: 1 - cos(x, y) for target 1, max(0, cos(x, y) - margin) for target -1. The cosine with a zero vector is 0.
 *
 * @param x [..., features]; `y` of the same shape; `targets` 1 or -1, [...].
 * @returns a scalar, or [...] with reduction `none`.
 * @throws TypeError or RangeError where arguments or options do not fit.
 */
export function cosineEmbedding(x: Tensor, y: Tensor, targets: Tensor, options: CosineEmbeddingOptions = {}): Tensor {
  const { margin = 0, reduction } = options;
  if (!(margin >= -1 && margin <= 1)) throw new RangeError(`cosineEmbedding: margin ${margin} must lie in [-1, 1]`);
  requireSameShape('cosineEmbedding', x, y);
  if (x.rank < 1 || targets.shape.join() !== x.shape.slice(0, -1).join())
    throw new RangeError(
      `cosineEmbedding: targets ${showShape(targets.shape)} must have one for each pair of ${showShape(x.shape)}`,
    );
  const cosine = x.normalize(-1).mul(y.normalize(-1)).sum(-1);
  return reduce(targets.greater(0).where(cosine.neg().add(1), cosine.sub(margin).relu()), reduction);
}

export interface MarginRankingOptions extends ReductionOptions {
  /** By how much the right one must lead. Default 0. */
  readonly margin?: number;
}

/**
 * Margin ranking loss max(0, margin - u (a - b)), elementwise: a should be above b where u = 1, below where u = -1.
 *
 * @param a of any shape; `b` and `targets` of the same.
 * @returns a scalar, or that shape with reduction `none`.
 * @throws TypeError or RangeError where arguments or options do not fit.
 */
export function marginRanking(a: Tensor, b: Tensor, targets: Tensor, options: MarginRankingOptions = {}): Tensor {
  const { margin = 0, reduction } = options;
  requireSameShape('marginRanking', a, b);
  requireSameShape('marginRanking', a, targets);
  return reduce(targets.mul(a.sub(b)).neg().add(margin).relu(), reduction);
}
