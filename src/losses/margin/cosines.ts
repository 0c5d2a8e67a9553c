import { showShape, type Tensor } from '../../tensor/index.js';
import { requireFloats } from '../checks.js';

/**
 * Cosines between features and the weights of classes, in [-1, 1]; lengths do not matter, and the cosine with a zero vector is 0. A class
 * may have several weights, its sub-centres: it answers with the nearest, and gradients go to that one (to all that tie, shared). Deng et
 * al. 2020.
 *
 * @param features [n, d]; `weights` [classes, d], or [classes, subCenters, d].
 * @param who whose error it is when shapes do not fit.
 * @returns [n, classes].
 * @throws TypeError or RangeError where arguments or options do not fit.
 */
export function classCosines(features: Tensor, weights: Tensor, who = 'classCosines'): Tensor {
  requireFeatures(who, features, weights);
  const [classes, d] = [weights.shape[0], features.shape[1]];
  const cosine = cosinesWithRows(features.normalize(-1), weights.reshape([-1, d]));
  return weights.rank === 2 ? cosine : cosine.reshape([features.shape[0], classes, weights.shape[1]]).max(-1);
}

/**
 * Cosines between unit vectors [n, d] and rows [m, d]. Where products are fewer than elements of the rows, as with few samples of many classes,
 * the products are divided by the rows' lengths, x^ . w / |w|, so that no pass over all rows makes or differentiates unit vectors.
 */
function cosinesWithRows(directions: Tensor, rows: Tensor): Tensor {
  if (directions.shape[0] >= rows.shape[1]) return directions.matmul(rows.normalize(-1).swapAxes(0, 1));
  // The square of normalize's shortest length.
  const lengths = rows.square().sum(-1).clip(1e-24, undefined).sqrt();
  return directions.matmul(rows.swapAxes(0, 1)).mul(lengths.reciprocal());
}

/** @throws TypeError or RangeError unless features are [n, d] and weights [classes, d] or [classes, subCenters, d]. */
export function requireFeatures(who: string, features: Tensor, weights: Tensor): void {
  requireFloats(who, { features, weights });
  const d = weights.shape[weights.rank - 1];
  if (
    features.rank !== 2 ||
    (weights.rank !== 2 && weights.rank !== 3) ||
    features.shape[1] !== d ||
    weights.size === 0
  )
    throw new RangeError(
      `${who}: features ${showShape(features.shape)} and weights ${showShape(weights.shape)} must be [n, d] and [classes, d], or [classes, subCenters, d]`,
    );
}
