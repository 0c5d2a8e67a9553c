import { sparsemaxExcess } from '../../nn/functional/sparsemax.js';
import type { Tensor } from '../../tensor/index.js';
import { type LabelledOptions, reduceLabelled } from '../labelled.js';
import { classesLast, smoothTargets } from './class-targets.js';

export interface SparsemaxLossOptions extends LabelledOptions {
  /** Share s of the target that is given to all classes evenly, in [0, 1]: (1 - s) q + s / classes. Default 0. */
  readonly labelSmoothing?: number;
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
  const { labelSmoothing = 0 } = options;
  const { logits: z, target: given } = classesLast('sparsemaxLoss', logits, targets);
  const target = smoothTargets('sparsemaxLoss', given, labelSmoothing);
  const excess = sparsemaxExcess(z);
  const distance = excess.relu().sub(target).square().sum(-1).mul(0.5);
  const losses = distance.add(target.mul(excess.neg().relu()).sum(-1));
  return reduceLabelled('sparsemaxLoss', losses, logits, targets, options);
}
