import { requireNumber } from '../../losses/checks.js';
import { conditionalEntropy, crossEntropy } from '../../losses/index.js';
import { concat, constant, stack, type Tensor } from '../../tensor/index.js';
import { type Mixture, mixExamples, mixedLoss } from './mixture.js';
import { mixup } from './mixup.js';

/** From inputs [n, ...] to logits [n, classes]. */
type Classifier = (x: Tensor) => Tensor;

export interface RegMixupWeighting {
  /** Weight eta of the loss on mixed examples, not negative. Default 1. */
  readonly weight?: number;
  /**
   * `mean`, the weighted mean (L + eta L~) / (1 + eta), as the authors' code; or `sum`, the paper's L + eta L~, of 1 + eta times the scale.
   * Default `mean`.
   */
  readonly reduction?: 'mean' | 'sum';
  /** Of logits and targets, one number. Default cross-entropy. */
  readonly loss?: (logits: Tensor, targets: Tensor) => Tensor;
}

export interface RegMixupOptions extends RegMixupWeighting {
  /** Both parameters of the Beta distribution of the batch's share. Default 20, as the authors for CIFAR-10; 10 for CIFAR-100. */
  readonly alpha?: number;
  /**
   * Apply the model to the examples and to the mixed ones one after the other rather than to all of them at once: statistics of batches are
   * then those of each. Default false.
   */
  readonly separately?: boolean;
}

/**
 * {@link regMixup} of logits: the loss L of the examples and L~ of the mixed ones, which {@link mixedLoss} is.
 *
 * @param logits of the examples, [n, classes]; `mixed` of the mixed ones.
 * @throws RangeError for a negative weight.
 */
export function regMixupLoss(
  logits: Tensor,
  mixed: Tensor,
  labels: Tensor,
  mixture: Omit<Mixture, 'x'>,
  { weight = 1, reduction = 'mean', loss = crossEntropy }: RegMixupWeighting = {},
): Tensor {
  requireNumber('regMixupLoss', 'weight', weight, { low: 0 });
  const sum = loss(logits, labels).add(mixedLoss(mixture, labels, (y) => loss(mixed, y)).mul(weight));
  return reduction === 'mean' ? sum.div(1 + weight) : sum;
}

/**
 * Mixup as a regulariser: beside the loss of the examples that of mixed ones, with shares near 1/2,
 *
 *   L(g(x), y) + eta L(g(x~), y~),   x~ = lambda x + (1 - lambda) x_pi,   lambda ~ Beta(alpha, alpha).
 *
 * Clean examples keep their predictions sure, mixed ones make them unsure between the classes. {@link mixup} alone, with its shares near 0 and
 * 1, makes them unsure everywhere. Pinto et al. 2022 (arXiv 2206.14502).
 *
 * @param model to logits [n, classes]; it is applied once to [2n, ...], the examples and the mixed ones, unless `separately`.
 * @param x [n, ...]; `labels` integers [n].
 * @param key of share and permutation.
 * @returns a scalar. With alpha 0 nothing is mixed, and this is the loss itself (1 + eta times it with `sum`).
 * @throws TypeError or RangeError for other x and for options that are negative.
 */
export function regMixup(
  model: Classifier,
  x: Tensor,
  labels: Tensor,
  key: Tensor,
  options: RegMixupOptions = {},
): Tensor {
  const { alpha = 20, separately = false, ...weighting } = options;
  const mixture = mixup(x, key, { alpha });
  const n = x.shape[0];
  const all = separately ? undefined : model(concat([x, mixture.x]));
  const [logits, mixed] = all ? [all.slice([[0, n]]), all.slice([[n, 2 * n]])] : [model(x), model(mixture.x)];
  return regMixupLoss(logits, mixed, labels, mixture, weighting);
}

/**
 * How unsure a classifier is between pairs of examples: the mean over pairs of the entropy of its predictions for r x + (1 - r) x', at each
 * share r. Pairs of different classes show the barrier that {@link regMixup} raises between them.
 *
 * @param model to logits [n, classes].
 * @param x [n, ...].
 * @param other [n, ...], the partner of each.
 * @param shares r. Default 0, 0.1, ..., 1.
 * @returns entropies in nats, one a share.
 */
export function barrierEntropy(
  model: Classifier,
  x: Tensor,
  other: Tensor,
  shares: readonly number[] = Array.from({ length: 11 }, (_, i) => i / 10),
): Tensor {
  return stack(shares.map((r) => conditionalEntropy(model(mixExamples(x, other, constant(r, x.dtype))))));
}
