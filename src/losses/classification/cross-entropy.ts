import type { Tensor } from '../../tensor/index.js';
import { requireClassTargets } from '../checks.js';
import { labelPlaces, readLabels } from '../label-places.js';
import { type LabelledOptions, labelShares, requireLabelledOptions } from '../labelled.js';
import { reduce, reduceShares } from '../reduction.js';

export interface CrossEntropyOptions extends LabelledOptions {
  /** Share s of the target that is given to all classes evenly, in [0, 1]. Default 0. */
  readonly labelSmoothing?: number;
  /**
   * Weight of each class, [classes]. With integer labels the mean divides by the weights of the labels, with probabilities by the number of samples,
   * both as in PyTorch. Default 1.
   */
  readonly weight?: Tensor;
}

/**
 * Cross-entropy between targets q and the softmax of logits, in nats: -sum over c of w_c q_c log softmax(logits)_c, with class weights w.
 *
 * Integer labels y stand for q = (1 - s) onehot(y) + s / classes (Szegedy et al. 2016, section 7); soft labels are smoothed the same
 * way. Samples with label `ignoreIndex` count 0 and are left out of the mean. The mean over no samples, or over none that counts, is 0.
 * Labels out of range cannot be seen when a graph is made: such a sample has only the smoothing's part of the loss, and counts in the
 * mean unless there are class weights.
 *
 * @param logits finite, [n, classes] or [n, classes, ...].
 * @param targets integers [n, ...], or probabilities of the shape and dtype of `logits`.
 * @returns a scalar, or [n, ...] with reduction `none`.
 * @throws RangeError when shapes do not fit, TypeError for `ignoreIndex` with soft labels.
 */
export function crossEntropy(logits: Tensor, targets: Tensor, options: CrossEntropyOptions = {}): Tensor {
  const { labelSmoothing: smoothing = 0, weight, ignoreIndex, reduction } = options;
  const soft = check(logits, targets, options);
  // Classes last, so that class vectors broadcast.
  const logProbabilities = logits.moveAxis(1, -1).logSoftmax(-1);
  const weighted = weight ? logProbabilities.mul(weight) : logProbabilities;
  const smoothed = (likelihood: Tensor) =>
    likelihood.mul(1 - smoothing).add(smoothing > 0 ? weighted.mean(-1).mul(smoothing) : 0);

  if (soft) return reduce(smoothed(targets.moveAxis(1, -1).mul(weighted).sum(-1)).neg(), reduction);

  const places = labelPlaces(targets, logits.shape[1]);
  const losses = smoothed(readLabels(weighted, places).squeeze(-1)).neg();
  const shares = labelShares('crossEntropy', logits, targets, options);
  const kept = ignoreIndex === undefined ? losses : targets.notEqual(ignoreIndex).where(losses, 0);
  return shares ? reduceShares(kept, shares, reduction) : reduce(kept, reduction);
}

function check(logits: Tensor, targets: Tensor, options: CrossEntropyOptions): boolean {
  const { labelSmoothing = 0 } = options;
  if (!(labelSmoothing >= 0 && labelSmoothing <= 1))
    throw new RangeError(`crossEntropy: labelSmoothing ${labelSmoothing} must lie in [0, 1]`);
  const soft = requireClassTargets('crossEntropy', logits, targets);
  requireLabelledOptions('crossEntropy', logits, targets, options);
  return soft;
}
