import { cholesky, eye, inverse, isFloat, isInteger, showShape, stack, type Tensor } from '../../tensor/index.js';
import { requireFloats, requireNumber } from '../checks.js';

/** A Gaussian for the features of each class. All of one tree, so that it can be made once and kept. */
export interface ClassGaussians<T = Tensor> {
  /** mu_c, [classes, d]; zeros for a class without samples. */
  readonly means: T;
  /** A_c with A_c^T A_c the inverse covariance: [classes, d, d], [1, d, d] where it is tied; the diagonals alone, [classes or 1, d], of diagonal ones. */
  readonly whitening: T;
  /** 1 for classes with samples, 0 for those without, [classes]. */
  readonly present: T;
}

export interface ClassGaussianOptions {
  /** How many there are; labels are below it. */
  readonly classes: number;
  /**
   * Added to the diagonal of each covariance as a share of its mean, not negative. Features behind a ReLU hardly ever have full rank: without it
   * directions in which the source does not vary decide every distance. Default 1e-2, ours.
   */
  readonly ridge?: number;
  /** One covariance for all classes, within classes: 1/n sum of (g - mu_y)(g - mu_y)^T. Default false. */
  readonly tied?: boolean;
  /** Variances alone: [classes, d] in place of [classes, d, d] for many features. Default false. */
  readonly diagonal?: boolean;
}

/**
 * Fits a Gaussian to the features of each class: mu_c and Sigma_c = 1/n_c sum of (g - mu_c)(g - mu_c)^T, plus the ridge. A class of fewer than two
 * samples, or whose features do not vary, takes the tied covariance; where that is none either, the identity. Jung et al. 2023.
 *
 * Fit features of evaluation mode, of plain images, from the layer that is to be aligned. No derivative. Costs O(n d^2) for each class and a
 * factorisation of each covariance.
 *
 * @param features [n, d]; `labels` integers [n].
 * @throws RangeError where shapes do not fit, there are no samples, or the ridge is negative.
 */
export function fitClassGaussians(
  features: Tensor,
  labels: Tensor,
  { classes, ridge = 1e-2, tied = false, diagonal = false }: ClassGaussianOptions,
): ClassGaussians {
  requireNumber('fitClassGaussians', 'ridge', ridge, { low: 0 });
  requireNumber('fitClassGaussians', 'classes', classes, { low: 1 });
  if (features.rank !== 2 || !isFloat(features.dtype) || features.size === 0)
    throw new RangeError(
      `fitClassGaussians: features ${features.dtype}${showShape(features.shape)} must be floats [n, d], not empty`,
    );
  if (!isInteger(labels.dtype) || labels.shape.join() !== `${features.shape[0]}`)
    throw new RangeError(
      `fitClassGaussians: labels ${labels.dtype}${showShape(labels.shape)} must be integers [${features.shape[0]}]`,
    );
  const g = features.stopGradient();
  const [n, d] = g.shape;
  const members = labels.oneHot(classes).cast(g.dtype);
  const counts = members.sum(0);
  const present = counts.greater(0).cast(g.dtype);
  const means = members.transpose().matmul(g).div(counts.maximum(1).expandDims(1));
  const deviations = g.sub(means.gather(labels));
  const spread = (weights: Tensor | number, count: Tensor | number) =>
    diagonal
      ? deviations.square().mul(weights).sum(0).div(count)
      : deviations.mul(weights).transpose().matmul(deviations).div(count);
  const identity = diagonal ? g.at(0).onesLike() : eye(d, d, g.dtype);
  const size = (covariance: Tensor) => (diagonal ? covariance : covariance.diagonal()).mean();
  const within = spread(1, n);
  const common = size(within).greater(0).where(within, identity);
  const covariances = tied
    ? [common]
    : Array.from({ length: classes }, (_, c) => {
        const own = spread(members.at(c, 1).expandDims(1), counts.at(c).maximum(1));
        return counts.at(c).greaterEqual(2).and(size(own).greater(0)).where(own, common);
      });
  const ridged = stack(covariances.map((covariance) => covariance.add(identity.mul(size(covariance).mul(ridge)))));
  const whitening = diagonal ? ridged.rsqrt() : inverse(cholesky(ridged));
  return { means, whitening, present };
}

/**
 * The squared Mahalanobis distances of features to the Gaussian of each class, (z - mu_c)^T Sigma_c^-1 (z - mu_c), without a square root.
 * Needs O(n classes d) memory.
 *
 * @param features z, [n, d].
 * @returns [n, classes]; derivatives flow to the features alone.
 * @throws RangeError where the features are not of the Gaussians' dimension.
 */
export function mahalanobisToClasses(features: Tensor, { means, whitening }: ClassGaussians): Tensor {
  requireFloats('mahalanobisToClasses', { features, means, whitening });
  if (features.rank !== 2 || features.shape[1] !== means.shape[1])
    throw new RangeError(
      `mahalanobisToClasses: features ${showShape(features.shape)} must be [n, d] for means ${showShape(means.shape)} of [classes, d]`,
    );
  const offsets = features.expandDims(0).sub(means.stopGradient().expandDims(1));
  const factor = whitening.stopGradient();
  const whitened = factor.rank === 2 ? offsets.mul(factor.expandDims(1)) : offsets.matmul(factor.swapAxes(1, 2));
  return whitened.square().sum(-1).transpose();
}
