import { showShape, type Tensor } from '../../tensor/index.js';
import { requireSameShape } from '../checks.js';

/**
 * Several losses weighted by learned uncertainties: sum over i of L_i / (2 s_i^2) + log s_i, with s_i^2 the variances, given as their logarithms
 * v_i: (L_i exp(-v_i) + v_i) / 2. Kendall et al. 2018, equation 7. At its best v_i = log L_i.
 *
 * @param losses [tasks], not negative; `logVariances` of the same shape, parameters that start at 0.
 * @returns a scalar. It may be negative.
 * @throws TypeError or RangeError where arguments or options do not fit.
 */
export function uncertaintyWeighting(losses: Tensor, logVariances: Tensor): Tensor {
  requireSameShape('uncertaintyWeighting', losses, logVariances);
  if (losses.rank !== 1)
    throw new RangeError(`uncertaintyWeighting: losses ${showShape(losses.shape)} must be [tasks]`);
  return losses.mul(logVariances.neg().exp()).add(logVariances).mul(0.5).sum();
}
