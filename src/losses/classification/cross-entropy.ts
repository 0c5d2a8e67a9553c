import { showShape, type Tensor } from '../../tensor/index.js';
import { requireClassTargets } from '../checks.js';
import { labelPlaces, readLabels } from '../label-places.js';
import { type ReductionOptions, reduce, reduceShares } from '../reduction.js';

export interface CrossEntropyOptions extends ReductionOptions {
  /** Share s of the target that is given to all classes evenly, in [0, 1]. Default 0. */
  readonly labelSmoothing?: number;
  /** Weight of each class, [classes]. With integer labels the mean divides by the weights of the labels, as in PyTorch. Default 1. */
  readonly weight?: Tensor;
  /** Integer label of samples that do not count. Default: none. */
  readonly ignoreIndex?: number;
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
  const { labelSmoothing: smoothing = 0, weight, ignoreIndex, reduction = 'mean' } = options;
  const soft = check(logits, targets, options);
  // Classes last, so that class vectors broadcast.
  const logProbabilities = logits.moveAxis(1, -1).logSoftmax(-1);
  const weighted = weight ? logProbabilities.mul(weight) : logProbabilities;
  const smoothed = (likelihood: Tensor) =>
    likelihood.mul(1 - smoothing).add(smoothing > 0 ? weighted.mean(-1).mul(smoothing) : 0);

  if (soft) return reduce(smoothed(targets.moveAxis(1, -1).mul(weighted).sum(-1)).neg(), reduction);

  const places = labelPlaces(targets, logits.shape[1]);
  const losses = smoothed(readLabels(weighted, places).squeeze(-1)).neg();
  const counted = ignoreIndex === undefined ? undefined : targets.notEqual(ignoreIndex);
  const kept = counted ? counted.where(losses, 0) : losses;
  if (reduction !== 'mean' || (!weight && !counted)) return reduce(kept, reduction);
  const share = weight ? places.inside.where(weight.gather(places.index), 0).squeeze(-1) : losses.onesLike();
  return reduceShares(kept, counted ? counted.where(share, 0) : share, reduction);
}

function check(logits: Tensor, targets: Tensor, options: CrossEntropyOptions): boolean {
  const { labelSmoothing = 0, weight, ignoreIndex } = options;
  if (!(labelSmoothing >= 0 && labelSmoothing <= 1))
    throw new RangeError(`crossEntropy: labelSmoothing ${labelSmoothing} must lie in [0, 1]`);
  const soft = requireClassTargets('crossEntropy', logits, targets);
  if (weight && weight.shape.join() !== `${logits.shape[1]}`)
    throw new RangeError(
      `crossEntropy: weight ${showShape(weight.shape)} must be [${logits.shape[1]}] for logits ${showShape(logits.shape)}`,
    );
  if (soft && ignoreIndex !== undefined) throw new TypeError('crossEntropy: ignoreIndex goes with integer labels');
  return soft;
}
