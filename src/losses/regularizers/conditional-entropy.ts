import { showShape, type Tensor } from '../../tensor/index.js';
import { requireFloats } from '../checks.js';
import { type ReductionOptions, reduce } from '../reduction.js';

/**
 * The entropy of predictions, -sum over c of p_c log p_c with p the softmax of the logits, in nats: small where the model is sure.
 * Minimised on unlabelled samples it drives decision boundaries out of dense regions. Grandvalet and Bengio 2004, equation 5; Miyato et al.
 * 2018, equation 14.
 *
 * @param logits finite, [n, classes] or [n, classes, ...].
 * @returns a scalar in [0, log classes], or [n, ...] with reduction `none`. The mean over no samples is 0.
 * @throws RangeError for logits without classes.
 */
export function conditionalEntropy(logits: Tensor, { reduction }: ReductionOptions = {}): Tensor {
  requireFloats('conditionalEntropy', { logits });
  if (logits.rank < 2 || logits.shape[1] === 0)
    throw new RangeError(
      `conditionalEntropy: logits ${showShape(logits.shape)} must be [n, classes, ...], with classes`,
    );
  const logProbabilities = logits.logSoftmax(1);
  return reduce(logProbabilities.exp().mul(logProbabilities).sum(1).neg(), reduction);
}
