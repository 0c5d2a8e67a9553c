import { isFloat, isInteger, maxPool, showShape, type Tensor } from '../../tensor/index.js';
import { requireNumber } from '../checks.js';
import { reduceShares } from '../reduction.js';
import { type Counted, countedPositions, lack, type OverlapOptions } from './overlap-sums.js';

export interface JaccardMetricOptions extends Omit<OverlapOptions, 'smooth' | 'batch'> {
  /** Added to both sides of the fraction, not negative. Default 1e-3, as the authors' code; their experiments have 1. */
  readonly smooth?: number;
  /** Take the sums over the whole batch, a loss for each class, in place of each image. Default true, as the authors. */
  readonly batch?: boolean;
  /**
   * Which classes count in the mean: those that are `present`, of a share above 0.01 at some position, or `all`. Default, the authors': those
   * present of integer labels, all of soft ones.
   */
  readonly classes?: 'present' | 'all';
}

/** Sums of a class over positions, [n, classes] or [classes]. */
interface Cardinalities {
  /** |x| of what is predicted, |y| of the target. */
  readonly predicted: Tensor;
  readonly target: Tensor;
  /** |x - y|. */
  readonly apart: Tensor;
  /** <x, y>. */
  readonly both: Tensor;
}

function cardinalities({ predicted, target, axes }: Counted): Cardinalities {
  return {
    predicted: predicted.sum(axes),
    target: target.sum(axes),
    apart: predicted.sub(target).abs().sum(axes),
    both: predicted.mul(target).sum(axes),
  };
}

/** Losses 1 - (a + s) / (b + s) of the classes that count, reduced. */
function ofClasses(
  who: string,
  probabilities: Tensor,
  targets: Tensor,
  options: JaccardMetricOptions,
  fraction: (sums: Cardinalities) => readonly [a: Tensor, b: Tensor],
): Tensor {
  const { smooth = 1e-3, batch = true, classes = isFloat(targets.dtype) ? 'all' : 'present', weight } = options;
  if (classes !== 'present' && classes !== 'all')
    throw new TypeError(`${who}: classes ${classes} must be 'present' or 'all'`);
  const counted = countedPositions(who, probabilities, targets, { ...options, smooth, batch });
  const [a, b] = fraction(cardinalities(counted));
  const losses = lack(a, b, { smooth });
  const { target, axes } = counted;
  const active =
    classes === 'all' || target.size === 0 ? losses.onesLike() : target.max(axes).greater(0.01).cast(losses.dtype);
  const shares = weight ? active.mul(weight) : active;
  return reduceShares(losses.mul(shares), shares, options.reduction);
}

/**
 * Jaccard metric loss: the Jaccard loss of the sets that probabilities x and targets y are, by the L1 distance between them,
 *
 *   1 - (|x| + |y| - |x - y| + 2 s) / (|x| + |y| + |x - y| + 2 s),
 *
 * the sums over positions. With masks of 0 and 1 it is the {@link jaccardLoss}. With soft targets, as of smoothed labels, a teacher or several
 * raters, that is least at other predictions than the targets; this one is a metric on [0, 1]^n, 0 at x = y alone (with s = 0). The authors
 * train with 0.25 times cross-entropy and 0.75 times this. Wang, Ning and Blaschko 2023 (arXiv 2302.05666).
 *
 * @param probabilities x [n, classes, ...positions].
 * @param targets integer labels [n, ...positions], or y of the shape and dtype of `probabilities`.
 * @returns in [0, 1]: a scalar, the mean over the classes that count, 0 where none does; or [classes] ([n, classes] without `batch`) with
 * reduction `none`, 0 where a class does not count.
 * @throws TypeError or RangeError where arguments or options do not fit.
 */
export function jaccardMetricLoss(probabilities: Tensor, targets: Tensor, options: JaccardMetricOptions = {}): Tensor {
  return ofClasses('jaccardMetricLoss', probabilities, targets, options, ({ predicted, target, apart }) => {
    const sizes = predicted.add(target);
    return [sizes.sub(apart).div(2), sizes.add(apart).div(2)];
  });
}

