import type { Tensor } from '../../tensor/index.js';
import { requireSameShape } from '../checks.js';
import { type ReductionOptions, reduce } from '../reduction.js';

export interface PoissonLossOptions extends ReductionOptions {
  /** Whether predictions are logarithms of rates. Default false: rates. */
  readonly logRate?: boolean;
  /** Add Stirling's approximation of log(y!) for y > 1, y log y - y + log(2 pi y) / 2, which predictions cannot change. Default false. */
  readonly stirling?: boolean;
}

/**
 * Negative log-likelihood of counts y under Poisson rates r, elementwise and up to log(y!): r - y log r. Rates are taken as at least 1e-8 in the
 * logarithm. With `logRate`, exp(x) - y x of predictions x = log r.
 *
 * @param predictions not negative, or any numbers with `logRate`, of any shape; `counts` not negative, of the same shape and dtype.
 * @returns a scalar, or that shape with reduction `none`. It may be negative. The mean over no elements is 0.
 * @throws TypeError or RangeError where arguments or options do not fit.
 */
export function poissonLoss(predictions: Tensor, counts: Tensor, options: PoissonLossOptions = {}): Tensor {
  const { logRate = false, stirling = false, reduction } = options;
  requireSameShape('poissonLoss', predictions, counts);
  const losses = logRate
    ? predictions.exp().sub(counts.mul(predictions))
    : predictions.sub(counts.mul(predictions.maximum(1e-8).log()));
  if (!stirling) return reduce(losses, reduction);
  const y = counts.maximum(1);
  const factorial = y
    .mul(y.log())
    .sub(y)
    .add(
      y
        .mul(2 * Math.PI)
        .log()
        .mul(0.5),
    );
  return reduce(losses.add(counts.greater(1).where(factorial, 0)), reduction);
}
