import type { Tensor } from '../../tensor/index.js';
import { requireBroadcast, requireSameShape } from '../checks.js';
import { type ElementOptions, reduceElements } from '../elements.js';

export interface BinaryCrossEntropyOptions extends ElementOptions {
  /** Factor p of the loss of positive targets; broadcasts over the logits. Default 1. */
  readonly positiveWeight?: Tensor;
}

/**
 * Binary cross-entropy of the sigmoid of logits x and targets t in [0, 1], in nats, elementwise:
 * -(p t log sigmoid(x) + (1 - t) log(1 - sigmoid(x))), with p the positive weight; computed as
 * (1 - t) x + (1 + (p - 1) t) softplus(-x), which neither overflows nor loses small values.
 *
 * @param logits finite, of any shape; `targets` of the same shape and dtype.
 * @returns a scalar, or that shape with reduction `none`. The mean over no elements is 0.
 * @throws TypeError or RangeError where arguments or options do not fit.
 */
export function binaryCrossEntropyWithLogits(
  logits: Tensor,
  targets: Tensor,
  options: BinaryCrossEntropyOptions = {},
): Tensor {
  const who = 'binaryCrossEntropyWithLogits';
  const { positiveWeight } = options;
  requireSameShape(who, logits, targets);
  if (positiveWeight) requireBroadcast(who, 'positiveWeight', positiveWeight, logits);
  const softplus = logits.neg().softplus();
  const scaled = positiveWeight ? softplus.mul(positiveWeight.sub(1).mul(targets).add(1)) : softplus;
  const losses = targets.neg().add(1).mul(logits).add(scaled);
  return reduceElements(who, losses, options);
}
