import { type KMeansOptions, kMeans, squaredDistances } from '../../numerics/index.js';
import { gumbel, uniform } from '../../runtime/random/index.js';
import { hostOp, type NDArray, showShape, type Tensor } from '../../tensor/index.js';

/** Clusters of n points, each around one of the points. */
export interface Representatives {
  /** The cluster of each point, int32 [n]. */
  readonly assignments: Tensor;
  /** The point that stands for each cluster, its member nearest to its mean, int64 [clusters]. */
  readonly representatives: Tensor;
  /** Distance of each point from the one that stands for it, [n]; 0 for that point itself. */
  readonly distances: Tensor;
}

/**
 * Clusters embeddings x [n, d] by k-means, each cluster standing for its member nearest to its mean, so that a loss can be evaluated there:
 * the first step of {@link sensitivityProbabilities}. Axiotis et al. 2024, algorithm 1 (arXiv 2402.17327). For the exponent z = 1 of the paper,
 * whose clustering is k-medians, the same clusters serve.
 *
 * @throws RangeError as {@link kMeans}.
 */
export function clusterRepresentatives(x: Tensor, options: KMeansOptions): Representatives {
  const fixed = x.stopGradient();
  const { assignments, centres } = kMeans(fixed, { iterations: 30, ...options });
  const member = assignments.oneHot(options.clusters, 'bool');
  const representatives = member.where(squaredDistances(fixed, centres), Infinity).argmin(0);
  // Differences, not inner products: a point's distance from itself must be 0.
  const distances = fixed
    .sub(fixed.gather(representatives.gather(assignments)))
    .square()
    .sum(1)
    .sqrt();
  return { assignments, representatives, distances };
}

export interface SensitivityOptions {
  /**
   * Lambda, how much the loss may change with distance from the representative, in units of loss over distance^exponent: one number, or one
   * for each cluster, [clusters]; not negative. Too small and clusters are sampled evenly within, too large and distance alone counts;
   * {@link medianSlack} measures it.
   */
  readonly slack: number | Tensor;
  /** The power z of the distance, 1 or 2. 1 is less moved by outliers. Default 2. */
  readonly exponent?: 1 | 2;
}

/**
 * Probabilities with which to sample points so that few of them estimate the loss of all:
 *
 *   p_e = (s_c + slack_c d_e^z) / (sum of the same),   c the cluster of e,
 *
 * with s_c the loss at the representative of the cluster, all that the model is evaluated on, and d_e the distance from it: an upper bound of
 * the loss of e if that changes by at most slack d^z. Scores may be any other number not negative, such as the norm of the gradient.
 * Where all bounds are 0, sampling is even. Axiotis et al. 2024, algorithm 1.
 *
 * @param scores s, not negative, [clusters].
 * @param clusters of {@link clusterRepresentatives}.
 * @returns [n], summing to 1.
 * @throws RangeError where shapes do not fit or an option is out of range.
 */
export function sensitivityProbabilities(
  scores: Tensor,
  { assignments, distances }: Pick<Representatives, 'assignments' | 'distances'>,
  { slack, exponent = 2 }: SensitivityOptions,
): Tensor {
  const who = 'sensitivityProbabilities';
  if (scores.rank !== 1) throw new RangeError(`${who}: scores ${showShape(scores.shape)} must be [clusters]`);
  if (distances.rank !== 1 || distances.size === 0 || assignments.shape.join() !== distances.shape.join())
    throw new RangeError(
      `${who}: assignments ${showShape(assignments.shape)} and distances ${showShape(distances.shape)} must be [n] both, not empty`,
    );
  if (exponent !== 1 && exponent !== 2) throw new RangeError(`${who}: exponent ${exponent} must be 1 or 2`);
  if (typeof slack === 'number' && !(slack >= 0)) throw new RangeError(`${who}: slack ${slack} must not be negative`);
  if (typeof slack !== 'number' && slack.rank > 0 && slack.shape.join() !== scores.shape.join())
    throw new RangeError(`${who}: slack ${showShape(slack.shape)} must be one number or ${showShape(scores.shape)}`);
  const ofPoint = (x: number | Tensor) => (typeof x === 'number' || x.rank === 0 ? x : x.gather(assignments));
  const bound = scores.gather(assignments).add(power(distances, exponent).mul(ofPoint(slack)));
  const total = bound.sum();
  const nothing = total.equal(0);
  return nothing.where(1 / distances.size, bound.div(nothing.where(1, total)));
}

/**
 * A slack for {@link sensitivityProbabilities} from some points whose loss is known: the median of |loss - s_c| / d^z over those that are no
 * representatives, 0 where all are. Axiotis et al. 2024 take it as known; the estimate is ours.
 *
 * @param losses of the points, [m]; `scores` of their clusters and `distances` from the representatives, [m].
 * @throws RangeError where shapes differ.
 */
export function medianSlack(
  losses: Tensor,
  scores: Tensor,
  distances: Tensor,
  { exponent = 2 }: Pick<SensitivityOptions, 'exponent'> = {},
): Tensor {
  if (losses.rank !== 1 || losses.size === 0 || [scores, distances].some((x) => x.shape.join() !== losses.shape.join()))
    throw new RangeError(
      `medianSlack: losses ${showShape(losses.shape)}, scores ${showShape(scores.shape)} and distances ${showShape(distances.shape)} must be [m], not empty`,
    );
  const v = power(distances, exponent);
  const counts = v.greater(0);
  const ratios = counts.where(losses.sub(scores).abs().div(counts.where(v, 1)), Infinity).sort();
  const number = counts.cast('int64').sum();
  const middle = (position: Tensor) => ratios.gather(position.maximum(0));
  const [low, high] = [number.sub(1).maximum(0).div(2), number.div(2)];
  return number.equal(0).where(0, middle(low).add(middle(high)).mul(0.5));
}

