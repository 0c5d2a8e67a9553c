import type { Tensor } from '../../tensor/index.js';
import { requireNumber, requireSameShape } from '../checks.js';
import { type ReductionOptions, reduce } from '../reduction.js';

export interface WingOptions extends ReductionOptions {
  /** Half width w of the logarithmic part, in the units of the predictions, positive. Default 10 (pixels). */
  readonly width?: number;
  /** Its curvature epsilon, positive: the slope at 0 is w / epsilon. Default 2. */
  readonly curvature?: number;
}

/**
 * Wing loss of e = prediction - target, elementwise, for landmarks: w log(1 + |e| / epsilon) where |e| < w, else |e| - C with the C that joins
 * them. Small errors weigh more than under the absolute error; the derivative at 0 is taken as 0. Feng et al. 2018, equation 5.
 *
 * @param predictions of any shape; `targets` of the same.
 * @returns a scalar, or that shape with reduction `none`. The mean over no elements is 0.
 * @throws TypeError or RangeError where arguments or options do not fit.
 */
export function wing(predictions: Tensor, targets: Tensor, options: WingOptions = {}): Tensor {
  const { width = 10, curvature = 2, reduction } = options;
  requireNumber('wing', 'width', width, { low: 0, open: true });
  requireNumber('wing', 'curvature', curvature, { low: 0, open: true });
  requireSameShape('wing', predictions, targets);
  const size = predictions.sub(targets).abs();
  const joint = width - width * Math.log1p(width / curvature);
  return reduce(size.less(width).where(size.div(curvature).log1p().mul(width), size.sub(joint)), reduction);
}
