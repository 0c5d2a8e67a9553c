import type { Tensor } from '../../tensor/index.js';
import { requireClassTargets, requireLabels, requireNumber } from '../checks.js';

export interface ClassesLast {
  /** Logits [n, ..., classes]. */
  readonly logits: Tensor;
  /** Share of each class in the target, of the same shape: one-hot for integer labels, all 0 for a label out of range. */
  readonly target: Tensor;
}

/** Logits [n, classes, ...] and their targets, integer labels or probabilities, checked, with the classes moved to the last axis. */
export function classesLast(who: string, logits: Tensor, targets: Tensor, leastClasses = 1): ClassesLast {
  const soft = requireClassTargets(who, logits, targets, leastClasses);
  const target = soft ? targets.moveAxis(1, -1) : oneHotLike(logits, targets);
  return { logits: logits.moveAxis(1, -1), target };
}

/** Targets with the classes last, of which each gives all classes evenly the share `labelSmoothing`. @throws RangeError unless it is in [0, 1]. */
export function smoothTargets(who: string, target: Tensor, labelSmoothing: number): Tensor {
  requireNumber(who, 'labelSmoothing', labelSmoothing, { low: 0, high: 1 });
  const classes = target.shape[target.rank - 1];
  return labelSmoothing === 0 ? target : target.mul(1 - labelSmoothing).add(labelSmoothing / classes);
}

/** {@link classesLast} for losses that are defined for integer labels alone. */
export function labelsLast(who: string, logits: Tensor, labels: Tensor, leastClasses = 1): ClassesLast {
  requireLabels(who, logits, labels, leastClasses);
  return { logits: logits.moveAxis(1, -1), target: oneHotLike(logits, labels) };
}

function oneHotLike(logits: Tensor, labels: Tensor): Tensor {
  return labels.oneHot(logits.shape[1], 'bool').cast(logits.dtype);
}
