import { isInteger, showShape, type Tensor } from '../../tensor/index.js';
import { requireFloats } from '../checks.js';
import { type ReductionOptions, reduceShares } from '../reduction.js';
import { type ClassGaussians, mahalanobisToClasses } from './class-gaussians.js';

export interface CafaOptions extends ReductionOptions {
  /** Sum the distances in the denominator over all classes, not over those that were not predicted. Default false. */
  readonly includePredicted?: boolean;
}

/**
 * Class-aware feature alignment (CAFA): each feature is drawn to the source Gaussian of its predicted class and away from those of the others,
 *
 *   L = 1/N sum over n of log( D(z_n, y_n) / sum over c != y_n of D(z_n, c) ),
 *
 * with D the squared Mahalanobis distance, see {@link mahalanobisToClasses}. A ratio: one scale for all covariances changes nothing, nor does an
 * invertible map of features and Gaussians, so there is no weight to tune. Distances are held above 1e-8 before the logarithm. Aligns what the
 * classes of the source looked like; where their covariances are nearly singular it can do worse than test-time normalisation alone.
 * Jung et al. 2023 (arXiv 2206.00205).
 *
 * @param features z, [n, d].
 * @param predicted integers [n], such as `logits.argmax(1)`: a constant.
 * @param gaussians of the source, of two classes at least; classes without samples are left out of the sums, and features that are predicted to be
 * of one of those cost 0 and are left out of the mean.
 * @returns a scalar, or [n] with reduction `none`.
 * @throws RangeError where shapes do not fit or there is one class.
 */
export function cafaLoss(
  features: Tensor,
  predicted: Tensor,
  gaussians: ClassGaussians,
  { includePredicted = false, reduction }: CafaOptions = {},
): Tensor {
  requireFloats('cafaLoss', { features, means: gaussians.means });
  if (features.rank !== 2 || features.shape[1] !== gaussians.means.shape[1])
    throw new RangeError(
      `cafaLoss: features ${showShape(features.shape)} must be [n, d] for means ${showShape(gaussians.means.shape)} of [classes, d]`,
    );
  const distances = mahalanobisToClasses(features, gaussians);
  const [n, classes] = distances.shape;
  if (classes < 2) throw new RangeError('cafaLoss: one class has no others to keep away from');
  if (!isInteger(predicted.dtype) || predicted.shape.join() !== `${n}`)
    throw new RangeError(`cafaLoss: predicted ${predicted.dtype}${showShape(predicted.shape)} must be integers [${n}]`);
  const own = predicted.oneHot(classes).cast(distances.dtype);
  const among = gaussians.present.stopGradient().cast(distances.dtype);
  const intra = distances.mul(own).sum(1);
  const inter = distances.mul(includePredicted ? among : among.sub(own).relu()).sum(1);
  const known = own.mul(among).sum(1);
  const losses = intra.maximum(1e-8).log().sub(inter.maximum(1e-8).log());
  return reduceShares(losses.mul(known), known, reduction);
}
