import type { Tensor } from '../../tensor/index.js';
import { requireLabels, requireNumber, requireSameShape } from '../checks.js';
import { labelsLast } from '../classification/class-targets.js';
import { power } from '../classification/focal-loss.js';
import { type LabelledOptions, reduceLabelled } from '../labelled.js';
import type { ReductionOptions } from '../reduction.js';

/**
 * A loss divided by the sum of itself over all labels that a sample could have: L(y) / sum over k of L(k), in [0, 1] for losses that are not
 * negative. Its sum over labels is 1 whatever the prediction, which makes it robust to symmetric label noise below 1 - 1 / C. Weights of the classes undo
 * that: they weigh labels that may be wrong. Ma et al. 2020.
 *
 * @param lossOfLabel the loss that the sample would have with each label, [n, classes] or [n, classes, ...], the sum over classes not 0.
 * @param labels integers [n, ...].
 * @returns a scalar, or [n, ...] with reduction `none`. The mean over no samples, or over none that counts, is 0.
 * @throws TypeError or RangeError where arguments or options do not fit.
 */
export function normalizedLoss(lossOfLabel: Tensor, labels: Tensor, options: LabelledOptions = {}): Tensor {
  return normalized('normalizedLoss', lossOfLabel, labels, options);
}

function normalized(who: string, lossOfLabel: Tensor, labels: Tensor, options: LabelledOptions): Tensor {
  const { logits: losses, target } = labelsLast(who, lossOfLabel, labels);
  return reduceLabelled(who, losses.mul(target).sum(-1).div(losses.sum(-1)), lossOfLabel, labels, options);
}

/**
 * Normalised cross-entropy: log p_y / sum over k of log p_k, in (0, 1), 1 / C for even predictions. Ma et al. 2020.
 *
 * @param logits finite, [n, classes] or [n, classes, ...], 2 classes or more (the loss of a single class is 0 / 0); `labels` integers [n, ...].
 * @returns a scalar, or [n, ...] with reduction `none`. The mean over no samples, or over none that counts, is 0.
 * @throws TypeError or RangeError where arguments or options do not fit.
 */
export function normalizedCrossEntropy(logits: Tensor, labels: Tensor, options: LabelledOptions = {}): Tensor {
  requireLabels('normalizedCrossEntropy', logits, labels, 2);
  return normalized('normalizedCrossEntropy', logits.logSoftmax(1), labels, options);
}

export interface NormalizedFocalOptions extends LabelledOptions {
  /** Exponent g, at least 0. Default 0.5, as in the published configurations. */
  readonly gamma?: number;
  /** Take the factors (1 - p)^g as constants, as the published code does. Default false: the derivative of the loss as written. */
  readonly detachWeight?: boolean;
}

/**
 * Normalised focal loss: (1 - p_y)^g log p_y / sum over k of (1 - p_k)^g log p_k. Ma et al. 2020. With g below 1 the slope of
 * the power at p = 1 is infinite; 1 - p is taken as at least 1e-12.
 *
 * @param logits finite, [n, classes] or [n, classes, ...], 2 classes or more; `labels` integers [n, ...].
 * @returns a scalar, or [n, ...] with reduction `none`. The mean over no samples, or over none that counts, is 0.
 * @throws TypeError or RangeError where arguments or options do not fit.
 */
export function normalizedFocalLoss(logits: Tensor, labels: Tensor, options: NormalizedFocalOptions = {}): Tensor {
  const { gamma = 0.5, detachWeight = false } = options;
  requireNumber('normalizedFocalLoss', 'gamma', gamma, { low: 0 });
  requireLabels('normalizedFocalLoss', logits, labels, 2);
  const logProbabilities = logits.logSoftmax(1);
  const modulation = power(logProbabilities.expm1().neg(), gamma);
  const lossOfLabel = (detachWeight ? modulation.stopGradient() : modulation).mul(logProbabilities);
  return normalized('normalizedFocalLoss', lossOfLabel, labels, options);
}

