import { isotonic } from '../../numerics/index.js';
import { arange, isFloat, showShape, type Tensor } from '../../tensor/index.js';

function requirePits(who: string, pits: Tensor): number {
  if (!isFloat(pits.dtype) || pits.rank !== 1 || pits.shape[0] === 0)
    throw new RangeError(`${who}: pits ${pits.dtype}${showShape(pits.shape)} must be float [n], and some`);
  return pits.shape[0];
}

function requirePositive(who: string, name: string, value: number): void {
  if (!(value > 0)) throw new RangeError(`${who}: ${name} ${value} must be positive`);
}

export interface PceKdeOptions {
  /** Number of levels (j - 1/2) / M. Default 100. */
  readonly levels?: number;
  /** Inverse width s of the sigmoid that stands for the step. Default 100. */
  readonly steepness?: number;
  /** Exponent p of the differences. Default 1. */
  readonly power?: number;
}

/**
 * Probabilistic calibration error that can be trained on: mean over levels a_j of |a_j - mean over i of sigmoid(s (a_j - Z_i))|^p, Z the
 * probability integral transforms F(y) of a batch. Add a multiple of it (0.01 to 5) to the negative log-likelihood or CRPS. As s grows it tends to
 * the metric. Dheur and Ben Taieb 2023 (PCE-KDE).
 *
 * @param pits [n], in [0, 1]; from `gaussianMixtureCdf`, for one.
 * @returns a scalar.
 * @throws RangeError for pits that are no floats [n], some, and for options that are not positive.
 */
export function pceKde(pits: Tensor, options: PceKdeOptions = {}): Tensor {
  const { levels = 100, steepness = 100, power = 1 } = options;
  requirePits('pceKde', pits);
  if (!Number.isInteger(levels) || levels < 1)
    throw new RangeError(`pceKde: levels ${levels} must be a positive integer`);
  requirePositive('pceKde', 'steepness', steepness);
  requirePositive('pceKde', 'power', power);
  const level = arange(levels).cast(pits.dtype).add(0.5).div(levels);
  const below = level.expandDims(-1).sub(pits).mul(steepness).sigmoid().mean(-1);
  return absolutePower(below.sub(level), power).mean();
}

export interface PceSortOptions {
  /** Exponent p of the differences. Default 1. */
  readonly power?: number;
  /**
   * Regularisation of a soft sort, as of `softRank`; 0.1 in the authors' code, whose metric sorts exactly. Default: the exact sort, whose
   * derivative goes to where each element stood.
   */
  readonly strength?: number;
}

/**
 * Mean distance of the sorted transforms from those of calibrated predictions: mean over i of |Z_(i) - i / (n + 1)|^p. Dheur and Ben Taieb 2023
 * (PCE-Sort); soft sort: Blondel et al. 2020.
 *
 * @param pits [n], in [0, 1].
 * @returns a scalar.
 * @throws RangeError for pits that are no floats [n], some, and for options that are not positive.
 */
export function pceSort(pits: Tensor, options: PceSortOptions = {}): Tensor {
  const { power = 1, strength } = options;
  const n = requirePits('pceSort', pits);
  requirePositive('pceSort', 'power', power);
  if (strength !== undefined) requirePositive('pceSort', 'strength', strength);
  const descending = pits.sort(-1, { descending: true });
  const sorted = strength === undefined ? descending : softened(descending, strength);
  const ideal = arange(n, 0, -1, pits.dtype).div(n + 1);
  return absolutePower(sorted.sub(ideal), power).mean();
}

/** The projection of (n, ..., 1) / strength onto the permutahedron of the values, which are in descending order. */
function softened(descending: Tensor, strength: number): Tensor {
  const n = descending.shape[0];
  const ranks = arange(n, 0, -1, descending.dtype).div(strength);
  return ranks.sub(isotonic(ranks.sub(descending)));
}

/** |x|^power. Below a power of 1, whose slope at 0 is infinite, there is none there. */
function absolutePower(x: Tensor, power: number): Tensor {
  const size = x.abs();
  if (power === 1) return size;
  const nothing = size.equal(0);
  return power < 1 ? nothing.where(0, nothing.where(1, size).pow(power)) : size.pow(power);
}

