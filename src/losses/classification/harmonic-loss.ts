import { type HarmonicOptions, harmonicLogits } from '../../nn/index.js';
import { showShape, type Tensor } from '../../tensor/index.js';
import { requireFloats, requireLabelled, requireNumber } from '../checks.js';
import { type LabelledOptions, reduceLabelled } from '../labelled.js';
import { crossEntropy } from './cross-entropy.js';

export interface HarmonicLossOptions extends HarmonicOptions, LabelledOptions {}

/**
 * Harmonic loss: -log of |x - w_y|^-n / sum over j of |x - w_j|^-n, the cross-entropy of {@link harmonicLogits}. Its least value lies at weights
 * of finite length, the centres of the classes, where that of cross-entropy lies at infinity. Baek et al. 2025.
 *
 * @param x features, [n, d]; `weights` of the classes, [classes, d]; `labels` integers [n].
 * @returns a scalar, or [n] with reduction `none`. The mean over no samples, or over none that counts, is 0.
 * @throws TypeError or RangeError where arguments or options do not fit.
 */
export function harmonicLoss(x: Tensor, weights: Tensor, labels: Tensor, options: HarmonicLossOptions = {}): Tensor {
  const { exponent = 2, epsilon = 1e-4 } = options;
  requireFloats('harmonicLoss', { x, weights });
  requireLabelled('harmonicLoss', 'x', x, labels);
  requireNumber('harmonicLoss', 'exponent', exponent, { low: 0, open: true });
  requireNumber('harmonicLoss', 'epsilon', epsilon, { low: 0 });
  if (weights.rank !== 2 || weights.shape[1] !== x.shape[1])
    throw new RangeError(
      `harmonicLoss: x ${showShape(x.shape)} and weights ${showShape(weights.shape)} must be [n, d] and [classes, d]`,
    );
  const logits = harmonicLogits(x, weights, { exponent, epsilon });
  return reduceLabelled('harmonicLoss', crossEntropy(logits, labels, { reduction: 'none' }), logits, labels, options);
}
