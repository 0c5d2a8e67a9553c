import type { Tensor } from '../../tensor/index.js';
import { requireNumber, requireSameShape } from '../checks.js';
import { type ReductionOptions, reduce } from '../reduction.js';

export interface BalancedL1Options extends ReductionOptions {
  /** Gradient of small errors (a), positive. Default 0.5. */
  readonly alpha?: number;
  /** Gradient of errors above 1 (g), positive. Default 1.5. */
  readonly gamma?: number;
}

/**
 * Balanced L1 loss of e = prediction - target, elementwise, with b = exp(g / a) - 1: (a / b)(b |e| + 1) log(b |e| + 1) - a |e| where |e| < 1, else
 * g |e| + g / b - a. Its gradient rises as a log(b |e| + 1) to g at 1 and stays there, so that many small errors are heard beside outliers.
 * Pang et al. 2019.
 *
 * @param predictions of any shape; `targets` of the same.
 * @returns a scalar, or that shape with reduction `none`. The mean over no elements is 0.
 * @throws TypeError or RangeError where arguments or options do not fit.
 */
export function balancedL1(predictions: Tensor, targets: Tensor, options: BalancedL1Options = {}): Tensor {
  const { alpha = 0.5, gamma = 1.5, reduction } = options;
  requireNumber('balancedL1', 'alpha', alpha, { low: 0, open: true });
  requireNumber('balancedL1', 'gamma', gamma, { low: 0, open: true });
  requireSameShape('balancedL1', predictions, targets);
  const b = Math.expm1(gamma / alpha);
  const size = predictions.sub(targets).abs();
  const scaled = size.mul(b);
  const inner = scaled
    .add(1)
    .mul(scaled.log1p())
    .mul(alpha / b)
    .sub(size.mul(alpha));
  return reduce(size.less(1).where(inner, size.mul(gamma).add(gamma / b - alpha)), reduction);
}
