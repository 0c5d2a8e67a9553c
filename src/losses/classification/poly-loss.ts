import type { Tensor } from '../../tensor/index.js';
import { requireNumber } from '../checks.js';
import { type ElementOptions, reduceElements } from '../elements.js';
import { type LabelledOptions, reduceLabelled } from '../labelled.js';
import { classesLast, smoothTargets } from './class-targets.js';
import { crossEntropy } from './cross-entropy.js';
import { binaryFocalTerms, type FocalOptions, focalTerms } from './focal-loss.js';

/** The sum of e_j miss^j over the coefficients e_1, e_2, ..., by Horner's rule. */
function polynomial(coefficients: readonly number[], miss: Tensor): Tensor {
  return coefficients.reduceRight((sum, e) => sum.add(e).mul(miss), miss.zerosLike());
}

function requireCoefficients(who: string, coefficients: readonly number[]): void {
  // The expansion of the logarithm has 1 / j at miss^j: below -1 / j its sum is no longer one that falls with the probability.
  coefficients.forEach((e, j) => {
    requireNumber(who, `coefficients[${j}]`, e, { low: -1 / (j + 1) });
  });
}

export interface PolyOptions {
  /**
   * What is added to the coefficients 1, 1/2, 1/3, ... of the powers 1, 2, 3, ... of 1 - p in the expansion of cross-entropy, each at least
   * -1 / j. Default [1]: Poly-1 with epsilon 1; above 0 makes predictions surer, below 0 less sure. (The best value depends on the task.)
   */
  readonly coefficients?: readonly number[];
}

export interface PolyLossOptions extends LabelledOptions, PolyOptions {
  /** Share s of the target that is given to all classes evenly, in both terms, in [0, 1]. Default 0. */
  readonly labelSmoothing?: number;
}

/**
 * Cross-entropy with the leading coefficients of its expansion in powers of 1 - p changed: -log p + sum over j of e_j (1 - p)^j, p the
 * softmax probability of the right class, e the coefficients (epsilon). Leng et al. 2022 (Poly-N; with one coefficient Poly-1).
 *
 * Soft or smoothed targets q make 1 - p into 1 - sum over c of q_c p_c. Class weights multiply both terms of a sample by that of its label,
 * where `crossEntropy`, as PyTorch, weighs the share that smoothing gives to each class.
 *
 * @param logits finite, [n, classes] or [n, classes, ...].
 * @param targets integers [n, ...], or probabilities of the shape and dtype of `logits`.
 * @returns a scalar, or [n, ...] with reduction `none`. The mean over no samples, or over none that counts, is 0.
 * @throws RangeError for coefficients below -1 / j or shapes that do not fit, TypeError for `ignoreIndex` with soft targets.
 */
export function polyLoss(logits: Tensor, targets: Tensor, options: PolyLossOptions = {}): Tensor {
  const { coefficients = [1], labelSmoothing = 0 } = options;
  requireCoefficients('polyLoss', coefficients);
  const { logits: z, target } = classesLast('polyLoss', logits, targets);
  const smoothed = smoothTargets('polyLoss', target, labelSmoothing);
  const entropy = crossEntropy(logits, targets, { labelSmoothing, reduction: 'none' });
  // The sum of what the target gives each class times what that class lacks keeps its digits where p is nearly 1, as 1 - p does not.
  const miss = smoothed.mul(z.logSoftmax(-1).expm1().neg()).sum(-1);
  return reduceLabelled('polyLoss', entropy.add(polynomial(coefficients, miss)), logits, targets, options);
}

export interface PolyFocalOptions extends PolyOptions, FocalOptions {}

