import { neuralSort } from '../../numerics/index.js';
import { gumbel } from '../../runtime/random/index.js';
import { arange, isFloat, showShape, type Tensor } from '../../tensor/index.js';
import { requireFloats, requireNumber } from '../checks.js';
import { type ReductionOptions, reduceShares } from '../reduction.js';

export interface NeuralNdcgOptions extends ReductionOptions {
  /** Temperature of the relaxed sort (tau), positive: towards 0 it sorts exactly, with gradients that vanish. Default 1. */
  readonly temperature?: number;
  /** Ranks that count (k). Default: all. */
  readonly truncation?: number;
  /** Gain of relevance y: 2^y - 1, or y itself. Default `exponential`. */
  readonly gain?: 'exponential' | 'linear';
  /** True for items that are there, of the shape of the scores; the rest is padding. Default: all are. */
  readonly mask?: Tensor;
  /**
   * Rounds of Sinkhorn scaling that make the relaxed permutation nearly doubly stochastic; 0 for none. Default 50, the published code's at
   * most; the paper takes 30.
   */
  readonly iterations?: number;
}

/**
 * Minus the normalised discounted cumulative gain of a relaxed sort: -(sum over ranks i <= k of (P g)_i / log2(i + 1)) / ideal, with g the gains,
 * P the relaxed permutation of the scores (see {@link neuralSort}) scaled to row and column sums of 1, and the same sum over the sorted gains as
 * the ideal. Pobrotyn and Bialobrzeski 2021, equation 5. The transposed form (equation 6), expected discounts of the gains, has the same value.
 *
 * Lists without any gain cost 0 and are left out of the mean. O(n^2) memory a list and iteration.
 *
 * @param scores float [lists, n] or [n]; adding a number to a list's scores changes nothing.
 * @param relevance grades at least 0, of the shape and dtype of `scores`.
 * @returns a scalar, or one for each list with reduction `none`.
 * @throws RangeError when shapes do not fit or an option is out of range.
 */
export function neuralNdcg(scores: Tensor, relevance: Tensor, options: NeuralNdcgOptions = {}): Tensor {
  check('neuralNdcg', scores, relevance, options);
  const { gain, ideal } = gains(relevance, options);
  return negated(relaxedGain(scores, gain, options), ideal, options);
}

export interface StochasticNeuralNdcgOptions extends NeuralNdcgOptions {
  /** Draws that are averaged. Default 32. */
  readonly samples?: number;
  /** Scale of the Gumbel noise (beta), positive. Default 0.1. */
  readonly noise?: number;
  /** Add the size of the batch's least score to all, so that none is negative, and take logarithms before the noise. Default true, as published. */
  readonly logScores?: boolean;
}

/**
 * {@link neuralNdcg} averaged over scores with Gumbel noise: s' + beta G, s' = log(s + |min s| + 1e-10) with the minimum over all that is there in
 * the batch, so a list's loss depends on the others. Pobrotyn and Bialobrzeski 2021 (after Grover et al. 2019).
 *
 * @param scores as for {@link neuralNdcg}.
 * @param relevance as for {@link neuralNdcg}.
 * @param key int32 [2]. The same key draws the same noise.
 * @throws TypeError or RangeError where arguments or options do not fit.
 */
export function stochasticNeuralNdcg(
  scores: Tensor,
  relevance: Tensor,
  key: Tensor,
  options: StochasticNeuralNdcgOptions = {},
): Tensor {
  const { samples = 32, noise = 0.1, logScores = true } = options;
  check('stochasticNeuralNdcg', scores, relevance, options);
  if (!Number.isInteger(samples) || samples < 1)
    throw new RangeError(`stochasticNeuralNdcg: samples ${samples} must be a positive integer`);
  requireNumber('stochasticNeuralNdcg', 'noise', noise, { low: 0, open: true });
  const { gain, ideal } = gains(relevance, options);
  const base = logScores ? notNegative(scores, options.mask).add(1e-10).log() : scores;
  const draws = gumbel(key, [samples, ...scores.shape], { dtype: scores.dtype as 'float32' | 'float64' });
  const mask = options.mask?.broadcastTo(draws.shape);
  const sampled = relaxedGain(base.add(draws.mul(noise)), gain, { ...options, mask });
  return negated(sampled.mean(0), ideal, options);
}

