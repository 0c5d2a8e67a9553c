import { isFloat, showShape, type Tensor } from '../../tensor/index.js';
import { requireClassTargets, requireNumber } from '../checks.js';
import { type LabelledOptions, reduceLabelled } from '../labelled.js';
import { labelsLast } from './class-targets.js';
import { crossEntropy } from './cross-entropy.js';

export interface MaxSupOptions extends LabelledOptions {
  /** Factor of the penalty, not negative. Default 0.1; the authors raise it linearly from 0.1 to 0.2 over training. */
  readonly alpha?: number | Tensor;
}

/**
 * Max suppression: cross-entropy plus alpha times (the largest logit - the mean logit). Where label smoothing pulls down the logit of the
 * label, which makes a wrong prediction worse, this pulls down whichever logit wins; the two are one where the label wins. Do not smooth
 * labels beside it. Zhou et al. 2025.
 *
 * @param logits finite, [n, classes] or [n, classes, ...].
 * @param targets integers [n, ...], or probabilities of the shape and dtype of `logits`; the penalty does not look at them.
 * @returns a scalar, or [n, ...] with reduction `none`. The mean over no samples, or over none that counts, is 0.
 * @throws TypeError or RangeError where arguments or options do not fit.
 */
export function maxSup(logits: Tensor, targets: Tensor, options: MaxSupOptions = {}): Tensor {
  const { alpha = 0.1 } = options;
  if (typeof alpha === 'number') requireNumber('maxSup', 'alpha', alpha, { low: 0 });
  requireClassTargets('maxSup', logits, targets);
  const entropy = crossEntropy(logits, targets, { reduction: 'none' });
  return reduceLabelled('maxSup', entropy.add(maxSupPenalty(logits).mul(alpha)), logits, targets, options);
}

/**
 * The largest logit minus the mean logit, [n, ...], never negative. Its derivative is 1 - 1 / C at the largest, -1 / C elsewhere; logits that
 * tie for the largest share its 1.
 *
 * @param logits [n, classes, ...].
 * @throws RangeError where arguments or options do not fit.
 */
export function maxSupPenalty(logits: Tensor): Tensor {
  const z = requireLogits('maxSupPenalty', logits);
  return z.max(-1).sub(z.mean(-1));
}

/**
 * What label smoothing adds to cross-entropy, up to its factor: the logit of the label minus the mean logit, [n, ...]. Cross-entropy with
 * smoothing s is cross-entropy plus s times this, exactly. Zhou et al. 2025.
 *
 * @param logits [n, classes, ...]; `labels` integers [n, ...].
 * @throws RangeError where arguments do not fit.
 */
export function labelSmoothingPenalty(logits: Tensor, labels: Tensor): Tensor {
  const { logits: z, target } = labelsLast('labelSmoothingPenalty', logits, labels);
  return z.mul(target).sum(-1).sub(z.mean(-1));
}

export interface LabelSmoothingParts {
  /** The mean over classes of how far smaller logits lie below the label's, [n, ...]; at least 0. */
  readonly regularization: Tensor;
  /** Minus the mean over classes of how far larger logits lie above the label's, [n, ...]; 0 where the label wins. */
  readonly errorAmplification: Tensor;
}

/**
 * {@link labelSmoothingPenalty} in its two parts, which add up to it: with d_k = z_y - z_k, the mean over k of max(d_k, 0) and that of
 * min(d_k, 0). The second rewards larger wrong logits. Zhou et al. 2025.
 *
 * @param logits [n, classes, ...]; `labels` integers [n, ...].
 * @throws RangeError where arguments do not fit.
 */
export function labelSmoothingParts(logits: Tensor, labels: Tensor): LabelSmoothingParts {
  const { logits: z, target } = labelsLast('labelSmoothingParts', logits, labels);
  const differences = z.mul(target).sum(-1, { keepDims: true }).sub(z);
  return { regularization: differences.relu().mean(-1), errorAmplification: differences.neg().relu().mean(-1).neg() };
}

/**
 * Half the squared norm of the logits, [n, ...]; cross-entropy plus a small multiple of it (2e-3) is the logit penalty that max suppression
 * is compared with. Dauphin and Cubuk 2021.
 *
 * @param logits [n, classes, ...].
 * @throws RangeError where arguments or options do not fit.
 */
export function logitPenalty(logits: Tensor): Tensor {
  return requireLogits('logitPenalty', logits).square().sum(-1).mul(0.5);
}

/** Logits with the classes last. */
function requireLogits(who: string, logits: Tensor): Tensor {
  if (!isFloat(logits.dtype) || logits.rank < 2 || logits.shape[1] === 0)
    throw new RangeError(
      `${who}: logits ${logits.dtype}${showShape(logits.shape)} must be float [n, classes, ...], with classes`,
    );
  return logits.moveAxis(1, -1);
}
