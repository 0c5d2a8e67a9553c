import { showShape, type Tensor } from '../../tensor/index.js';
import { requireFloats, requireLabelled, requireNumber } from '../checks.js';
import { type ReductionOptions, reduce } from '../reduction.js';

function check(who: string, features: Tensor, labels: Tensor, centers: Tensor): void {
  requireFloats(who, { features, centers });
  if (features.rank !== 2 || centers.rank !== 2 || features.shape[1] !== centers.shape[1])
    throw new RangeError(
      `${who}: features ${showShape(features.shape)} and centers ${showShape(centers.shape)} must be [n, d] and [classes, d]`,
    );
  requireLabelled(who, 'features', features, labels);
}

/**
 * Half the squared distance of each feature vector to the centre of its class: |x - c_y|^2 / 2. Centres count as constants; they move by
 * {@link updateCenters}. Wen et al. 2016, equation 2.
 *
 * @param features [n, d]; `labels` integers [n] below the number of classes; `centers` [classes, d].
 * @returns a scalar, or [n] with reduction `none`.
 * @throws TypeError or RangeError where arguments or options do not fit.
 */
export function centerLoss(features: Tensor, labels: Tensor, centers: Tensor, options: ReductionOptions = {}): Tensor {
  check('centerLoss', features, labels, centers);
  const own = centers.stopGradient().gather(labels);
  return reduce(features.sub(own).square().sum(-1).mul(0.5), options.reduction);
}

/**
 * Centres moved towards the features of their classes: c_k - rate (sum over the class of c_k - x) / (1 + number in the class). Wen et al. 2016,
 * equation 4.
 *
 * @param options `rate` in [0, 1]. Default 0.5.
 * @returns [classes, d], without derivative.
 * @throws TypeError or RangeError where arguments or options do not fit.
 */
export function updateCenters(
  centers: Tensor,
  features: Tensor,
  labels: Tensor,
  { rate = 0.5 }: { readonly rate?: number } = {},
): Tensor {
  check('updateCenters', features, labels, centers);
  requireNumber('updateCenters', 'rate', rate, { low: 0, high: 1 });
  const member = labels.oneHot(centers.shape[0], 'bool').cast(features.dtype).swapAxes(0, 1);
  const count = member.sum(-1, { keepDims: true });
  const pull = centers.mul(count).sub(member.matmul(features));
  return centers.sub(pull.div(count.add(1)).mul(rate)).stopGradient();
}
