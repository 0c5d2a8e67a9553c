import { pseudoInverse, showShape, type Tensor } from '../../tensor/index.js';

/**
 * The leverage of each row of a [n, d], the diagonal of a (a^T a)^+ a^T: [n], from 0 to 1, summing to the rank. How much a row decides of a
 * linear regression, and with what probability it should be sampled for one. Drineas et al. 2006.
 *
 * @throws RangeError for a that is no matrix.
 */
export function leverageScores(a: Tensor): Tensor {
  requireMatrix('leverageScores', a);
  return a
    .matmul(pseudoInverse(a.transpose().matmul(a)))
    .mul(a)
    .sum(1);
}

/**
 * The x [d] that minimises sum w_i (a_i . x - b_i)^2, the shortest of several: a regression on a weighted sample, or a pilot on a few rows.
 *
 * @param a [n, d]; b [n]; weights not negative, [n], default 1.
 * @throws RangeError where shapes do not fit.
 */
export function weightedLeastSquares(a: Tensor, b: Tensor, weights: Tensor = b.onesLike()): Tensor {
  requireMatrix('weightedLeastSquares', a);
  if ([b, weights].some((x) => x.shape.join() !== `${a.shape[0]}`))
    throw new RangeError(
      `weightedLeastSquares: b ${showShape(b.shape)} and weights ${showShape(weights.shape)} must be [${a.shape[0]}] for a ${showShape(a.shape)}`,
    );
  const weighted = a.mul(weights.expandDims(-1)).transpose();
  return pseudoInverse(weighted.matmul(a)).matmul(weighted.matmul(b));
}

/**
 * The squared errors (a_i . x - b_i)^2, [n]: of a pilot solution at the representatives of clusters of rows, the scores of
 * `sensitivityProbabilities` for a regression. Axiotis et al. 2024.
 *
 * @param a [n, d]; b [n]; x [d].
 * @throws RangeError where shapes do not fit.
 */
export function squaredErrors(a: Tensor, b: Tensor, x: Tensor): Tensor {
  requireMatrix('squaredErrors', a);
  if (b.shape.join() !== `${a.shape[0]}` || x.shape.join() !== `${a.shape[1]}`)
    throw new RangeError(
      `squaredErrors: b ${showShape(b.shape)} and x ${showShape(x.shape)} must be [${a.shape[0]}] and [${a.shape[1]}] for a ${showShape(a.shape)}`,
    );
  return a.matmul(x).sub(b).square();
}

function requireMatrix(who: string, a: Tensor): void {
  if (a.rank !== 2 || a.size === 0) throw new RangeError(`${who}: a ${showShape(a.shape)} must be [n, d], not empty`);
}
