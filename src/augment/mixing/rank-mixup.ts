import { requireFloats, requireNumber } from '../../losses/checks.js';
import { crossEntropy, type ReductionOptions } from '../../losses/index.js';
import { reduce } from '../../losses/reduction.js';
import { split } from '../../runtime/random/index.js';
import { concat, constant, isInteger, showShape, stack, type Tensor } from '../../tensor/index.js';
import type { Mixture } from './mixture.js';
import { mixup, requireExamples } from './mixup.js';

/**
 * The share of the class that a mixed example has most of: max(lambda, 1 - lambda), and 1 where both of its parents are of one class, an
 * example mixed with itself among them. It is what the confidence in a mixed example is ranked by.
 *
 * @param labels integers [n], of the examples before they were mixed.
 * @param mixtures one or more; `partner` and `share` alone are looked at.
 * @returns [mixtures, n], in the dtype of the shares.
 * @throws TypeError or RangeError where arguments do not fit.
 */
export function largestShares(labels: Tensor, mixtures: readonly Omit<Mixture, 'x'>[]): Tensor {
  const given = `largestShares: labels ${labels.dtype}${showShape(labels.shape)}`;
  if (!isInteger(labels.dtype) || labels.rank !== 1 || mixtures.length === 0)
    throw new RangeError(`${given} must be integers [n], with a mixture or more`);
  const [n] = labels.shape;
  const shares = mixtures.map(({ partner, share }) => {
    requireFloats('largestShares', { share });
    if (partner.shape.join() !== `${n}` || !['', `${n}`].includes(share.shape.join()))
      throw new RangeError(
        `${given} must have partners ${showShape(partner.shape)} of shape [${n}] and shares ${showShape(share.shape)} of [] or [${n}]`,
      );
    return labels.equal(labels.gather(partner)).where(1, share.maximum(share.neg().add(1)));
  });
  return stack(shares);
}

/** @throws TypeError or RangeError unless there are logits [n, classes], those of so many mixtures of them, and a share for each. */
function requireViews(who: string, logits: Tensor, mixed: Tensor, shares: Tensor): void {
  requireFloats(who, { logits, mixed, shares });
  const [views] = mixed.shape;
  const fits =
    logits.rank === 2 &&
    logits.shape[1] >= 1 &&
    mixed.rank === 3 &&
    mixed.shape.slice(1).join() === logits.shape.join();
  if (!fits || views < 1 || shares.shape.join() !== [views, logits.shape[0]].join())
    throw new RangeError(
      `${who}: logits ${showShape(logits.shape)}, mixed ${showShape(mixed.shape)} and shares ${showShape(shares.shape)} must be [n, classes], [views, n, classes] and [views, n], of a view or more`,
    );
}

export interface MixupRankingOptions extends ReductionOptions {
  /** By how much an example is to be surer than its mixtures. Default 2, the authors' for logits on CIFAR-10; 1 on Tiny ImageNet. */
  readonly margin?: number;
  /** Of what: the largest logit, or the largest probability, whose margins are of the order of 0.1. Default `logit`. */
  readonly space?: 'logit' | 'probability';
}

/**
 * Mixup-based ranking loss (MRL): an example is to be surer than what it was mixed into,
 *
 *   max(0, s~ - s + margin),   s = max over classes of the logits of the example, s~ of its mixture,
 *
 * and 0 for mixtures within a class, of share 1. The mean is over all pairs, those too. Noh et al. 2023 (arXiv 2308.11990).
 *
 * @param logits of the examples, [n, classes].
 * @param mixed logits of their mixtures, [views, n, classes]; the authors take one view.
 * @param shares of {@link largestShares}, [views, n].
 * @returns a scalar, or [views, n] with reduction `none`.
 * @throws TypeError or RangeError where arguments or options do not fit.
 */
export function mixupRankingLoss(
  logits: Tensor,
  mixed: Tensor,
  shares: Tensor,
  { margin = 2, space = 'logit', reduction }: MixupRankingOptions = {},
): Tensor {
  requireViews('mixupRankingLoss', logits, mixed, shares);
  requireNumber('mixupRankingLoss', 'margin', margin, { low: 0 });
  const sureness = (z: Tensor) => (space === 'logit' ? z : z.softmax(-1)).max(-1);
  const excess = sureness(mixed).sub(sureness(logits)).add(margin).relu();
  return reduce(shares.less(1).where(excess, 0), reduction);
}

/**
 * M-NDCG: how far the confidences in an example and in several mixtures of it are from the shares of their classes, in the order of these,
 *
 *   1 - q,   q = min(DCG, IDCG) / max(DCG, IDCG),   DCG = sum over r of c_r / log2(r + 2),   IDCG = sum over r of l_r / log2(r + 2),
 *
 * with the largest probabilities c and shares l of the example itself (r = 0, l = 1) and of its mixtures, largest share first. It is 0
 * where every confidence is its share. Confidences that are too high cost as those that are too low: DCG is divided by IDCG or
 * the other way round, as in the authors' code. Noh et al. 2023 (arXiv 2308.11990).
 *
 * @param logits of the examples, [n, classes].
 * @param mixed logits of their mixtures, [views, n, classes]; the authors take three views.
 * @param shares of {@link largestShares}, [views, n], above 0.
 * @returns in [0, 1): a scalar, or [n] with reduction `none`.
 * @throws TypeError or RangeError where arguments or options do not fit.
 */