/** Scores plus the size of the least of them. Padding counts as the least, so that its logarithm is a number. */
function notNegative(scores: Tensor, mask: Tensor | undefined): Tensor {
  if (scores.size === 0) return scores;
  if (!mask) return scores.add(scores.min().abs());
  const least = mask.any().where(mask.where(scores, Infinity).min(), 0);
  return mask.where(scores, least).add(least.abs());
}

/** The discounted cumulative gain of the relaxed order, a number for each list. */
function relaxedGain(scores: Tensor, gain: Tensor, options: NeuralNdcgOptions): Tensor {
  const { temperature, mask, iterations = 50 } = options;
  const order = doublyStochastic(neuralSort(scores, { temperature, mask }), iterations);
  const sorted = order.matmul(gain.expandDims(-1)).squeeze(-1);
  return sorted.mul(discounts(scores, options)).sum(-1);
}

/** Divides by the column sums, then by the row sums, again and again; sums of padding, which are 0, stay. */
function doublyStochastic(matrix: Tensor, iterations: number): Tensor {
  let scaled = matrix;
  for (let i = 0; i < iterations; i++)
    for (const axis of [-2, -1]) {
      const sums = scaled.sum(axis, { keepDims: true });
      // By 1 where there is nothing: a small number there would grow beyond all bounds in the derivative, round by round.
      scaled = scaled.div(sums.equal(0).where(1, sums.maximum(1e-10)));
    }
  return scaled;
}

function gains(relevance: Tensor, options: NeuralNdcgOptions): { gain: Tensor; ideal: Tensor } {
  const { gain: kind = 'exponential', mask } = options;
  const raw = kind === 'exponential' ? relevance.mul(Math.LN2).expm1() : relevance;
  const gain = mask ? mask.where(raw, 0) : raw;
  return { gain, ideal: gain.sort(-1, { descending: true }).mul(discounts(relevance, options)).sum(-1) };
}

/** 1 / log2(rank + 1), 0 beyond the truncation. */
function discounts(x: Tensor, { truncation }: NeuralNdcgOptions): Tensor {
  const n = x.shape[x.rank - 1];
  const rank = arange(1, n + 1, 1, x.dtype);
  return rank.lessEqual(truncation ?? n).where(rank.add(1).log().div(Math.LN2).reciprocal(), 0);
}

function negated(gain: Tensor, ideal: Tensor, { reduction }: NeuralNdcgOptions): Tensor {
  const counted = ideal.greater(0);
  // The inner `where` keeps 0 / 0 out of the derivative.
  const ndcg = counted.where(gain.div(counted.where(ideal, 1)), 0);
  return reduceShares(ndcg.neg(), counted.cast(gain.dtype), reduction);
}

function check(who: string, scores: Tensor, relevance: Tensor, options: NeuralNdcgOptions): void {
  const { truncation = 1, gain = 'exponential', iterations = 50, mask } = options;
  if (!isFloat(scores.dtype) || scores.rank < 1 || scores.shape[scores.rank - 1] === 0)
    throw new RangeError(`${who}: scores ${scores.dtype}${showShape(scores.shape)} must be float [lists, items]`);
  for (const [name, other] of Object.entries({ relevance, mask }))
    if (other && other.shape.join() !== scores.shape.join())
      throw new RangeError(
        `${who}: ${name} ${showShape(other.shape)} must have the shape of scores ${showShape(scores.shape)}`,
      );
  requireFloats(who, { scores, relevance });
  if (mask && mask.dtype !== 'bool') throw new TypeError(`${who}: mask must be bool, not ${mask.dtype}`);
  if (!Number.isInteger(truncation) || truncation < 1)
    throw new RangeError(`${who}: truncation ${truncation} must be a positive integer`);
  if (!Number.isInteger(iterations) || iterations < 0)
    throw new RangeError(`${who}: iterations ${iterations} must be an integer of at least 0`);
  if (gain !== 'exponential' && gain !== 'linear')
    throw new TypeError(`${who}: gain ${gain} must be 'exponential' or 'linear'`);
}
