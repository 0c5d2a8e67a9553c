import type { Tensor } from '../../tensor/index.js';
import { requireLabels, requireNumber } from '../checks.js';
import { type LabelledOptions, reduceLabelled } from '../labelled.js';
import { classCosines } from './cosines.js';

export interface SFaceWeightOptions {
  /** How sharply the weights switch at their angles (k), above 0. Default 80. */
  readonly steepness?: number;
  /** Angle to the own class below which nothing pulls (a), in radians. Default 0.8. */
  readonly intraAngle?: number;
  /** Angle to another class beyond which nothing pushes (b), in radians. Default 1.23. */
  readonly interAngle?: number;
}

/**
 * How strongly SFace moves each pair of a sample and a class, without derivative: sigmoid(k (theta_y - a)) for the label, which pulls while
 * their angle is above a, and sigmoid(k (b - theta_j)) for the others, which push while theirs is below b. Zhong et al. 2021.
 *
 * @param cosine [n, classes], see {@link classCosines}; `labels` integers [n].
 * @returns [n, classes], in [0, 1], one half where an angle is at its limit.
 * @throws TypeError or RangeError where arguments or options do not fit.
 */
export function sFaceWeights(cosine: Tensor, labels: Tensor, options: SFaceWeightOptions = {}): Tensor {
  const { steepness = 80, intraAngle = 0.8, interAngle = 1.23 } = options;
  requireNumber('sFaceWeights', 'steepness', steepness, { low: 0, open: true });
  requireNumber('sFaceWeights', 'intraAngle', intraAngle, { low: 0, high: Math.PI });
  requireNumber('sFaceWeights', 'interAngle', interAngle, { low: 0, high: Math.PI });
  requireLabels('sFaceWeights', cosine, labels);
  const own = labels.oneHot(cosine.shape[1], 'bool');
  const angle = cosine.stopGradient().clip(-1, 1).acos();
  return own.where(angle.sub(intraAngle), angle.neg().add(interAngle)).mul(steepness).sigmoid();
}

export interface SFaceOptions extends SFaceWeightOptions, LabelledOptions {
  /** By what all cosines are multiplied (s), above 0. Default 64. */
  readonly scale?: number;
}

/**
 * SFace: - w_y s cos_y + sum over j other than y of w_j s cos_j, the weights w of {@link sFaceWeights} constants. A sample is pulled to its class
 * until their angle is small enough and pushed from the others until theirs are large enough, and no further: wrong labels are not fitted at
 * any price. The derivative is what is designed; the value falls and rises as weights switch, so follow angles instead. Zhong et al. 2021; the
 * defaults are the published code's.
 *
 * @param features [n, d]; `weights` of the classes, [classes, d] or [classes, subCenters, d]; `labels` integers [n].
 * @returns a scalar, or [n] with reduction `none`; of any sign. The mean over no samples, or over none that counts, is 0.
 * @throws TypeError or RangeError where arguments or options do not fit.
 */
export function sFace(features: Tensor, weights: Tensor, labels: Tensor, options: SFaceOptions = {}): Tensor {
  const { scale = 64 } = options;
  requireNumber('sFace', 'scale', scale, { low: 0, open: true });
  const cosine = classCosines(features, weights, 'sFace');
  requireLabels('sFace', cosine, labels);
  const own = labels.oneHot(cosine.shape[1], 'bool');
  const moved = sFaceWeights(cosine, labels, options).mul(cosine);
  const losses = own.where(moved.neg(), moved).sum(1).mul(scale);
  return reduceLabelled('sFace', losses, cosine, labels, options);
}
