import type { Tensor } from '../../tensor/index.js';
import { type ReductionOptions, reduce, requireSameShape } from '../reduction.js';

export interface HuberOptions extends ReductionOptions {
  /** Where the loss turns from quadratic to linear, positive. Default 1. */
  readonly delta?: number;
}

/**
 * Huber's loss of e = prediction - target, elementwise: e^2 / 2 where |e| <= delta, else delta (|e| - delta / 2). Huber 1964. Written as
 * c (|e| - c / 2) with c = min(|e|, delta), the same in both regions.
 */
export function huber(predictions: Tensor, targets: Tensor, options: HuberOptions = {}): Tensor {
  requireSameShape('huber', predictions, targets);
  const { delta = 1, reduction } = options;
  if (!(delta > 0)) throw new RangeError(`huber: delta ${delta} must be positive`);
  const error = predictions.sub(targets).abs();
  const capped = error.clip(undefined, delta);
  return reduce(capped.mul(error.sub(capped.mul(0.5))), reduction);
}

export interface SmoothL1Options extends ReductionOptions {
  /** Width of the quadratic region, not negative; 0 is the absolute error. Default 1. */
  readonly beta?: number;
}

/** Huber's loss divided by beta, so that its slope is 1 in the linear region: e^2 / (2 beta) where |e| < beta, else |e| - beta / 2. Girshick 2015. */
export function smoothL1(predictions: Tensor, targets: Tensor, options: SmoothL1Options = {}): Tensor {
  const { beta = 1, reduction } = options;
  if (!(beta >= 0)) throw new RangeError(`smoothL1: beta ${beta} must not be negative`);
  requireSameShape('smoothL1', predictions, targets);
  if (beta === 0) return reduce(predictions.sub(targets).abs(), reduction);
  return huber(predictions, targets, { delta: beta, reduction }).div(beta);
}