/**
 * 1 - p_y with p the softmax of the logits: half the absolute error of the probabilities, "MAE" in work on noisy labels. Its sum over labels
 * is C - 1. Ghosh et al. 2017.
 *
 * @param logits finite, [n, classes] or [n, classes, ...]; `labels` integers [n, ...].
 * @returns a scalar, or [n, ...] with reduction `none`. The mean over no samples, or over none that counts, is 0.
 */
export function absoluteProbabilityError(logits: Tensor, labels: Tensor, options: LabelledOptions = {}): Tensor {
  const miss = missOf('absoluteProbabilityError', logits, labels);
  return reduceLabelled('absoluteProbabilityError', miss, logits, labels, options);
}

/**
 * (1 - p_y) / (C - 1): {@link absoluteProbabilityError} and {@link reverseCrossEntropy} normalised, which are one. Ma et al. 2020.
 * (The published code has other factors in front, which are not the normaliser.)
 *
 * @param logits finite, [n, classes] or [n, classes, ...], 2 classes or more; `labels` integers [n, ...].
 * @returns a scalar, or [n, ...] with reduction `none`. The mean over no samples, or over none that counts, is 0.
 */
export function normalizedAbsoluteProbabilityError(
  logits: Tensor,
  labels: Tensor,
  options: LabelledOptions = {},
): Tensor {
  const miss = missOf('normalizedAbsoluteProbabilityError', logits, labels, 2);
  return reduceLabelled('normalizedAbsoluteProbabilityError', miss.div(logits.shape[1] - 1), logits, labels, options);
}

export interface ReverseCrossEntropyOptions extends LabelledOptions {
  /** What log 0 is taken as (A), negative. Default log(1e-4) = -9.21. */
  readonly logZero?: number;
}

/**
 * Reverse cross-entropy -sum over k of p_k log q_k of the one-hot label q, with log 0 taken as A: -A (1 - p_y). Wang et al. 2019.
 *
 * @param logits finite, [n, classes] or [n, classes, ...]; `labels` integers [n, ...].
 * @returns a scalar, or [n, ...] with reduction `none`. The mean over no samples, or over none that counts, is 0.
 * @throws RangeError where arguments or options do not fit.
 */
export function reverseCrossEntropy(logits: Tensor, labels: Tensor, options: ReverseCrossEntropyOptions = {}): Tensor {
  const { logZero = Math.log(1e-4) } = options;
  requireNumber('reverseCrossEntropy', 'logZero', -logZero, { low: 0, open: true });
  const miss = missOf('reverseCrossEntropy', logits, labels);
  return reduceLabelled('reverseCrossEntropy', miss.mul(-logZero), logits, labels, options);
}

export interface GeneralizedCrossEntropyOptions extends LabelledOptions {
  /** Exponent q in (0, 1]: 1 is the absolute error, towards 0 cross-entropy. Default 0.7; normalised, Ma et al. take 0.1 for ten classes. */
  readonly exponent?: number;
}

/**
 * Generalised cross-entropy (1 - p_y^q) / q. Zhang and Sabuncu 2018.
 *
 * @param logits finite, [n, classes] or [n, classes, ...]; `labels` integers [n, ...].
 * @returns a scalar, or [n, ...] with reduction `none`. The mean over no samples, or over none that counts, is 0.
 * @throws TypeError or RangeError where arguments or options do not fit.
 */
export function generalizedCrossEntropy(
  logits: Tensor,
  labels: Tensor,
  options: GeneralizedCrossEntropyOptions = {},
): Tensor {
  const { exponent = 0.7 } = options;
  requireNumber('generalizedCrossEntropy', 'exponent', exponent, { low: 0, high: 1, open: true });
  const { logits: z, target } = labelsLast('generalizedCrossEntropy', logits, labels);
  return reduceLabelled('generalizedCrossEntropy', boxCox(z, exponent).mul(target).sum(-1), logits, labels, options);
}

