import { isFloat, showShape, type Tensor } from '../../tensor/index.js';
import { type ReductionOptions, reduce } from '../reduction.js';

export interface CrossEntropyOptions extends ReductionOptions {
  /** Share of the target given to all classes evenly, in [0, 1]. Default 0. */
  readonly labelSmoothing?: number;
  /** Weight of each class, [classes]. The mean then divides by the weights of the labels, as in PyTorch. */
  readonly weight?: Tensor;
  /** Integer label of samples that do not count. */
  readonly ignoreIndex?: number;
}

/**
 * Cross-entropy between labels and the softmax of logits, in nats: -sum over c of q_c log softmax(logits)_c.
 *
 * With integer labels y and label smoothing s, q = (1 - s) onehot(y) + s / classes (Szegedy et al. 2016, section 7); soft labels are
 * smoothed the same way. With class weights w each term is multiplied by w_c. Samples with label `ignoreIndex` count 0 and are left out
 * of the mean; where all are, the mean is 0. A label out of range gives only the smoothing terms: graphs cannot check values.
 *
 * @param logits [n, classes] or [n, classes, ...].
 * @param targets integer [n, ...], or probabilities of the shape of `logits`.
 * @returns a scalar, or [n, ...] with reduction `none`.
 */
export function crossEntropy(logits: Tensor, targets: Tensor, options: CrossEntropyOptions = {}): Tensor {
  const { labelSmoothing: smoothing = 0, weight, ignoreIndex, reduction = 'mean' } = options;
  if (!(smoothing >= 0 && smoothing <= 1))
    throw new RangeError(`crossEntropy: labelSmoothing ${smoothing} must lie in [0, 1]`);
  if (logits.rank < 2)
    throw new RangeError(`crossEntropy: logits ${showShape(logits.shape)} must be [n, classes, ...]`);
  const classes = logits.shape[1];
  if (weight && weight.shape.join() !== `${classes}`)
    throw new RangeError(`crossEntropy: weight ${showShape(weight.shape)} must be [${classes}]`);
  // Classes last, so that class vectors broadcast.
  const logProbabilities = logits.moveAxis(1, -1).logSoftmax(-1);
  const weighted = weight ? logProbabilities.mul(weight) : logProbabilities;
  const uniform = weighted.mean(-1).mul(smoothing);

  if (isFloat(targets.dtype)) {
    if (targets.shape.join() !== logits.shape.join()) {
      throw new RangeError(
        `crossEntropy: soft targets ${showShape(targets.shape)} must have the shape of logits ${showShape(logits.shape)}`,
      );
    }
    if (ignoreIndex !== undefined) throw new TypeError('crossEntropy: ignoreIndex goes with integer labels');
    const losses = targets
      .moveAxis(1, -1)
      .mul(weighted)
      .sum(-1)
      .mul(1 - smoothing);
    return reduce((smoothing > 0 ? losses.add(uniform) : losses).neg(), reduction);
  }

  const expected = logits.shape.filter((_, axis) => axis !== 1);
  if (targets.shape.join() !== expected.join()) {
    throw new RangeError(
      `crossEntropy: labels ${showShape(targets.shape)} must be ${showShape(expected)} for logits ${showShape(logits.shape)}`,
    );
  }
  const label = targets.oneHot(classes, 'bool');
  const likelihood = label
    .where(weighted, 0)
    .sum(-1)
    .mul(1 - smoothing);
  const losses = (smoothing > 0 ? likelihood.add(uniform) : likelihood).neg();
  const counted = ignoreIndex === undefined ? undefined : targets.notEqual(ignoreIndex);
  const kept = counted ? counted.where(losses, 0) : losses;
  if (reduction !== 'mean' || (!weight && !counted)) return reduce(kept, reduction);
  const share = weight ? label.cast(logits.dtype).mul(weight).sum(-1) : losses.onesLike();
  const total = (counted ? counted.where(share, 0) : share).sum();
  return total.equal(0).where(0, kept.sum().div(total.equal(0).where(1, total)));
}
