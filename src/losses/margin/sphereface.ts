import type { Tensor } from '../../tensor/index.js';
import { requireLabels } from '../checks.js';
import { crossEntropy } from '../classification/cross-entropy.js';
import { type LabelledOptions, reduceLabelled } from '../labelled.js';
import { classCosines } from './cosines.js';

export interface SphereFaceOptions extends LabelledOptions {
  /** By what the angle to the right class is multiplied (m), a positive integer. Default 4. */
  readonly margin?: number;
}

/**
 * A-Softmax or SphereFace: cross-entropy of logits |x| cos(theta_j), with theta_j the angle between the features x and the weights of class j, and
 * |x| psi(theta_y) for the label: psi(theta) = (-1)^k cos(m theta) - 2 k for theta in [k pi / m, (k + 1) pi / m], which falls from 1 to 1 - 2 m.
 * Liu et al. 2017. Written in the cosine by Chebyshev's polynomials, so that no angle is taken.
 *
 * @param features [n, d]; `weights` of the classes, [classes, d], their lengths do not matter; `labels` integers [n].
 * @returns a scalar, or [n] with reduction `none`. The mean over no samples, or over none that counts, is 0.
 * @throws TypeError or RangeError where arguments or options do not fit.
 */
export function sphereFace(features: Tensor, weights: Tensor, labels: Tensor, options: SphereFaceOptions = {}): Tensor {
  const { margin = 4 } = options;
  if (!Number.isInteger(margin) || margin < 1)
    throw new RangeError(`sphereFace: margin ${margin} must be a positive integer`);
  const cosine = classCosines(features, weights, 'sphereFace');
  requireLabels('sphereFace', cosine, labels);
  const own = labels.oneHot(weights.shape[0], 'bool');
  const logits = own.where(psi(cosine, margin), cosine).mul(features.norm(-1, { keepDims: true }));
  return reduceLabelled('sphereFace', crossEntropy(logits, labels, { reduction: 'none' }), cosine, labels, options);
}

function psi(cosine: Tensor, m: number): Tensor {
  let [before, multiple] = [cosine.onesLike(), cosine];
  for (let i = 1; i < m; i++) [before, multiple] = [multiple, cosine.mul(multiple).mul(2).sub(before)];
  const k = Array.from({ length: m - 1 }, (_, i) => cosine.less(Math.cos(((i + 1) * Math.PI) / m)).cast(cosine.dtype))
    .reduce((a, b) => a.add(b), cosine.zerosLike())
    .stopGradient();
  const sign = k.mod(2).mul(-2).add(1);
  return sign.mul(multiple).sub(k.mul(2));
}