/**
 * Minus the differential entropy of the transforms, estimated from spacings: mean over i of -log((Z_(i + m) - Z_(i) + 1e-5)(n + 1) / m). Least, near
 * 0, where they are uniform. Utpala and Rai 2020; Dheur and Ben Taieb 2023 (quantile regularisation).
 *
 * @param pits [n], in [0, 1].
 * @param options `spacing` m, a positive integer. Default 64. Where it is more than n / 2, as in a last smaller batch, the integer part of the
 * root of n takes its place, as in the authors' code.
 * @returns a scalar; 0 for one transform, which has no spacing.
 * @throws RangeError for pits that are no floats [n] and for a spacing that is no positive integer.
 */
export function spacingEntropy(pits: Tensor, { spacing = 64 }: { readonly spacing?: number } = {}): Tensor {
  const n = requirePits('spacingEntropy', pits);
  if (!Number.isInteger(spacing) || spacing < 1)
    throw new RangeError(`spacingEntropy: spacing ${spacing} must be a positive integer`);
  if (n < 2) return pits.sum().mul(0);
  const m = spacing > n / 2 ? Math.floor(Math.sqrt(n)) : spacing;
  const sorted = pits.sort(-1);
  const gaps = sorted.slice([[m, n]]).sub(sorted.slice([[0, n - m]]));
  return gaps
    .add(1e-5)
    .mul((n + 1) / m)
    .log()
    .mean()
    .neg();
}

function requireQuantiles(who: string, quantiles: Tensor, targets: Tensor, levels: Tensor): void {
  const [n, count] = quantiles.shape;
  if (
    !isFloat(quantiles.dtype) ||
    quantiles.rank !== 2 ||
    targets.shape.join() !== `${n}` ||
    levels.shape.join() !== `${count}`
  )
    throw new RangeError(
      `${who}: quantiles ${showShape(quantiles.shape)}, targets ${showShape(targets.shape)} and levels ${showShape(levels.shape)} must be [n, levels], [n] and [levels]`,
    );
}

export interface QuantilePceKdeOptions {
  /** Inverse width s of the sigmoid, in the inverse units of the targets. Default 100, for standardised ones. */
  readonly steepness?: number;
  /** Exponent p of the differences. Default 1. */
  readonly power?: number;
}

/**
 * {@link pceKde} for networks that predict quantiles: mean over levels k of |mean over i of sigmoid(s (q_ik - y_i)) - t_k|^p. Dheur and Ben
 * Taieb 2023. Draw the levels anew for each batch.
 *
 * @param quantiles q [n, levels]; `targets` y [n]; `levels` t [levels], in [0, 1].
 * @returns a scalar.
 * @throws RangeError where shapes or options do not fit.
 */
export function quantilePceKde(
  quantiles: Tensor,
  targets: Tensor,
  levels: Tensor,
  { steepness = 100, power = 1 }: QuantilePceKdeOptions = {},
): Tensor {
  requireQuantiles('quantilePceKde', quantiles, targets, levels);
  requirePositive('quantilePceKde', 'steepness', steepness);
  requirePositive('quantilePceKde', 'power', power);
  const coverage = quantiles.sub(targets.expandDims(-1)).mul(steepness).sigmoid().mean(0);
  return absolutePower(coverage.sub(levels), power).mean();
}

/**
 * Moves quantiles whose coverage p_k in the batch is off: where p_k <= t_k it costs how far targets lie above, where p_k >= t_k how far they lie
 * below, averaged over all. The coverage counts as a constant. Chung et al. 2021, as in Dheur and Ben Taieb 2023 (Trunc).
 *
 * @param quantiles [n, levels]; `targets` [n]; `levels` t [levels], in [0, 1].
 * @returns a scalar.
 * @throws RangeError where shapes do not fit.
 */
export function truncatedCoverage(quantiles: Tensor, targets: Tensor, levels: Tensor): Tensor {
  requireQuantiles('truncatedCoverage', quantiles, targets, levels);
  const above = targets.expandDims(-1).sub(quantiles);
  const coverage = above.lessEqual(0).cast(quantiles.dtype).mean(0);
  const tooLow = coverage.lessEqual(levels).where(above.relu(), 0);
  const tooHigh = coverage.greaterEqual(levels).where(above.neg().relu(), 0);
  return tooLow.add(tooHigh).mean();
}