/**
 * Focal loss with Poly-N coefficients: a (1 - p)^g (-log p) + sum over j of e_j (1 - p)^(g + j), p the softmax probability of the right
 * class. The class weights a (`alpha`) multiply the focal term alone, those of `weight` both. Leng et al. 2022 (Poly-1 focal loss).
 *
 * @param logits finite, [n, classes] or [n, classes, ...].
 * @param labels integers [n, ...].
 * @returns a scalar, or [n, ...] with reduction `none`. The mean over no samples, or over none that counts, is 0.
 * @throws RangeError for coefficients below -1 / j, a negative gamma, or shapes that do not fit.
 */
export function polyFocalLoss(logits: Tensor, labels: Tensor, options: PolyFocalOptions = {}): Tensor {
  const { coefficients = [1] } = options;
  requireCoefficients('polyFocalLoss', coefficients);
  const { loss, miss, modulation } = focalTerms('polyFocalLoss', logits, labels, options);
  const losses = loss.add(modulation.mul(polynomial(coefficients, miss)));
  return reduceLabelled('polyFocalLoss', losses, logits, labels, options);
}

export interface BinaryPolyFocalOptions extends ElementOptions, PolyOptions {
  /** Exponent g, at least 0. Default 2. */
  readonly gamma?: number;
  /** Weight of positive targets, 1 - alpha that of negative ones, in the focal term alone; in [0, 1]. Default: both 1. */
  readonly alpha?: number;
}

/**
 * {@link polyFocalLoss} of the sigmoid of each logit alone, as detectors use it: p is sigmoid(x) for target 1 and 1 - sigmoid(x) for target 0.
 * Leng et al. 2022.
 *
 * @param logits finite, of any shape; `targets` 0 or 1, of the same shape and dtype.
 * @returns a scalar, or that shape with reduction `none`. The mean over no elements is 0.
 * @throws RangeError where arguments or options do not fit.
 */
export function binaryPolyFocalLoss(logits: Tensor, targets: Tensor, options: BinaryPolyFocalOptions = {}): Tensor {
  const { coefficients = [1] } = options;
  requireCoefficients('binaryPolyFocalLoss', coefficients);
  const { loss, miss, modulation } = binaryFocalTerms('binaryPolyFocalLoss', logits, targets, options);
  const losses = loss.add(modulation.mul(polynomial(coefficients, miss)));
  return reduceElements('binaryPolyFocalLoss', losses, options);
}

export interface TruncatedCrossEntropyOptions extends LabelledOptions {
  /** Number of powers kept, at least 1. */
  readonly terms: number;
  /** Share s of the target that is given to all classes evenly, in [0, 1]: (1 - s) q + s / classes. Default 0. */
  readonly labelSmoothing?: number;
}

/**
 * The first terms of the expansion of cross-entropy: sum over j = 1 .. terms of (1 - p)^j / j. It tells how much of cross-entropy lies in
 * its leading powers; with one term it is the absolute error of the probability. Leng et al. 2022 (L_drop).
 *
 * @param logits finite, [n, classes] or [n, classes, ...].
 * @param targets integers [n, ...], or probabilities of the shape and dtype of `logits`.
 * @returns a scalar, or [n, ...] with reduction `none`. The mean over no samples, or over none that counts, is 0.
 * @throws TypeError or RangeError where arguments or options do not fit.
 */
export function truncatedCrossEntropy(logits: Tensor, targets: Tensor, options: TruncatedCrossEntropyOptions): Tensor {
  const { terms, labelSmoothing = 0 } = options;
  if (!Number.isInteger(terms) || terms < 1)
    throw new RangeError(`truncatedCrossEntropy: terms ${terms} must be a positive integer`);
  const { logits: z, target } = classesLast('truncatedCrossEntropy', logits, targets);
  const smoothed = smoothTargets('truncatedCrossEntropy', target, labelSmoothing);
  const miss = smoothed.mul(z.logSoftmax(-1).expm1().neg()).sum(-1);
  const coefficients = Array.from({ length: terms }, (_, j) => 1 / (j + 1));
  return reduceLabelled('truncatedCrossEntropy', polynomial(coefficients, miss), logits, targets, options);
}
