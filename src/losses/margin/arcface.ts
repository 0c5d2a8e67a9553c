import type { Tensor } from '../../tensor/index.js';
import { requireLabels, requireNumber } from '../checks.js';
import { crossEntropy } from '../classification/cross-entropy.js';
import { type LabelledOptions, reduceLabelled } from '../labelled.js';
import { classCosines } from './cosines.js';
import { type MarginOptions, marginLogits } from './margin-logits.js';

export interface ArcFaceOptions extends MarginOptions {
  /** What is added to the angle to the right class (m), in radians, in [0, pi). Default 0.5. */
  readonly margin?: number;
  /**
   * What the label's logit is where the angle with its margin is beyond pi, and its cosine would rise again. `linear`: cos - m sin m, which
   * goes on falling. `easy`: nothing is done to cosines of 0 and less. `none`: it rises, as in the authors' present PyTorch code. Default
   * `linear`, as in their first, and in pytorch-metric-learning.
   */
  readonly guard?: 'linear' | 'easy' | 'none';
}

/** How near to 1 a cosine may come: there the angle has no derivative. */
const edge = 1 - 1e-7;

/**
 * Logits of ArcFace: s cos(theta_y + m) for the label, theta_y = acos(cos_y) the angle to its class, s cos_j for the others. Deng et al.
 * 2019, equation 3. cos(theta + m) = cos m cos_y - sin m sin theta has the slope cos m + sin m / tan theta, which is infinite at theta = 0:
 * sin theta is taken at cosines within 1e-7 of -1 and 1 at most, and has no slope beyond.
 *
 * @param cosine [n, classes], see {@link classCosines}; `labels` integers [n].
 * @returns [n, classes].
 * @throws RangeError where arguments or options do not fit.
 */
export function arcFaceLogits(cosine: Tensor, labels: Tensor, options: ArcFaceOptions = {}): Tensor {
  const { margin = 0.5, guard = 'linear' } = options;
  if (!(margin >= 0 && margin < Math.PI))
    throw new RangeError(`arcFaceLogits: margin ${margin} must be a number in [0, pi), in radians`);
  if (guard !== 'linear' && guard !== 'easy' && guard !== 'none')
    throw new TypeError(`arcFaceLogits: guard ${guard} must be 'linear', 'easy' or 'none'`);
  const [cosM, sinM] = [Math.cos(margin), Math.sin(margin)];
  const added = (c: Tensor) => {
    const sine = c.clip(-edge, edge).square().neg().add(1).sqrt();
    const moved = c.mul(cosM).sub(sine.mul(sinM));
    if (guard === 'none') return moved;
    return guard === 'easy' ? c.greater(0).where(moved, c) : c.greater(-cosM).where(moved, c.sub(margin * sinM));
  };
  return marginLogits(cosine, labels, added, options, 'arcFaceLogits');
}

/**
 * ArcFace: cross-entropy of {@link arcFaceLogits}. With sub-centres for weights it is sub-centre ArcFace: noisy samples of a class gather
 * around centres of their own.
 *
 * @param features [n, d]; `weights` of the classes, [classes, d] or [classes, subCenters, d]; `labels` integers [n].
 * @returns a scalar, or [n] with reduction `none`. The mean over no samples, or over none that counts, is 0.
 * @throws TypeError or RangeError where arguments or options do not fit.
 */
export function arcFace(
  features: Tensor,
  weights: Tensor,
  labels: Tensor,
  options: ArcFaceOptions & LabelledOptions = {},
): Tensor {
  const cosine = classCosines(features, weights, 'arcFace');
  requireLabels('arcFace', cosine, labels);
  const losses = crossEntropy(arcFaceLogits(cosine, labels, options), labels, { reduction: 'none' });
  return reduceLabelled('arcFace', losses, cosine, labels, options);
}

export interface CombinedMarginOptions extends MarginOptions {
  /** What the angle is multiplied by (m1), at least 1. Default 1. */
  readonly angleFactor?: number;
  /** What is added to it (m2), in radians, not negative. Default 0.5. */
  readonly angularMargin?: number;
  /** What its cosine is lessened by (m3), not negative. Default 0. */
  readonly additiveMargin?: number;
}

/**
 * Logits of the combined margin: s (cos(m1 theta_y + m2) - m3) for the label, s cos_j for the others. (1.35, 0, 0) is SphereFace's kind,
 * (1, 0.5, 0) ArcFace, (1, 0, 0.35) CosFace. Nothing guards angles beyond pi. Deng et al. 2019, equation 4.
 *
 * @param cosine [n, classes], taken within 1e-7 of -1 and 1 at most for the label; `labels` integers [n].
 * @returns [n, classes].
 * @throws RangeError where arguments or options do not fit.
 */
export function combinedMarginLogits(cosine: Tensor, labels: Tensor, options: CombinedMarginOptions = {}): Tensor {
  const { angleFactor = 1, angularMargin = 0.5, additiveMargin = 0 } = options;
  requireNumber('combinedMarginLogits', 'angleFactor', angleFactor, { low: 1 });
  requireNumber('combinedMarginLogits', 'angularMargin', angularMargin, { low: 0 });
  requireNumber('combinedMarginLogits', 'additiveMargin', additiveMargin, { low: 0 });
  const moved = (c: Tensor) => c.clip(-edge, edge).acos().mul(angleFactor).add(angularMargin).cos().sub(additiveMargin);
  return marginLogits(cosine, labels, moved, options, 'combinedMarginLogits');
}