/**
 * Generalised cross-entropy normalised: (1 - p_y^q) / (C - sum over k of p_k^q). Ma et al. 2020.
 *
 * @param logits finite, [n, classes] or [n, classes, ...], 2 classes or more; `labels` integers [n, ...].
 * @returns a scalar, or [n, ...] with reduction `none`. The mean over no samples, or over none that counts, is 0.
 * @throws TypeError or RangeError where arguments or options do not fit.
 */
export function normalizedGeneralizedCrossEntropy(
  logits: Tensor,
  labels: Tensor,
  options: GeneralizedCrossEntropyOptions = {},
): Tensor {
  const { exponent = 0.7 } = options;
  requireNumber('normalizedGeneralizedCrossEntropy', 'exponent', exponent, { low: 0, high: 1, open: true });
  requireLabels('normalizedGeneralizedCrossEntropy', logits, labels, 2);
  const lossOfLabel = boxCox(logits.moveAxis(1, -1), exponent).moveAxis(-1, 1);
  return normalized('normalizedGeneralizedCrossEntropy', lossOfLabel, labels, options);
}

/** (1 - p^q) / q for every class, from logits with the classes last. */
function boxCox(logits: Tensor, q: number): Tensor {
  return logits.logSoftmax(-1).mul(q).expm1().div(-q);
}

/** 1 - p_y. */
function missOf(who: string, logits: Tensor, labels: Tensor, leastClasses = 1): Tensor {
  const { logits: z, target } = labelsLast(who, logits, labels, leastClasses);
  return z.logSoftmax(-1).mul(target).sum(-1).expm1().neg();
}

export interface ActivePassiveOptions extends LabelledOptions {
  /** Losses of single samples under each of their classes' probabilities: the part that raises p_y. Default {@link normalizedCrossEntropy}. */
  readonly active?: (logits: Tensor, labels: Tensor, options: ReductionOptions) => Tensor;
  /** The part that lowers the others explicitly. Default {@link absoluteProbabilityError}. */
  readonly passive?: (logits: Tensor, labels: Tensor, options: ReductionOptions) => Tensor;
  /** Factor alpha of the active loss. Default 1, as for MNIST and CIFAR-10 in the published configurations; 10 for CIFAR-100. */
  readonly activeWeight?: number;
  /**
   * Factor beta of the passive loss. Default 1, as for CIFAR-10 in the published configurations; 10 for MNIST; for CIFAR-100 1 with the absolute
   * error, 0.1 with reverse cross-entropy.
   */
  readonly passiveWeight?: number;
}

/**
 * Active passive loss: alpha L_active + beta L_passive. Both parts are robust to label noise; the second makes up for the first's
 * underfitting. Ma et al. 2020.
 *
 * ```ts
 * activePassive(logits, labels, { active: normalizedFocalLoss, passive: reverseCrossEntropy });
 * ```
 *
 * @param logits finite, [n, classes] or [n, classes, ...], 2 classes or more; `labels` integers [n, ...].
 * @returns a scalar, or [n, ...] with reduction `none`. The mean over no samples, or over none that counts, is 0.
 * @throws TypeError or RangeError where arguments or options do not fit.
 */
export function activePassive(logits: Tensor, labels: Tensor, options: ActivePassiveOptions = {}): Tensor {
  const {
    active = normalizedCrossEntropy,
    passive = absoluteProbabilityError,
    activeWeight = 1,
    passiveWeight = 1,
  } = options;
  requireLabels('activePassive', logits, labels);
  const [activeLosses, passiveLosses] = [active, passive].map((loss) => loss(logits, labels, { reduction: 'none' }));
  requireSameShape('activePassive', activeLosses, passiveLosses);
  const losses = activeLosses.mul(activeWeight).add(passiveLosses.mul(passiveWeight));
  return reduceLabelled('activePassive', losses, logits, labels, options);
}
