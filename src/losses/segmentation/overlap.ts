import type { Tensor } from '../../tensor/index.js';
import { requireNumber } from '../checks.js';
import { reduce, reduceShares } from '../reduction.js';
import { countedPositions, lack, type OverlapOptions } from './overlap-sums.js';

/** Sums over positions, [n, classes] or [classes]. */
interface Sums {
  readonly both: Tensor;
  readonly predicted: Tensor;
  readonly target: Tensor;
}

function sums(who: string, probabilities: Tensor, targets: Tensor, options: OverlapOptions): Sums {
  const { predicted, target, axes } = countedPositions(who, probabilities, targets, options);
  return { both: predicted.mul(target).sum(axes), predicted: predicted.sum(axes), target: target.sum(axes) };
}

/** Losses [n, classes] or [classes], each as its class weighs. */
function reduceClasses(losses: Tensor, { weight, reduction }: OverlapOptions): Tensor {
  if (!weight) return reduce(losses, reduction);
  return reduceShares(losses.mul(weight), weight.broadcastTo(losses.shape), reduction);
}

/**
 * Dice loss 1 - (2 sum p t + s) / (sum p + sum t + s), the sums over positions. A class that is neither there nor predicted costs 0.
 * Milletari et al. 2016 (whose denominator has squares); Sudre et al. 2017.
 *
 * @param probabilities [n, classes, ...positions], one class for a binary mask.
 * @param targets integer labels [n, ...positions], or masks of the shape and dtype of `probabilities`.
 * @returns a scalar, or [n, classes] ([classes] with `batch`) with reduction `none`. The mean is over all classes, those that cost 0 as they are not
 * there too; over nothing it is 0.
 * @throws TypeError or RangeError where arguments or options do not fit.
 */
export function diceLoss(probabilities: Tensor, targets: Tensor, options: OverlapOptions = {}): Tensor {
  const { both, predicted, target } = sums('diceLoss', probabilities, targets, options);
  return reduceClasses(lack(both.mul(2), predicted.add(target), options), options);
}

/**
 * Jaccard or soft IoU loss 1 - (sum p t + s) / (sum (p + t - p t) + s), the sums over positions. A class that is neither there nor predicted
 * costs 0. Rahman and Wang 2016.
 *
 * @param probabilities as for {@link diceLoss}.
 * @param targets as for {@link diceLoss}.
 * @returns as {@link diceLoss}.
 * @throws TypeError or RangeError where arguments or options do not fit.
 */
export function jaccardLoss(probabilities: Tensor, targets: Tensor, options: OverlapOptions = {}): Tensor {
  const { both, predicted, target } = sums('jaccardLoss', probabilities, targets, options);
  return reduceClasses(lack(both, predicted.add(target).sub(both), options), options);
}

export interface TverskyOptions extends OverlapOptions {
  /** Weight of false positives (alpha), not negative. Default 0.3. */
  readonly falsePositiveWeight?: number;
  /** Weight of false negatives (beta), not negative. Default 0.7. */
  readonly falseNegativeWeight?: number;
}

/**
 * Tversky loss 1 - (TP + s) / (TP + alpha FP + beta FN + s), with TP = sum p t, FP = sum p (1 - t), FN = sum (1 - p) t. Both weights 1/2 give the
 * Dice loss (with s halved), both 1 the Jaccard loss. Salehi et al. 2017.
 *
 * @param probabilities as for {@link diceLoss}.
 * @param targets as for {@link diceLoss}.
 * @returns as {@link diceLoss}.
 * @throws RangeError where arguments or options do not fit.
 */
export function tverskyLoss(probabilities: Tensor, targets: Tensor, options: TverskyOptions = {}): Tensor {
  return reduceClasses(tverskyLacks('tverskyLoss', probabilities, targets, options), options);
}

export interface FocalTverskyOptions extends TverskyOptions {
  /** Root that is taken (gamma), positive; above 1 it makes more of classes that are nearly right. Default 4/3. */
  readonly gamma?: number;
}

/**
 * Focal Tversky loss: the losses of {@link tverskyLoss} to the power 1 / gamma. The derivative where a loss is 0, whose limit is infinite for
 * gamma above 1, counts as 0. Abraham and Khan 2019.
 *
 * @param probabilities as for {@link diceLoss}.
 * @param targets as for {@link diceLoss}.
 * @returns as {@link diceLoss}.
 * @throws RangeError where arguments or options do not fit.
 */
export function focalTverskyLoss(probabilities: Tensor, targets: Tensor, options: FocalTverskyOptions = {}): Tensor {
  const { gamma = 4 / 3 } = options;
  requireNumber('focalTverskyLoss', 'gamma', gamma, { low: 0, open: true });
  const lacks = tverskyLacks('focalTverskyLoss', probabilities, targets, options);
  const nothing = lacks.lessEqual(0);
  return reduceClasses(nothing.where(0, nothing.where(1, lacks).pow(1 / gamma)), options);
}

function tverskyLacks(who: string, probabilities: Tensor, targets: Tensor, options: TverskyOptions): Tensor {
  const { falsePositiveWeight = 0.3, falseNegativeWeight = 0.7 } = options;
  requireNumber(who, 'falsePositiveWeight', falsePositiveWeight, { low: 0 });
  requireNumber(who, 'falseNegativeWeight', falseNegativeWeight, { low: 0 });
  const { both, predicted, target } = sums(who, probabilities, targets, options);
  const falsePositives = predicted.sub(both).mul(falsePositiveWeight);
  const falseNegatives = target.sub(both).mul(falseNegativeWeight);
  return lack(both, both.add(falsePositives).add(falseNegatives), options);
}
