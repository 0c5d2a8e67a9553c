import type { Tensor } from '../../tensor/index.js';
import { type ReductionOptions, reduce, requireSameShape } from '../reduction.js';

export interface BinaryCrossEntropyOptions extends ReductionOptions {
  /** Factor of the loss of positive targets; broadcasts over the logits. */
  readonly positiveWeight?: Tensor;
  /** Factor of every loss; broadcasts over the logits. */
  readonly weight?: Tensor;
}

/**
 * Binary cross-entropy of the sigmoid of logits x and targets t in [0, 1], in nats, elementwise:
 * -(p t log sigmoid(x) + (1 - t) log(1 - sigmoid(x))), with p the positive weight; computed as
 * (1 - t) x + (1 + (p - 1) t) softplus(-x), which neither overflows nor loses small values.
 *
 * @param logits any shape; `targets` the same shape and dtype.
 */
export function binaryCrossEntropyWithLogits(
  logits: Tensor,
  targets: Tensor,
  options: BinaryCrossEntropyOptions = {},
): Tensor {
  requireSameShape('binaryCrossEntropyWithLogits', logits, targets);
  const { positiveWeight, weight, reduction } = options;
  const softplus = logits.neg().softplus();
  const scaled = positiveWeight ? softplus.mul(positiveWeight.sub(1).mul(targets).add(1)) : softplus;
  const losses = targets.neg().add(1).mul(logits).add(scaled);
  return reduce(weight ? losses.mul(weight) : losses, reduction);
}
