import { showShape, type Tensor } from '../../tensor/index.js';
import { requireSameShape } from '../checks.js';
import { type ReductionOptions, reduce } from '../reduction.js';

/**
 * Minus the cosine between predictions and targets that count as constants, in [-1, 1]. Chen and He 2021, equation 1. SimSiam's loss of two views
 * is half of it each way: `negativeCosine(p1, z2).add(negativeCosine(p2, z1)).mul(0.5)`, which {@link simSiam} is.
 *
 * @param predictions [..., d]; `targets` of the same shape.
 * @returns a scalar, or [...] with reduction `none`.
 * @throws TypeError or RangeError where arguments or options do not fit.
 */
export function negativeCosine(predictions: Tensor, targets: Tensor, options: ReductionOptions = {}): Tensor {
  requireSameShape('negativeCosine', predictions, targets);
  if (predictions.rank < 1)
    throw new RangeError(`negativeCosine: predictions ${showShape(predictions.shape)} must be [..., d]`);
  const cosine = predictions.normalize(-1).mul(targets.stopGradient().normalize(-1)).sum(-1);
  return reduce(cosine.neg(), options.reduction);
}

/**
 * SimSiam: (negativeCosine(p1, z2) + negativeCosine(p2, z1)) / 2 of predictions p and projections z of two views, [n, d]. Chen and He 2021.
 *
 * @throws TypeError or RangeError where arguments or options do not fit.
 */
export function simSiam(
  predictions: readonly [Tensor, Tensor],
  projections: readonly [Tensor, Tensor],
  options: ReductionOptions = {},
): Tensor {
  const [p1, p2] = predictions;
  const [z1, z2] = projections;
  requireSameShape('simSiam', p1, z2);
  requireSameShape('simSiam', p2, z1);
  return negativeCosine(p1, z2, options)
    .add(negativeCosine(p2, z1, options))
    .mul(0.5);
}
