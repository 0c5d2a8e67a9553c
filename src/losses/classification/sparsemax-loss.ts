import { sparsemaxExcess } from '../../nn/functional/sparsemax.js';
import type { Tensor } from '../../tensor/index.js';
import { type ReductionOptions, reduce, reduceShares } from '../reduction.js';
import { classesLast } from './class-targets.js';

export interface SparsemaxLossOptions extends ReductionOptions {
  /** Integer label of samples that do not count. Default: none. */
  readonly ignoreIndex?: number;
}

/**
 * The loss that belongs to sparsemax as cross-entropy to softmax: -q . z + (sum over the support S of z_j^2 - tau^2 + 1 + |q|^2) / 2, of
 * gradient sparsemax(z) - q. It is convex, and 0 with gradient 0 where the label's logit leads all others by 1 or more. Martins and
 * Astudillo 2016.
 *
 * Computed as |p - q|^2 / 2 + sum over j of q_j max(0, tau - z_j), p = sparsemax(z): the same, never negative. Several right labels are a
 * target that is even over them.
 *
 * @param logits finite, [n, classes] or [n, classes, ...].
 * @param targets integers [n, ...], or probabilities of the shape and dtype of `logits`, summing to 1 over the classes.
 * @returns a scalar, or [n, ...] with reduction `none`. The mean over no samples, or over none that counts, is 0.
 * @throws RangeError when shapes do not fit, TypeError for `ignoreIndex` with probabilities.
 */
export function sparsemaxLoss(logits: Tensor, targets: Tensor, options: SparsemaxLossOptions = {}): Tensor {
  const { ignoreIndex, reduction } = options;
  const { logits: z, target } = classesLast('sparsemaxLoss', logits, targets);
  const excess = sparsemaxExcess(z);
  const distance = excess.relu().sub(target).square().sum(-1).mul(0.5);
  const losses = distance.add(target.mul(excess.neg().relu()).sum(-1));
  if (ignoreIndex === undefined) return reduce(losses, reduction);
  if (targets.rank === logits.rank) throw new TypeError('sparsemaxLoss: ignoreIndex goes with integer labels');
  const counted = targets.notEqual(ignoreIndex);
  return reduceShares(counted.where(losses, 0), counted.cast(logits.dtype), reduction);
}