export function mixupNdcg(logits: Tensor, mixed: Tensor, shares: Tensor, options: ReductionOptions = {}): Tensor {
  requireViews('mixupNdcg', logits, mixed, shares);
  const [views] = mixed.shape;
  const ranked = shares.transpose();
  const order = ranked.argsort(1, { descending: true });
  const gain = (first: Tensor, rest: Tensor) =>
    concat([first.expandDims(1), rest.takeAlongAxis(order)], 1)
      .mul(
        constant(
          Array.from({ length: views + 1 }, (_, r) => 1 / Math.log2(r + 2)),
          logits.dtype,
        ),
      )
      .sum(1);
  const found = gain(logits.softmax(1).max(1), mixed.softmax(2).max(2).transpose());
  const ideal = gain(shares.at(0).onesLike(), ranked);
  return reduce(found.minimum(ideal).div(found.maximum(ideal)).neg().add(1), options.reduction);
}

/** From inputs [n, ...] to logits [n, classes]. */
type Classifier = (x: Tensor) => Tensor;

export interface MixupViewsOptions {
  /** Both parameters of the Beta distribution of the shares. Default 2, as the authors of RankMixup for CIFAR-10; 1 for Tiny ImageNet. */
  readonly alpha?: number;
  /** How many mixtures of each example. Default 3, the authors' for {@link mixupNdcg}; they take 1 for {@link mixupRankingLoss}. */
  readonly views?: number;
}

/** Several mixtures of each example of a batch. */
export interface MixtureViews {
  /** One after the other, [views * n, ...]. */
  readonly x: Tensor;
  /** Of each, who was mixed and in what share. */
  readonly mixtures: readonly Mixture[];
}

/**
 * A batch mixed several times, each with a share and a permutation of its own.
 *
 * @param x [n, ...], floats.
 * @throws TypeError or RangeError for other x and for options out of range.
 */
export function mixupViews(x: Tensor, key: Tensor, { alpha = 2, views = 3 }: MixupViewsOptions = {}): MixtureViews {
  if (!Number.isInteger(views) || views < 1)
    throw new RangeError(`mixupViews: views ${views} must be a positive integer`);
  requireExamples('mixupViews', x);
  const mixtures = split(key, views).map((own) => mixup(x, own, { alpha }));
  return { x: concat(mixtures.map((mixture) => mixture.x)), mixtures };
}

export interface RankMixupOptions extends MixupViewsOptions {
  /** Of the ranking, not negative. Default 0.1, the authors'. */
  readonly weight?: number;
  /** Default {@link mixupNdcg}; or {@link mixupRankingLoss}, or anything else of logits, mixed logits and shares. */
  readonly ranking?: (logits: Tensor, mixed: Tensor, shares: Tensor) => Tensor;
  /** Of logits and labels of the examples themselves, one number. Default cross-entropy. */
  readonly loss?: (logits: Tensor, labels: Tensor) => Tensor;
}

/**
 * RankMixup: mixtures without mixed labels. Beside the loss of the examples a ranking of how sure the model is of them and of their
 * mixtures, the larger the share of one class the surer,
 *
 *   L(f(x), y) + w R(f(x), f(x~_1), ..., f(x~_V)),   x~_v = lambda_v x + (1 - lambda_v) x_pi_v,   lambda_v ~ Beta(alpha, alpha).
 *
 * Derivatives go through the examples and through their mixtures. A step costs 1 + V applications of the model. Noh et al. 2023
 * (arXiv 2308.11990).
 *
 * @param model to logits [n, classes]; it is applied to the examples, and then to all mixtures at once.
 * @param x [n, ...]; `labels` integers [n].
 * @param key of shares and permutations.
 * @returns a scalar. With alpha 0 every mixture is the example itself.
 * @throws TypeError or RangeError for other x and for options out of range.
 */
export function rankMixup(
  model: Classifier,
  x: Tensor,
  labels: Tensor,
  key: Tensor,
  { weight = 0.1, ranking = mixupNdcg, loss = crossEntropy, ...options }: RankMixupOptions = {},
): Tensor {
  requireNumber('rankMixup', 'weight', weight, { low: 0 });
  const { x: views, mixtures } = mixupViews(x, key, options);
  const logits = model(x);
  const mixed = model(views).reshape([mixtures.length, ...logits.shape]);
  return loss(logits, labels).add(ranking(logits, mixed, largestShares(labels, mixtures)).mul(weight));
}

/**
 * How often confidences contradict shares: among the pairs of a row whose shares differ, the part in which the one with the larger share has the
 * smaller confidence. {@link mixupNdcg} is meant to make it small.
 *
 * @param confidences largest probabilities, [n, r]; `shares` of the same examples, 1 for those that were not mixed.
 * @returns [n], in [0, 1]; 0 in rows without such pairs.
 * @throws TypeError or RangeError where arguments do not fit.
 */
export function misalignedPairs(confidences: Tensor, shares: Tensor): Tensor {
  requireFloats('misalignedPairs', { confidences, shares });
  if (confidences.rank !== 2 || confidences.shape.join() !== shares.shape.join())
    throw new RangeError(
      `misalignedPairs: confidences ${showShape(confidences.shape)} and shares ${showShape(shares.shape)} must both be [n, r]`,
    );
  const larger = shares.expandDims(2).greater(shares.expandDims(1));
  const smaller = confidences.expandDims(2).less(confidences.expandDims(1));
  const count = (pairs: Tensor) => pairs.cast(confidences.dtype).sum([1, 2]);
  return count(larger.and(smaller)).div(count(larger).maximum(1));
}
