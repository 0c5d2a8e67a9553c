import { showShape, type Tensor } from '../../tensor/index.js';
import { requireNumber, requireSameShape } from '../checks.js';
import { type ElementOptions, reduceElements } from '../elements.js';
import { type LabelledOptions, reduceLabelled } from '../labelled.js';
import { labelsLast } from './class-targets.js';

export interface FocalOptions extends LabelledOptions {
  /** Exponent g of 1 - p, at least 0; 0 is cross-entropy. Default 2. */
  readonly gamma?: number;
  /** The paper's weight a of each class, [classes], which the mean does not divide by, where it does by those of `weight`. Default 1. */
  readonly alpha?: Tensor;
}

export interface BinaryFocalOptions extends ElementOptions {
  /** Exponent g of 1 - p, at least 0. Default 2. */
  readonly gamma?: number;
  /** Weight of positive targets, 1 - alpha that of negative ones, in [0, 1]. Default: both 1. (Detectors use 0.25 with gamma 2.) */
  readonly alpha?: number;
}

/** What focal losses are made of, a sample or element each. */
export interface FocalTerms {
  /** a (1 - p)^g (-log p). */
  readonly loss: Tensor;
  /** 1 - p. */
  readonly miss: Tensor;
  /** (1 - p)^g. */
  readonly modulation: Tensor;
}

/**
 * Cross-entropy with well-classified samples weighted down: a (1 - p)^g (-log p), p the softmax probability of the right class, a its class
 * weight. Lin et al. 2017, equations 4 and 5.
 *
 * @param logits finite, [n, classes] or [n, classes, ...].
 * @param labels integers [n, ...]; one out of range costs 0.
 * @returns a scalar, or [n, ...] with reduction `none`. The mean over no samples, or over none that counts, is 0.
 * @throws TypeError or RangeError for a negative gamma or where arguments or other options do not fit.
 */
export function focalLoss(logits: Tensor, labels: Tensor, options: FocalOptions = {}): Tensor {
  const { loss } = focalTerms('focalLoss', logits, labels, options);
  return reduceLabelled('focalLoss', loss, logits, labels, options);
}

/**
 * Focal loss of the sigmoid of each logit alone: a (1 - p)^g (-log p), with p = sigmoid(x) for target 1 and 1 - sigmoid(x) for target 0.
 * Targets t between, such as smoothed ones, take p = t sigmoid(x) + (1 - t)(1 - sigmoid(x)) in the first factor and the binary cross-entropy
 * in the second. Lin et al. 2017, equation 5.
 *
 * @param logits finite, of any shape; `targets` in [0, 1], of the same shape and dtype.
 * @returns a scalar, or that shape with reduction `none`. The mean over no elements is 0.
 */
export function binaryFocalLoss(logits: Tensor, targets: Tensor, options: BinaryFocalOptions = {}): Tensor {
  return reduceElements('binaryFocalLoss', binaryFocalTerms('binaryFocalLoss', logits, targets, options).loss, options);
}

export function focalTerms(
  who: string,
  logits: Tensor,
  labels: Tensor,
  { gamma = 2, alpha }: FocalOptions,
): FocalTerms {
  requireFocal(who, gamma);
  const { logits: z, target } = labelsLast(who, logits, labels);
  if (alpha && alpha.shape.join() !== `${logits.shape[1]}`)
    throw new RangeError(
      `${who}: alpha ${showShape(alpha.shape)} must be [${logits.shape[1]}] for logits ${showShape(logits.shape)}`,
    );
  const logLikelihood = z.logSoftmax(-1).mul(target).sum(-1);
  const miss = logLikelihood.expm1().neg();
  const modulation = power(miss, gamma);
  const loss = modulation.mul(logLikelihood.neg());
  return { loss: alpha ? loss.mul(target.mul(alpha).sum(-1)) : loss, miss, modulation };
}

export function binaryFocalTerms(
  who: string,
  logits: Tensor,
  targets: Tensor,
  { gamma = 2, alpha }: { readonly gamma?: number; readonly alpha?: number },
): FocalTerms {
  requireFocal(who, gamma);
  if (alpha !== undefined) requireNumber(who, 'alpha', alpha, { low: 0, high: 1 });
  requireSameShape(who, logits, targets);
  const others = targets.neg().add(1);
  const entropy = others.mul(logits).add(logits.neg().softplus());
  const miss = others.mul(logits.sigmoid()).add(targets.mul(logits.neg().sigmoid()));
  const modulation = power(miss, gamma);
  const loss = modulation.mul(entropy);
  return {
    loss: alpha === undefined ? loss : loss.mul(targets.mul(2 * alpha - 1).add(1 - alpha)),
    miss,
    modulation,
  };
}

/** x^g, x in [0, 1]. For g between 0 and 1, whose slope at 0 is infinite, x is taken as at least 1e-12. */
export function power(x: Tensor, g: number): Tensor {
  if (g === 0) return x.onesLike();
  return (g < 1 ? x.maximum(1e-12) : x).pow(g);
}

export function requireFocal(who: string, gamma: number): void {
  requireNumber(who, 'gamma', gamma, { low: 0 });
}