/** Points drawn, with the weights that make sums over them estimates of sums over all. */
export interface WeightedSample {
  /** int32 [samples]. */
  readonly indices: Tensor;
  /** 1 / (samples p_e), [samples]. Divide by their mean for a loss to train on, or the learning rate changes. */
  readonly weights: Tensor;
}

/**
 * Points drawn independently, with replacement, with probabilities p, and their weights 1 / (samples p): sum w loss estimates the loss of all
 * points without bias. Axiotis et al. 2024, algorithm 1; {@link sensitivitySampleSize} says how many are enough.
 *
 * @param probabilities p, not negative, [n]; their sum need not be 1. A point of probability 0 is never drawn.
 * @throws RangeError where there is nothing to draw from, or samples are no positive integer.
 */
export function sensitivitySample(
  probabilities: Tensor,
  key: Tensor,
  { samples }: { readonly samples: number },
): WeightedSample {
  requireDraw('sensitivitySample', probabilities, samples);
  const p = probabilities.stopGradient();
  const [indices] = drawOp([p, uniform(key, [samples], { dtype: 'float64' })], {});
  return { indices, weights: p.sum().div(p.gather(indices).mul(samples)) };
}

/**
 * Different points drawn one after the other with probabilities p, for training without weights: int64 [samples]. Sums over them are biased.
 * By the largest of log p + Gumbel noise (Vieira 2014).
 *
 * @param probabilities not negative, [n], at least `samples` of them positive.
 * @throws RangeError where there are fewer points than samples.
 */
export function sensitivitySubset(
  probabilities: Tensor,
  key: Tensor,
  { samples }: { readonly samples: number },
): Tensor {
  requireDraw('sensitivitySubset', probabilities, samples);
  if (samples > probabilities.size)
    throw new RangeError(`sensitivitySubset: ${samples} samples are more than the ${probabilities.size} points`);
  const dtype = probabilities.dtype === 'float64' ? 'float64' : 'float32';
  const noisy = probabilities
    .stopGradient()
    .log()
    .add(gumbel(key, probabilities.shape, { dtype }));
  return noisy.topK(samples)[1];
}

/**
 * The mean loss of all n points, estimated from a weighted sample: sum w loss / n.
 *
 * @param losses at the points drawn and their `weights`, [samples].
 * @throws RangeError where shapes differ.
 */
export function weightedMeanLoss(losses: Tensor, weights: Tensor, { points }: { readonly points: number }): Tensor {
  if (losses.shape.join() !== weights.shape.join())
    throw new RangeError(
      `weightedMeanLoss: losses ${showShape(losses.shape)} and weights ${showShape(weights.shape)} must have one shape`,
    );
  if (!(points > 0)) throw new RangeError(`weightedMeanLoss: points ${points} must be positive`);
  return losses.mul(weights).sum().div(points);
}

/**
 * Samples s with which the estimate of the total loss L is off by at most error * (L + 2 sum slack_c d_e^z) with a probability of at least
 * 1 - 2 / e: ceil((2 + 2 error / 3) / error^2), by Bernstein's inequality for terms of at most the sum of the bounds. Twice as many have
 * 1 - 2 / e^2. Axiotis et al. 2024 have it as 1 / error^2 up to a factor.
 *
 * @throws RangeError for an error that is not positive.
 */
export function sensitivitySampleSize(error: number): number {
  if (!(error > 0)) throw new RangeError(`sensitivitySampleSize: error ${error} must be positive`);
  return Math.ceil((2 + (2 * error) / 3) / error ** 2);
}

function power(distances: Tensor, exponent: 1 | 2): Tensor {
  return exponent === 1 ? distances : distances.square();
}

function requireDraw(who: string, probabilities: Tensor, samples: number): void {
  if (probabilities.rank !== 1 || probabilities.size === 0)
    throw new RangeError(`${who}: probabilities ${showShape(probabilities.shape)} must be [n], not empty`);
  if (!Number.isInteger(samples) || samples < 1)
    throw new RangeError(`${who}: samples ${samples} must be a positive integer`);
}

/** The first index at which the sum of the probabilities so far exceeds each draw's share of all of it. */
const drawOp = hostOp({
  name: 'DrawByProbability',
  infer: ([, draws]) => ({ shape: draws.shape, dtype: 'int32' }),
  run: ([p, draws]) => {
    const sums = Float64Array.from(p.data as Float64Array);
    for (let i = 1; i < sums.length; i++) sums[i] += sums[i - 1];
    const total = sums[sums.length - 1];
    if (!(total > 0 && total < Infinity))
      throw new RangeError(`sensitivitySample: probabilities sum to ${total}; the sum must be positive and finite`);
    const chosen = Int32Array.from(draws.data as Float64Array, (draw) => firstAbove(sums, draw * total));
    return [{ data: chosen, shape: draws.shape, dtype: 'int32' } satisfies NDArray];
  },
});

function firstAbove(sorted: Float64Array, value: number): number {
  let [low, high] = [0, sorted.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle] > value) high = middle;
    else low = middle + 1;
  }
  return low;
}
