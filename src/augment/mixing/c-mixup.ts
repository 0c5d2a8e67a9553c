import { requireFloats, requireNumber } from '../../losses/checks.js';
import { categorical, split } from '../../runtime/random/index.js';
import { isFloat, showShape, type Tensor } from '../../tensor/index.js';
import { mixExamples } from './mixture.js';
import { drawShares, requireExamples } from './mixup.js';

export interface LabelKernelOptions {
  /** sigma, in units of the targets, above 0; to be chosen on held-out data. */
  readonly bandwidth: number;
  /** `gaussian`, exp(-d^2 / (2 sigma^2)) of the distance d, or `tophat`, 1 where d is less than sigma, as in the published code. Default `gaussian`. */
  readonly kernel?: 'gaussian' | 'tophat';
}

/** Inputs and the numbers to predict from them. */
export interface Regression {
  /** [n, ...]. */
  readonly x: Tensor;
  /** [n, targets], two axes for a single target too. */
  readonly y: Tensor;
}

/** log k of targets [n, q] and those of the pool [m, q], up to a constant: [n, m]. */
function logKernel(
  who: string,
  y: Tensor,
  pool: Tensor,
  { bandwidth, kernel = 'gaussian' }: LabelKernelOptions,
): Tensor {
  requireNumber(who, 'bandwidth', bandwidth, { low: 0, open: true });
  for (const [name, t] of [
    ['y', y],
    ['pool', pool],
  ] as const) {
    if (!isFloat(t.dtype)) throw new TypeError(`${who}: ${name} must be floats, not ${t.dtype}`);
    if (t.rank !== 2 || t.shape[1] !== y.shape[1] || t.size === 0)
      throw new RangeError(
        `${who}: y ${showShape(y.shape)} and pool ${showShape(pool.shape)} must be [n, targets] and [m, targets], not empty`,
      );
  }
  const squared = y.expandDims(1).sub(pool).square().sum(2);
  if (kernel === 'gaussian') return squared.div(-2 * bandwidth ** 2);
  return squared.less(bandwidth ** 2).where(squared.zerosLike(), -Infinity);
}

/**
 * The probabilities with which C-Mixup pairs examples: of each example's target y_i with each y_j of a pool
 *
 *   P_ij = k(y_i, y_j) / sum over l of k(y_i, y_l),   k = exp(-||y_i - y_j||^2 / (2 sigma^2)).
 *
 * Rows sum to 1. Where the pool holds the examples themselves, each is its own likeliest partner. Large sigma gives even probabilities, as
 * mixup has them; sigma near 0, where targets differ, each example to itself. Yao et al. 2022 (arXiv 2210.05775).
 *
 * @param y [n, targets]; targets of different scales are better standardised first.
 * @param pool [m, targets].
 * @returns [n, m]. With `tophat` a row that no target of the pool is near to is NaN: let the pool hold the examples.
 * @throws RangeError where shapes do not fit or the bandwidth is not above 0, TypeError for integers.
 */
export function labelKernel(y: Tensor, pool: Tensor, options: LabelKernelOptions): Tensor {
  return logKernel('labelKernel', y, pool, options).softmax(1);
}

/**
 * Partners drawn by {@link labelKernel}: for each example a position in the pool, int32 [n], independent of the others. Draw them anew in every
 * step. A pool of all training targets is the paper's; a batch's own targets serve where that is too large.
 *
 * @throws as {@link labelKernel}.
 */
export function cMixupPartners(y: Tensor, pool: Tensor, key: Tensor, options: LabelKernelOptions): Tensor {
  return categorical(key, logKernel('cMixupPartners', y, pool, options));
}

export interface CMixupOptions extends LabelKernelOptions {
  /** Both parameters of the Beta distribution of the shares. Default 2. */
  readonly alpha?: number;
  /** A share for each example rather than one for the batch. Default false. */
  readonly perExample?: boolean;
}

/**
 * Mixup for regression: each example mixed with one whose target is near its own,
 *
 *   x~_i = lambda x_i + (1 - lambda) x_j,   y~_i = lambda y_i + (1 - lambda) y_j,   j ~ P_i of {@link labelKernel},   lambda ~ Beta(alpha, alpha).
 *
 * Train on the mixed examples alone, with squared errors. To mix hidden units instead of inputs, draw {@link cMixupPartners}, and apply
 * {@link mixExamples} to the units and to the targets. Yao et al. 2022 (arXiv 2210.05775).
 *
 * @param batch x [n, ...], y [n, targets].
 * @param pool x [m, ...], y [m, targets]: all training examples, or the batch.
 * @param key of shares and partners.
 * @returns the mixed batch, with partners, positions in the pool, and shares.
 * @throws RangeError where shapes do not fit or options are out of range, TypeError for integers.
 */
export function cMixup(
  batch: Regression,
  pool: Regression,
  key: Tensor,
  options: CMixupOptions,
): Regression & { readonly partner: Tensor; readonly share: Tensor } {
  const { alpha = 2, perExample = false, ...kernel } = options;
  requireExamples('cMixup', batch.x);
  const [n] = batch.x.shape;
  if (n !== batch.y.shape[0] || pool.x.shape[0] !== pool.y.shape[0])
    throw new RangeError(
      `cMixup: inputs ${showShape(batch.x.shape)}, ${showShape(pool.x.shape)} and targets ${showShape(batch.y.shape)}, ${showShape(pool.y.shape)} must be of as many examples`,
    );
  const [forShare, forPartner] = split(key);
  const partner = cMixupPartners(batch.y, pool.y, forPartner, kernel);
  const share = drawShares('cMixup', forShare, perExample ? [n] : [], alpha, batch.x);
  return {
    x: mixExamples(batch.x, pool.x.gather(partner), share),
    y: mixExamples(batch.y, pool.y.gather(partner), share.cast(batch.y.dtype)),
    partner,
    share,
  };
}

/** What {@link labelKernel} pairs. */
export interface PartnerStatistics {
  /** Mean over examples of the expected distance between their target and their partner's. */
  readonly labelGap: Tensor;
  /** exp of the entropy of each row: among how many partners it chooses, [n]. */
  readonly effectivePartners: Tensor;
}

/**
 * What {@link labelKernel} chooses: how far partners' targets are, and among how many it chooses.
 *
 * @param probabilities [n, m] of y [n, targets] and pool [m, targets].
 * @throws TypeError or RangeError where these do not fit, or are empty.
 */
export function partnerStatistics(probabilities: Tensor, y: Tensor, pool: Tensor): PartnerStatistics {
  requireFloats('partnerStatistics', { probabilities, y, pool });
  const fits = y.rank === 2 && pool.rank === 2 && y.shape[1] === pool.shape[1];
  if (!fits || probabilities.size === 0 || probabilities.shape.join() !== [y.shape[0], pool.shape[0]].join())
    throw new RangeError(
      `partnerStatistics: probabilities ${showShape(probabilities.shape)}, y ${showShape(y.shape)} and pool ${showShape(pool.shape)} must be [n, m], [n, targets] and [m, targets], not empty`,
    );
  const distances = y.expandDims(1).sub(pool).norm(2);
  const empty = probabilities.equal(0);
  const terms = empty.where(0, probabilities.mul(empty.where(1, probabilities).log()));
  return {
    labelGap: probabilities.mul(distances).sum(1).mean(),
    effectivePartners: terms.sum(1).neg().exp(),
  };
}
