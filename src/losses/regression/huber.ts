import type { Tensor } from '../../tensor/index.js';
import { requireSameShape } from '../checks.js';
import { type ReductionOptions, reduce } from '../reduction.js';

export interface HuberOptions extends ReductionOptions {
  /** Where the loss turns from quadratic to linear, positive. Default 1. */
  readonly delta?: number;
}

/**
 * Huber's loss of e = prediction - target, elementwise: e^2 / 2 where |e| <= delta, else delta (|e| - delta / 2). Huber 1964.
 *
 * Written as c (e - c / 2) with c = clip(e, -delta, delta): the same in all regions, with the right second derivative at e = 0 too.
 *
 * @param predictions of any shape; `targets` of the same.
 * @returns a scalar, or that shape with reduction `none`. The mean over no elements is 0.
 * @throws TypeError or RangeError where arguments or options do not fit.
 */
export function huber(predictions: Tensor, targets: Tensor, options: HuberOptions = {}): Tensor {
  const { delta = 1, reduction } = options;
  if (!(delta > 0)) throw new RangeError(`huber: delta ${delta} must be positive`);
  requireSameShape('huber', predictions, targets);
  return reduce(quadraticThenLinear(predictions.sub(targets), delta), reduction);
}

function quadraticThenLinear(error: Tensor, delta: number): Tensor {
  const clipped = error.clip(-delta, delta);
  return clipped.mul(error.sub(clipped.mul(0.5)));
}

export interface SmoothL1Options extends ReductionOptions {
  /** Width of the quadratic region, not negative; 0 is the absolute error. Default 1. */
  readonly beta?: number;
}

/**
 * Huber's loss divided by beta, so that its slope is 1 in the linear region: e^2 / (2 beta) where |e| < beta, else |e| - beta / 2.
 * Girshick 2015, equation 3 (beta = 1).
 *
 * @param predictions of any shape; `targets` of the same.
 * @returns a scalar, or that shape with reduction `none`. The mean over no elements is 0.
 * @throws TypeError or RangeError where arguments or options do not fit.
 */
export function smoothL1(predictions: Tensor, targets: Tensor, options: SmoothL1Options = {}): Tensor {
  const { beta = 1, reduction } = options;
  if (!(beta >= 0)) throw new RangeError(`smoothL1: beta ${beta} must not be negative`);
  requireSameShape('smoothL1', predictions, targets);
  const error = predictions.sub(targets);
  return reduce(beta === 0 ? error.abs() : quadraticThenLinear(error, beta).div(beta), reduction);
}
