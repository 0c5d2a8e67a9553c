import { averagePool, showShape, type Tensor } from '../../tensor/index.js';
import { requireNumber, requireSameShape } from '../checks.js';
import { type ReductionOptions, reduce } from '../reduction.js';

export interface ScaleInvariantLogOptions extends ReductionOptions {
  /** Share lambda of the squared mean that is taken away, in [0, 1]; with 1 a factor on all depths of an image costs nothing. Default 0.5. */
  readonly scaleInvariance?: number;
  /** True for pixels that count, of the shape of the depths. Default: all. */
  readonly mask?: Tensor;
}

/** The mean over all axes but the first, of the elements that count; 0 where none does. */
function imageMean(x: Tensor, mask: Tensor | undefined): Tensor {
  const flat = x.flatten(1);
  if (!mask) return flat.mean(-1);
  const counted = mask.flatten(1);
  return counted.where(flat, 0).sum(-1).div(counted.cast(x.dtype).sum(-1).maximum(1));
}

function requireImages(who: string, predictions: Tensor, targets: Tensor, mask?: Tensor): void {
  requireSameShape(who, predictions, targets);
  if (predictions.rank < 2)
    throw new RangeError(`${who}: predictions ${showShape(predictions.shape)} must be [n, ...pixels]`);
  if (mask && (mask.dtype !== 'bool' || mask.shape.join() !== targets.shape.join()))
    throw new RangeError(
      `${who}: mask ${mask.dtype}${showShape(mask.shape)} must be bool${showShape(targets.shape)}, as targets`,
    );
}

/**
 * Scale-invariant error of log depths, image by image: mean k^2 - lambda (mean k)^2 with k = log prediction - log target. Eigen et al. 2014,
 * equation 4. Depths count as at least 1e-8.
 *
 * @param predictions positive depths, [n, ...pixels]; `targets` of the same shape.
 * @returns a scalar, or [n] with reduction `none`.
 * @throws TypeError or RangeError where arguments or options do not fit.
 */
export function scaleInvariantLog(
  predictions: Tensor,
  targets: Tensor,
  options: ScaleInvariantLogOptions = {},
): Tensor {
  const { scaleInvariance = 0.5, mask, reduction } = options;
  requireNumber('scaleInvariantLog', 'scaleInvariance', scaleInvariance, { low: 0, high: 1 });
  requireImages('scaleInvariantLog', predictions, targets, mask);
  const [prediction, target] = [predictions, targets].map((depth) => depth.maximum(1e-8).log());
  const k = prediction.sub(target);
  const losses = imageMean(k.square(), mask).sub(imageMean(k, mask).square().mul(scaleInvariance));
  return reduce(losses, reduction);
}

export interface MaskOptions {
  /** True for pixels that count, of the shape of the depths. Default: all. */
  readonly mask?: Tensor;
}

/**
 * Predictions under the scale s and shift t, one of each for an image, that bring them closest to the targets in squares: s x + t. Predictions
 * that are all equal become the mean of the targets. Ranftl et al. 2022.
 *
 * @param predictions [n, ...pixels]; `targets` of the same shape.
 * @throws TypeError or RangeError where arguments or options do not fit.
 */
export function alignScaleShift(predictions: Tensor, targets: Tensor, { mask }: MaskOptions = {}): Tensor {
  requireImages('alignScaleShift', predictions, targets, mask);
  const over = (x: Tensor) => imageMean(x, mask).reshape([x.shape[0], ...x.shape.slice(1).map(() => 1)]);
  const [prediction, target] = [predictions.sub(over(predictions)), targets.sub(over(targets))];
  const spread = over(prediction.square());
  const flat = spread.equal(0);
  const scale = flat.where(0, over(prediction.mul(target)).div(flat.where(1, spread)));
  return prediction.mul(scale).add(over(targets));
}

/**
 * Half the mean squared error after {@link alignScaleShift}, image by image: depth up to a scale and a shift. Ranftl et al. 2022, with the squared error.
 *
 * @param predictions [n, ...pixels]; `targets` of the same shape.
 * @returns a scalar, or [n] with reduction `none`.
 * @throws TypeError or RangeError where arguments or options do not fit.
 */
export function scaleShiftInvariantLoss(
  predictions: Tensor,
  targets: Tensor,
  options: MaskOptions & ReductionOptions = {},
): Tensor {
  requireImages('scaleShiftInvariantLoss', predictions, targets, options.mask);
  const error = alignScaleShift(predictions, targets, options).sub(targets);
  return reduce(imageMean(error.square(), options.mask).mul(0.5), options.reduction);
}

export interface GradientLossOptions extends ReductionOptions {
  /** Number of scales, each half the one before by averaging 2 x 2 pixels. Default 1. Ranftl et al. 2022 take 4. */
  readonly scales?: number;
}

/**
 * How much the edges of two images differ, image by image: the mean of |dx R| + |dy R| of the residual R = prediction - target, dx and dy the
 * differences of neighbours, summed over scales. Ranftl et al. 2022 (R after {@link alignScaleShift}).
 *
 * @param predictions [n, channels, height, width]; `targets` of the same shape.
 * @returns a scalar, or [n] with reduction `none`.
 * @throws TypeError or RangeError where arguments or options do not fit.
 */
export function gradientLoss(predictions: Tensor, targets: Tensor, options: GradientLossOptions = {}): Tensor {
  const { scales = 1, reduction } = options;
  requireImages('gradientLoss', predictions, targets);
  const least = 2 ** scales;
  if (
    !Number.isInteger(scales) ||
    scales < 1 ||
    predictions.rank !== 4 ||
    Math.min(...predictions.shape.slice(2)) < least
  )
    throw new RangeError(
      `gradientLoss: predictions ${showShape(predictions.shape)} must be images of at least ${least} x ${least} pixels for ${scales} scales`,
    );
  let residual = predictions.sub(targets);
  let total = edges(residual);
  for (let scale = 1; scale < scales; scale++) {
    residual = averagePool(residual, 2, { stride: 2 });
    total = total.add(edges(residual));
  }
  return reduce(total, reduction);
}

const edges = (x: Tensor): Tensor =>
  [2, 3].map((axis) => difference(x, axis).abs().mean([1, 2, 3])).reduce((a, b) => a.add(b));

/** Each element less the one before it, along an axis of an image: one fewer. */
export function difference(x: Tensor, axis: number): Tensor {
  const part = (from: number, to: number) => x.slice(x.shape.map((n, i) => (i === axis ? [from, n + to] : null)));
  return part(1, 0).sub(part(0, -1));
}
