import { concat, full, showShape, type Tensor } from '../../tensor/index.js';
import { requireFloats, requireNumber } from '../checks.js';
import { type ReductionOptions, reduce } from '../reduction.js';
import {
  overPairs,
  type PairwiseOptions,
  requirePairs,
  requireTemperature,
  unitRows,
  withoutSelf,
} from './pairwise.js';

export interface ModelAwareTemperatureOptions {
  /** Temperature of an alignment at the threshold (tau_0), above 0. Default 0.1. */
  readonly temperature?: number;
  /** How much the temperature follows the alignment (alpha), in [0, 1]. Default 0.5. */
  readonly adaptation?: number;
  /** Alignment from which on the temperature is larger (A_0), in [0, 1]. Default 0. */
  readonly threshold?: number;
}

/** Where an alignment far below the threshold would leave none. */
const leastTemperature = 1e-4;

/**
 * The temperature of a model by how well it aligns positives: tau_0 (1 + alpha (A - A_0)), without derivative, and no less than 0.0001. While
 * positives are far apart it is small and tells hard negatives apart; once they are near it is larger and tolerates negatives that are alike.
 * Huang et al. 2023.
 *
 * @param alignment A, the mean cosine of positives, a scalar in [-1, 1].
 * @returns a scalar.
 * @throws TypeError or RangeError where arguments or options do not fit.
 */
export function modelAwareTemperature(alignment: Tensor, options: ModelAwareTemperatureOptions = {}): Tensor {
  requireFloats('modelAwareTemperature', { alignment });
  if (alignment.rank !== 0)
    throw new RangeError(`modelAwareTemperature: alignment ${showShape(alignment.shape)} must be a scalar`);
  return temperatureOf('modelAwareTemperature', alignment, options);
}

function temperatureOf(who: string, alignment: Tensor, options: ModelAwareTemperatureOptions): Tensor {
  const { temperature = 0.1, adaptation = 0.5, threshold = 0 } = options;
  requireNumber(who, 'temperature', temperature, { low: 0, open: true });
  requireNumber(who, 'adaptation', adaptation, { low: 0, high: 1 });
  requireNumber(who, 'threshold', threshold, { low: 0, high: 1 });
  const grown = alignment.stopGradient().sub(threshold).mul(adaptation).add(1).mul(temperature);
  return grown.clip(leastTemperature, undefined);
}

/**
 * By how much InfoNCE's derivative falls short of what it is with negatives without number: W = 1 - P = sum exp(s_j / tau) / (exp(s / tau) +
 * sum exp(s_j / tau)), the sums over the negatives; its derivative by the positive similarity is -W / tau. It vanishes where negatives are few
 * and the positive is near. Huang et al. 2023.
 *
 * @param positives similarities s, [...]; `negatives` s_j, [..., negatives], the same leading axes.
 * @param options `temperature` tau, a positive number or a scalar. Default 0.1.
 * @returns [...], in [0, 1]; 0 without negatives.
 * @throws TypeError or RangeError where arguments or options do not fit.
 */
export function gradientScaling(
  positives: Tensor,
  negatives: Tensor,
  { temperature = 0.1 }: { readonly temperature?: number | Tensor } = {},
): Tensor {
  requireFloats('gradientScaling', { positives, negatives });
  requireTemperature('gradientScaling', temperature);
  if (negatives.rank !== positives.rank + 1 || negatives.shape.slice(0, -1).join() !== positives.shape.join())
    throw new RangeError(
      `gradientScaling: positives ${showShape(positives.shape)} and negatives ${showShape(negatives.shape)} must be [...] and [..., negatives]`,
    );
  if (negatives.shape[positives.rank] === 0) return positives.zerosLike();
  return negatives.div(temperature).logSumExp(-1).sub(positives.div(temperature)).sigmoid();
}

export interface MaclOptions extends ModelAwareTemperatureOptions, ReductionOptions, PairwiseOptions {
  /** Weigh each anchor by 1 / (1 - P + epsilon), which restores what the derivative falls short of. Default true. */
  readonly reweight?: boolean;
  /** What keeps that weight finite, above 0. Default 1e-8. */
  readonly epsilon?: number;
  /** Give rows length 1 first. Default true. */
  readonly normalize?: boolean;
}

/**
 * Model-aware contrastive learning (MACL): -V_i log P_i of two views of each of n items, P_i the probability with which each of the 2 n rows finds
 * its partner among the others, as in {@link ntXent}, at the temperature of {@link modelAwareTemperature} for the mean cosine of the pairs; V_i =
 * 1 / (1 - P_i + epsilon) counts as constant. So the derivative by the cosine of a pair is -1 / tau however few the negatives are, and those
 * of the negatives share it by a softmax over them alone. Without reweighting and adaptation it is NT-Xent. Huang et al. 2023.
 *
 * @param x [n, d]; `y` of the same shape.
 * @returns a scalar, the mean over both views, or [2 n] with reduction `none`, those of x first. One item has no negatives and costs 0.
 * @throws TypeError or RangeError where arguments or options do not fit.
 */
export function macl(x: Tensor, y: Tensor, options: MaclOptions = {}): Tensor {
  const { reweight = true, epsilon = 1e-8, normalize = true, chunk, reduction } = options;
  requirePairs('macl', x, y);
  requireNumber('macl', 'epsilon', epsilon, { low: 0, open: true });
  const [n] = x.shape;
  const [a, b] = [x, y].map((t) => unitRows(t, normalize));
  const cosines = a.mul(b).sum(1);
  const temperature = temperatureOf('macl', reduce(cosines), options);
  const all = concat([a, b]);
  const withoutPair = (scores: Tensor, rows: Tensor) => {
    const partner = rows
      .add(n)
      .mod(2 * n)
      .expandDims(1);
    return withoutSelf(scores, rows).scatterElements(partner, full(partner.shape, -1e30, scores.dtype), 1);
  };
  const among = overPairs('macl', all.div(temperature), all, (s, rows) => withoutPair(s, rows).logSumExp(1), { chunk });
  // log of (1 - P) / P: -log P is its softplus and 1 - P its sigmoid, which need no difference of like numbers.
  const odds = among.sub(concat([cosines, cosines]).div(temperature));
  const losses = odds.softplus();
  return reduce(reweight ? losses.div(odds.sigmoid().stopGradient().add(epsilon)) : losses, reduction);
}
