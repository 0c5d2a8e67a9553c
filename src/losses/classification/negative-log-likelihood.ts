import { showShape, type Tensor } from '../../tensor/index.js';
import { type ReductionOptions, reduce, reduceShares } from '../reduction.js';
import { labelsLast } from './class-targets.js';

export interface NegativeLogLikelihoodOptions extends ReductionOptions {
  /** Weight of each class, [classes]. The mean divides by the weights of the labels, as in PyTorch. Default 1. */
  readonly weight?: Tensor;
  /** Integer label of samples that do not count. Default: none. */
  readonly ignoreIndex?: number;
}

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
  const { weight, ignoreIndex, reduction } = options;
  const { logits: l, target } = labelsLast('negativeLogLikelihood', logProbabilities, labels);
  if (weight && weight.shape.join() !== `${logProbabilities.shape[1]}`)
    throw new RangeError(
      `negativeLogLikelihood: weight ${showShape(weight.shape)} must be [${logProbabilities.shape[1]}] for logProbabilities ${showShape(logProbabilities.shape)}`,
    );
  // A choice, not a product: log-probabilities of classes that cannot be may be -infinity.
  const chosen = target.greater(0).where(l, 0).sum(-1).neg();
  if (!weight && ignoreIndex === undefined) return reduce(chosen, reduction);
  const share = weight ? target.mul(weight).sum(-1) : chosen.onesLike();
  const counted = ignoreIndex === undefined ? share : labels.notEqual(ignoreIndex).where(share, 0);
  return reduceShares(counted.greater(0).where(chosen.mul(counted), 0), counted, reduction);
}
