import type { Tensor } from '../../tensor/index.js';
import { requireNumber } from '../checks.js';
import { type LabelledOptions, reduceLabelled } from '../labelled.js';
import { classesLast, labelsLast, smoothTargets } from './class-targets.js';
import { crossEntropy } from './cross-entropy.js';

export interface SquentropyOptions extends LabelledOptions {
  /** Factor of the square term, not negative. Default 1, the paper's: the loss has no hyper-parameter. */
  readonly squareWeight?: number;
  /** Share s of the target that is given to all classes evenly, in [0, 1]: (1 - s) q + s / classes. Default 0. */
  readonly labelSmoothing?: number;
}

/**
 * Cross-entropy plus the mean squared logit of the wrong classes: -log softmax(z)_y + w / (C - 1) sum over j != y of z_j^2, with w the
 * square weight. It holds the logits of wrong classes near 0, so it is not the same when a number is added to all logits of a sample: give it
 * raw logits, not normalised ones. Hui, Belkin and Wright 2023.
 *
 * Soft or smoothed targets q, which the paper leaves open, weigh the squares by 1 - q_j: the definition above where q is one-hot.
 *
 * @param logits finite, [n, classes] or [n, classes, ...], 2 classes or more.
 * @param targets integers [n, ...], or probabilities of the shape and dtype of `logits`.
 * @returns a scalar, or [n, ...] with reduction `none`. The mean over no samples, or over none that counts, is 0.
 * @throws RangeError for fewer than 2 classes, a negative weight, or shapes that do not fit.
 */
export function squentropy(logits: Tensor, targets: Tensor, options: SquentropyOptions = {}): Tensor {
  const { squareWeight = 1, labelSmoothing = 0 } = options;
  requireNumber('squentropy', 'squareWeight', squareWeight, { low: 0 });
  const { logits: z, target } = classesLast('squentropy', logits, targets, 2);
  const squares = smoothTargets('squentropy', target, labelSmoothing)
    .neg()
    .add(1)
    .mul(z.square())
    .sum(-1)
    .div(logits.shape[1] - 1);
  const entropy = crossEntropy(logits, targets, { labelSmoothing, reduction: 'none' });
  return reduceLabelled('squentropy', entropy.add(squares.mul(squareWeight)), logits, targets, options);
}

export interface RescaledSquareOptions extends LabelledOptions {
  /** Factor k of the right class's error, positive. Default 1. */
  readonly correctWeight?: number;
  /** The logit M that the right class should have. Default 1; larger, such as 15, for many classes. */
  readonly correctTarget?: number;
}

/**
 * Square loss for classification, rescaled for many classes: (k (z_y - M)^2 + sum over j != y of z_j^2) / C. With k = M = 1 it is the mean
 * squared error to the one-hot label. Hui and Belkin 2021 (k and M).
 *
 * @param logits finite, [n, classes] or [n, classes, ...]; `labels` integers [n, ...].
 * @returns a scalar, or [n, ...] with reduction `none`. The mean over no samples, or over none that counts, is 0.
 * @throws TypeError for soft targets, RangeError when shapes do not fit.
 */
export function rescaledSquareLoss(logits: Tensor, labels: Tensor, options: RescaledSquareOptions = {}): Tensor {
  const { correctWeight = 1, correctTarget = 1 } = options;
  requireNumber('rescaledSquareLoss', 'correctWeight', correctWeight, { low: 0, open: true });
  const { logits: z, target } = labelsLast('rescaledSquareLoss', logits, labels);
  const factor = target.mul(correctWeight - 1).add(1);
  const losses = factor.mul(z.sub(target.mul(correctTarget)).square()).mean(-1);
  return reduceLabelled('rescaledSquareLoss', losses, logits, labels, options);
}
