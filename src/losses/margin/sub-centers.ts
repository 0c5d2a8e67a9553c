import { showShape, type Tensor } from '../../tensor/index.js';
import { requireLabelled, requireNumber } from '../checks.js';
import { requireFeatures } from './cosines.js';

function requireSubCenters(who: string, features: Tensor, labels: Tensor, weights: Tensor): void {
  requireFeatures(who, features, weights);
  if (weights.rank !== 3)
    throw new RangeError(`${who}: weights ${showShape(weights.shape)} must be [classes, subCenters, d]`);
  requireLabelled(who, 'features', features, labels);
}

/** Cosines of each feature vector to the sub-centres of its class, [n, subCenters]. */
function ownCosines(features: Tensor, labels: Tensor, weights: Tensor): Tensor {
  const own = weights.normalize(-1).gather(labels);
  return own.matmul(features.normalize(-1).expandDims(-1)).squeeze(-1);
}

/**
 * The dominant sub-centre of each class: the one that is nearest to most of the features of the class, the first of those that tie or where
 * the class has none. Deng et al. 2020.
 *
 * @param features [n, d]; `labels` integers [n]; `weights` [classes, subCenters, d].
 * @returns int32 [classes].
 * @throws TypeError or RangeError where arguments or options do not fit.
 */
export function dominantSubCenters(features: Tensor, labels: Tensor, weights: Tensor): Tensor {
  requireSubCenters('dominantSubCenters', features, labels, weights);
  const nearest = ownCosines(features, labels, weights).argmax(-1);
  const votes = nearest.oneHot(weights.shape[1], 'float32');
  return votes.segmentSum(labels, weights.shape[0]).argmax(-1);
}

/**
 * Cosines of each feature vector to the dominant sub-centre of its class: low for samples whose label is wrong. Deng et al. 2020.
 *
 * @param features [n, d]; `labels` integers [n]; `weights` [classes, subCenters, d].
 * @returns [n], differentiable where the dominant sub-centres stay the same.
 * @throws TypeError or RangeError where arguments or options do not fit.
 */
export function dominantSubCenterCosines(features: Tensor, labels: Tensor, weights: Tensor): Tensor {
  requireSubCenters('dominantSubCenterCosines', features, labels, weights);
  const cosines = ownCosines(features, labels, weights);
  const dominant = dominantSubCenters(features, labels, weights).gather(labels);
  return cosines.takeAlongAxis(dominant.expandDims(-1)).squeeze(-1);
}

/**
 * Which samples to drop before training again with one centre a class: those at more than `angle` from the dominant sub-centre of their
 * class. Deng et al. 2020.
 *
 * @param features [n, d]; `labels` integers [n]; `weights` [classes, subCenters, d].
 * @param options `angle` in degrees, in [0, 180]. Default 75.
 * @returns bool [n].
 * @throws TypeError or RangeError where arguments or options do not fit.
 */
export function subCenterOutliers(
  features: Tensor,
  labels: Tensor,
  weights: Tensor,
  { angle = 75 }: { readonly angle?: number } = {},
): Tensor {
  requireNumber('subCenterOutliers', 'angle', angle, { low: 0, high: 180 });
  requireSubCenters('subCenterOutliers', features, labels, weights);
  return dominantSubCenterCosines(features, labels, weights).less(Math.cos((angle * Math.PI) / 180));
}
