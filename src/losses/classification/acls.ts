import { stopGradient, type Tensor } from '../../tensor/index.js';
import { requireFloats, requireLabels, requireNumber } from '../checks.js';
import { type LabelledOptions, reduceLabelled } from '../labelled.js';
import { crossEntropy } from './cross-entropy.js';

export interface AclsPenaltyOptions {
  /** Factor of the winner's term (lambda 1), not negative. Default 1. */
  readonly winnerWeight?: number;
  /** Factor of the losers' term (lambda 2), not negative. Default 0.1. */
  readonly loserWeight?: number;
  /** How far logits may go free of charge (M), not negative. Default 10, for deep networks; small ones never get there. */
  readonly margin?: number;
  /**
   * What the winning logit is measured from: `zero`, as in the published code, so that the penalty changes when a number is added to all
   * logits; or `smallest`, the smallest logit taken as a constant. Default `zero`.
   */
  readonly reference?: 'zero' | 'smallest';
}

export interface AclsOptions extends LabelledOptions, AclsPenaltyOptions {
  /** Factor of the whole penalty, not negative. Default 0.1. */
  readonly alpha?: number;
}

/**
 * Adaptive and conditional label smoothing: cross-entropy plus alpha times {@link aclsPenalty}. Park et al. 2023. Defaults are those of the
 * published code. It takes the place of smoothed labels, so labels are not smoothed beside it.
 *
 * @param logits finite, [n, classes] or [n, classes, ...], 2 classes or more; `labels` integers [n, ...].
 * @returns a scalar, or [n, ...] with reduction `none`. The mean over no samples, or over none that counts, is 0.
 * @throws RangeError for fewer than 2 classes, negative options, or shapes that do not fit.
 */
export function acls(logits: Tensor, labels: Tensor, options: AclsOptions = {}): Tensor {
  const { alpha = 0.1 } = options;
  requireNumber('acls', 'alpha', alpha, { low: 0 });
  requireLabels('acls', logits, labels, 2);
  return penalized('acls', logits, labels, aclsPenalty(logits, options).mul(alpha), options);
}

/**
 * Two squared hinges on the logits of a sample, with m the largest logit and M the margin:
 * l1 max(0, m - M)^2 + l2 / (C - 1) sum over the others j of max(0, m - z_j - M)^2.
 * The first pulls down a winner that is too sure, the second, in which m counts as a constant, pulls up losers that are too far below: smoothing
 * that grows with the excess and is none within the margin. The winner is the prediction, not the label; logits that tie for the largest are
 * winners all, each with its term.
 *
 * @param logits [n, classes, ...], 2 classes or more.
 * @returns [n, ...]. The mean is the paper's regulariser.
 * @throws TypeError or RangeError where arguments or options do not fit.
 */
export function aclsPenalty(logits: Tensor, options: AclsPenaltyOptions = {}): Tensor {
  const { winnerWeight = 1, loserWeight = 0.1, margin = 10, reference = 'zero' } = options;
  for (const [name, value] of Object.entries({ winnerWeight, loserWeight, margin }))
    requireNumber('aclsPenalty', name, value, { low: 0 });
  if (reference !== 'zero' && reference !== 'smallest')
    throw new TypeError(`aclsPenalty: reference ${reference} must be 'zero' or 'smallest'`);
  requireFloats('aclsPenalty', { logits });
  const { shape } = logits;
  if (!(shape[1] >= 2)) throw new RangeError(`aclsPenalty: logits [${shape.join(', ')}] must have 2 classes or more`);
  const largest = stopGradient(logits.max(1, { keepDims: true }));
  const winner = logits.equal(largest);
  const base = reference === 'zero' ? logits : logits.sub(stopGradient(logits.min(1, { keepDims: true })));
  const excess = winner.where(base.sub(margin).relu().square(), 0).sum(1);
  const distance = winner.where(0, largest.sub(logits).sub(margin).relu().square()).sum(1);
  return excess.mul(winnerWeight).add(distance.mul(loserWeight / (shape[1] - 1)));
}

export interface MarginLabelSmoothingOptions extends LabelledOptions {
  /** Factor of the penalty, not negative. Default 0.1. */
  readonly alpha?: number;
  /** Distance from the largest logit that is free of charge, not negative. Default 10. */
  readonly margin?: number;
}

/**
 * Margin-based label smoothing: cross-entropy plus alpha times the mean over classes of max(0, m - z_j - M), with m the largest logit, through
 * which the derivative goes too. Liu et al. 2022 (MbLS). It takes the place of smoothed labels, so labels are not smoothed beside it.
 *
 * @param logits finite, [n, classes] or [n, classes, ...]; `labels` integers [n, ...].
 * @returns a scalar, or [n, ...] with reduction `none`. The mean over no samples, or over none that counts, is 0.
 * @throws TypeError or RangeError where arguments or options do not fit.
 */
export function marginLabelSmoothing(
  logits: Tensor,
  labels: Tensor,
  options: MarginLabelSmoothingOptions = {},
): Tensor {
  const { alpha = 0.1, margin = 10 } = options;
  requireNumber('marginLabelSmoothing', 'alpha', alpha, { low: 0 });
  requireNumber('marginLabelSmoothing', 'margin', margin, { low: 0 });
  requireLabels('marginLabelSmoothing', logits, labels);
  const distance = logits.max(1, { keepDims: true }).sub(logits).sub(margin).relu().mean(1);
  return penalized('marginLabelSmoothing', logits, labels, distance.mul(alpha), options);
}

/** Cross-entropy plus a penalty of each sample, both over the samples that count. */
function penalized(who: string, logits: Tensor, labels: Tensor, penalty: Tensor, options: LabelledOptions): Tensor {
  const losses = crossEntropy(logits, labels, { reduction: 'none' }).add(penalty);
  return reduceLabelled(who, losses, logits, labels, options);
}
