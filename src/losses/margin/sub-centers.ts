import { isInteger, showShape, type Tensor } from '../../tensor/index.js';
import { requireNumber } from '../checks.js';
import { requireFeatures } from './cosines.js';

/** Cosines of each feature vector to the sub-centres of its class, [n, subCenters]. */
function ownCosines(who: string, features: Tensor, labels: Tensor, weights: Tensor): Tensor {
  requireFeatures(who, features, weights);
  if (weights.rank !== 3)
    throw new RangeError(`${who}: weights ${showShape(weights.shape)} must be [classes, subCenters, d]`);
  if (!isInteger(labels.dtype) || labels.shape.join() !== `${features.shape[0]}`)
    throw new RangeError(
      `${who}: labels ${labels.dtype}${showShape(labels.shape)} must be integers [${features.shape[0]}]`,
    );
  const own = weights.normalize(-1).gather(labels);
  return own.matmul(features.normalize(-1).expandDims(-1)).squeeze(-1);
}

/**
 * The dominant sub-centre of each class: the one that is nearest to most of the features of the class, the first of those that tie or where
 * the class has none. Deng et al. 2020.
 *
 * @param features [n, d]; `labels` integers [n]; `weights` [classes, subCenters, d].
 * @returns int64 [classes].
 */
export function dominantSubCenters(features: Tensor, labels: Tensor, weights: Tensor): Tensor {
  const nearest = ownCosines('dominantSubCenters', features, labels, weights).argmax(-1);
  const votes = nearest.oneHot(weights.shape[1], 'float32');
  return votes.segmentSum(labels, weights.shape[0]).argmax(-1);
}

/**
 * Cosines of each feature vector to the dominant sub-centre of its class: low for samples whose label is wrong. Deng et al. 2020.
 *
 * @param features [n, d]; `labels` integers [n]; `weights` [classes, subCenters, d].
 * @returns [n], differentiable where the dominant sub-centres stay the same.
 */
export function dominantSubCenterCosines(features: Tensor, labels: Tensor, weights: Tensor): Tensor {
  const cosines = ownCosines('dominantSubCenterCosines', features, labels, weights);
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
 */
export function subCenterOutliers(
  features: Tensor,
  labels: Tensor,
  weights: Tensor,
  { angle = 75 }: { readonly angle?: number } = {},
): Tensor {
  requireNumber('subCenterOutliers', 'angle', angle, { low: 0, high: 180 });
  return dominantSubCenterCosines(features, labels, weights).less(Math.cos((angle * Math.PI) / 180));
}
