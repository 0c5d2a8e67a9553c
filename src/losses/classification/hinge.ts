import type { Tensor } from '../../tensor/index.js';
import { requireNumber, requireSameShape } from '../checks.js';
import { type ElementOptions, reduceElements } from '../elements.js';
import { type LabelledOptions, reduceLabelled } from '../labelled.js';
import { labelsLast } from './class-targets.js';

interface Margin {
  /** By how much the right side must win, positive. Default 1. */
  readonly margin?: number;
}

export interface HingeOptions extends ElementOptions, Margin {}

export interface MulticlassHingeOptions extends LabelledOptions, Margin {}

/**
 * Hinge loss max(0, margin - u z) of scores z and targets u = 1 or -1, elementwise. At the margin the derivative is 0.
 *
 * @param scores of any shape; `targets` 1 or -1, of the same shape and dtype.
 * @returns a scalar, or that shape with reduction `none`. The mean over no elements is 0.
 * @throws TypeError or RangeError where arguments or options do not fit.
 */
export function hinge(scores: Tensor, targets: Tensor, options: HingeOptions = {}): Tensor {
  const { margin = 1 } = options;
  requireNumber('hinge', 'margin', margin, { low: 0, open: true });
  requireSameShape('hinge', scores, targets);
  return reduceElements('hinge', targets.mul(scores).neg().add(margin).relu(), options);
}

/**
 * Hinge loss of each class against the label's, averaged: mean over j != y of max(0, margin + z_j - z_y). Weston and Watkins 1999.
 * (PyTorch divides by the number of classes instead, and the mean by the number of samples where there are class weights.)
 *
 * @param logits [n, classes] or [n, classes, ...], 2 classes or more; `labels` integers [n, ...].
 * @returns a scalar, or [n, ...] with reduction `none`. The mean over no samples, or over none that counts, is 0.
 */
export function multiclassHinge(logits: Tensor, labels: Tensor, options: MulticlassHingeOptions = {}): Tensor {
  const violations = violationsOf('multiclassHinge', logits, labels, options);
  return reduceLabelled('multiclassHinge', violations.sum(-1).div(logits.shape[1] - 1), logits, labels, options);
}

/**
 * Hinge loss of the worst class against the label's: max over j != y of max(0, margin + z_j - z_y). Classes that tie for the worst share the
 * derivative. Crammer and Singer 2001.
 *
 * @param logits [n, classes] or [n, classes, ...], 2 classes or more; `labels` integers [n, ...].
 * @returns a scalar, or [n, ...] with reduction `none`. The mean over no samples, or over none that counts, is 0.
 */
export function crammerSinger(logits: Tensor, labels: Tensor, options: MulticlassHingeOptions = {}): Tensor {
  const violations = violationsOf('crammerSinger', logits, labels, options);
  return reduceLabelled('crammerSinger', violations.max(-1), logits, labels, options);
}

/** max(0, margin + z_j - z_y), 0 for the label itself; classes last. */
function violationsOf(who: string, logits: Tensor, labels: Tensor, { margin = 1 }: Margin): Tensor {
  requireNumber(who, 'margin', margin, { low: 0, open: true });
  const { logits: z, target } = labelsLast(who, logits, labels, 2);
  const own = z.mul(target).sum(-1, { keepDims: true });
  return target.greater(0).where(0, z.sub(own).add(margin).relu());
}