/**
 * The other Jaccard metric loss (JML2), 1 - (<x, y> + s) / (<x, y> + |x - y| + s): like {@link jaccardMetricLoss} the {@link jaccardLoss} of masks,
 * a metric, and least at the target. Wang, Ning and Blaschko 2023 (arXiv 2302.05666).
 *
 * @param probabilities as for {@link jaccardMetricLoss}.
 * @param targets as for {@link jaccardMetricLoss}.
 * @returns as {@link jaccardMetricLoss}.
 * @throws TypeError or RangeError where arguments or options do not fit.
 */
export function jaccardMetricLoss2(probabilities: Tensor, targets: Tensor, options: JaccardMetricOptions = {}): Tensor {
  return ofClasses('jaccardMetricLoss2', probabilities, targets, options, ({ apart, both }) => [both, both.add(apart)]);
}

/**
 * Dice semimetric loss: the Dice loss by the L1 distance, 1 - (|x| + |y| - |x - y| + 2 s) / (|x| + |y| + 2 s), least at the target where it is soft too.
 * Of masks of 0 and 1 it is the {@link diceLoss} with `smooth` of 2 s. Wang et al. 2023 (arXiv 2303.16296).
 *
 * @param probabilities as for {@link jaccardMetricLoss}.
 * @param targets as for {@link jaccardMetricLoss}.
 * @returns as {@link jaccardMetricLoss}.
 * @throws TypeError or RangeError where arguments or options do not fit.
 */
export function diceSemimetricLoss(probabilities: Tensor, targets: Tensor, options: JaccardMetricOptions = {}): Tensor {
  return ofClasses('diceSemimetricLoss', probabilities, targets, options, ({ predicted, target, apart }) => {
    const sizes = predicted.add(target);
    return [sizes.sub(apart).div(2), sizes.div(2)];
  });
}

export interface BoundarySmoothingOptions {
  /** How many classes there are; labels are below it, but for those that are ignored. */
  readonly classes: number;
  /** Share that is taken from the label near boundaries and given to all classes evenly, in [0, 1]. Default 0.5, as the authors' configuration. */
  readonly smoothing?: number;
  /** Side of the square around a pixel in which another label makes it one of a boundary, odd. Default 3, the authors'. */
  readonly window?: number;
  /** Label of pixels that do not count. They get no class at all, and pixels with one of them in the window stay as they are. Default: none. */
  readonly ignoreIndex?: number;
}

/**
 * Boundary label smoothing: labels smoothed where they are least certain, at pixels with another label within a window around them,
 * (1 - e) onehot(y) + e / classes; elsewhere they stay onehot(y). Pixels beyond the border are of no label. Wang, Ning and Blaschko 2023
 * (arXiv 2302.05666).
 *
 * @param labels integers [n, height, width].
 * @returns [n, classes, height, width], float32, for {@link jaccardMetricLoss} and cross-entropy.
 * @throws TypeError or RangeError where arguments or options do not fit.
 */
export function boundaryLabelSmoothing(labels: Tensor, options: BoundarySmoothingOptions): Tensor {
  const { classes, smoothing = 0.5, window = 3, ignoreIndex } = options;
  if (!isInteger(labels.dtype) || labels.rank !== 3)
    throw new RangeError(
      `boundaryLabelSmoothing: labels ${labels.dtype}${showShape(labels.shape)} must be integers [n, height, width]`,
    );
  requireNumber('boundaryLabelSmoothing', 'classes', classes, { low: 1 });
  requireNumber('boundaryLabelSmoothing', 'smoothing', smoothing, { low: 0, high: 1 });
  if (!Number.isInteger(window) || window < 1 || window % 2 === 0)
    throw new RangeError(`boundaryLabelSmoothing: window ${window} must be an odd positive integer`);
  const hard = labels.oneHot(classes, 'bool').cast('float32').moveAxis(-1, 1);
  const greatest = (x: Tensor) => maxPool(x.expandDims(1), window, { stride: 1, padding: (window - 1) / 2 }).squeeze(1);
  const values = labels.cast('float32');
  const mixed = greatest(values).notEqual(greatest(values.neg()).neg());
  const near =
    ignoreIndex === undefined ? mixed : mixed.and(greatest(labels.equal(ignoreIndex).cast('float32')).equal(0));
  const soft = near.expandDims(1).where(hard.mul(1 - smoothing).add(smoothing / classes), hard);
  return ignoreIndex === undefined ? soft : labels.notEqual(ignoreIndex).expandDims(1).where(soft, 0);
}
