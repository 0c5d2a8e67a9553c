import type { Tensor } from '../../tensor/index.js';
import { type LabelledOptions, reduceLabelled } from '../labelled.js';
import { labelsLast } from './class-targets.js';

/** Options of {@link negativeLogLikelihood}. */
export interface NegativeLogLikelihoodOptions extends LabelledOptions {}

/**
 * Minus the log-probability of the label, in nats: -w_y l_y. `crossEntropy` does it from logits, in one step.
 *
 * @param logProbabilities [n, classes] or [n, classes, ...]; `labels` integers [n, ...].
 * @returns a scalar, or [n, ...] with reduction `none`. The mean over no samples, or over none that counts, is 0.
 * @throws TypeError or RangeError where arguments or options do not fit.
 */
export function negativeLogLikelihood(
  logProbabilities: Tensor,
  labels: Tensor,
  options: NegativeLogLikelihoodOptions = {},
): Tensor {
  const { logits, target } = labelsLast('negativeLogLikelihood', logProbabilities, labels);
  // A choice, not a product: log-probabilities of classes that cannot be may be -infinity.
  const chosen = target.greater(0).where(logits, 0).sum(-1).neg();
  return reduceLabelled('negativeLogLikelihood', chosen, logProbabilities, labels, options);
}
