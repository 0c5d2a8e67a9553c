import { isFloat, showShape, type Tensor } from '../tensor/index.js';
import { requireFloats } from './checks.js';
import { labelPlaces } from './label-places.js';
import { type ReductionOptions, reduce, reduceShares } from './reduction.js';

/** How much the samples of a loss of classes count. Every loss of integer labels takes it. */
export interface LabelledOptions extends ReductionOptions {
  /**
   * Weight w of each class, not negative, [classes]: the loss of a sample is multiplied by that of its label y, and the mean is
   * sum w_y L / sum w_y, as if each sample stood in the batch w_y times. Samples with probabilities q for targets have the weight sum over c of
   * q_c w_c. Default 1.
   */
  readonly weight?: Tensor;
  /**
   * Integer label of samples that do not count, one of the classes or not: they cost 0, whatever their logits, and the mean is that of the
   * others. Default: none.
   */
  readonly ignoreIndex?: number;
}

/**
 * How much each sample counts, [n, ...]: the weight of its label, 0 for labels that are ignored or, where there are weights, no class. Undefined where
 * all count alike.
 *
 * @param logits [n, classes, ...]; `targets` integers [n, ...], or probabilities of the shape of the logits.
 * @throws TypeError or RangeError naming the option that does not fit.
 */
export function labelShares(
  who: string,
  logits: Tensor,
  targets: Tensor,
  options: LabelledOptions,
): Tensor | undefined {
  requireLabelledOptions(who, logits, targets, options);
  const { weight, ignoreIndex } = options;
  if (isFloat(targets.dtype)) return weight && targets.moveAxis(1, -1).mul(weight).sum(-1);
  const counted = ignoreIndex === undefined ? undefined : targets.notEqual(ignoreIndex);
  if (!weight) return counted?.cast(logits.dtype);
  const { index, inside } = labelPlaces(targets, logits.shape[1]);
  const share = inside.where(weight.gather(index), 0).squeeze(-1);
  return counted ? counted.where(share, 0) : share;
}

/** Losses of samples [n, ...], each as much as it counts, reduced as asked; logits and targets as for {@link labelShares}. The mean over none is 0. */
export function reduceLabelled(
  who: string,
  losses: Tensor,
  logits: Tensor,
  targets: Tensor,
  options: LabelledOptions,
): Tensor {
  const shares = labelShares(who, logits, targets, options);
  if (!shares) return reduce(losses, options.reduction);
  const weighed = options.weight ? losses.mul(shares) : losses;
  // A choice, not a product: what does not count may be infinite.
  return reduceShares(shares.equal(0).where(0, weighed), shares, options.reduction);
}

/** @throws TypeError or RangeError naming the option unless weights are [classes] and what is ignored is an integer label. */
export function requireLabelledOptions(
  who: string,
  logits: Tensor,
  targets: Tensor,
  { weight, ignoreIndex }: LabelledOptions,
): void {
  if (weight) {
    requireFloats(who, { logits, weight });
    if (weight.shape.join() !== `${logits.shape[1]}`)
      throw new RangeError(
        `${who}: weight ${showShape(weight.shape)} must be [${logits.shape[1]}] for logits ${showShape(logits.shape)}`,
      );
  }
  if (ignoreIndex === undefined) return;
  if (isFloat(targets.dtype)) throw new TypeError(`${who}: ignoreIndex goes with integer labels, not probabilities`);
  if (!Number.isInteger(ignoreIndex)) throw new RangeError(`${who}: ignoreIndex ${ignoreIndex} must be a whole number`);
}
