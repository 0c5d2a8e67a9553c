import type { Tensor } from '../../tensor/index.js';
import { requireLabels, requireNumber } from '../checks.js';
import { crossEntropy } from '../classification/cross-entropy.js';
import { type LabelledOptions, reduceLabelled } from '../labelled.js';
import { classCosines } from './cosines.js';
import { type MarginOptions, marginLogits } from './margin-logits.js';

export interface CosFaceOptions extends MarginOptions {
  /** What the label's cosine is lessened by (m), not negative. Default 0.35. */
  readonly margin?: number;
}

/**
 * Logits of CosFace, or AM-softmax: s (cos_y - m) for the label, s cos_j for the others. Wang et al. 2018, equation 4.
 *
 * @param cosine [n, classes]; `labels` integers [n].
 * @returns [n, classes].
 * @throws RangeError where arguments or options do not fit.
 */
export function cosFaceLogits(cosine: Tensor, labels: Tensor, options: CosFaceOptions = {}): Tensor {
  const { margin = 0.35 } = options;
  requireNumber('cosFaceLogits', 'margin', margin, { low: 0 });
  return marginLogits(cosine, labels, (c) => c.sub(margin), options, 'cosFaceLogits');
}

/**
 * Cross-entropy of {@link cosFaceLogits}.
 *
 * @param features [n, d]; `weights` of the classes, [classes, d] or [classes, subCenters, d]; `labels` integers [n].
 * @returns a scalar, or [n] with reduction `none`. The mean over no samples, or over none that counts, is 0.
 * @throws TypeError or RangeError where arguments or options do not fit.
 */
export function cosFace(
  features: Tensor,
  weights: Tensor,
  labels: Tensor,
  options: CosFaceOptions & LabelledOptions = {},
): Tensor {
  const cosine = classCosines(features, weights, 'cosFace');
  requireLabels('cosFace', cosine, labels);
  const losses = crossEntropy(cosFaceLogits(cosine, labels, options), labels, { reduction: 'none' });
  return reduceLabelled('cosFace', losses, cosine, labels, options);
}
