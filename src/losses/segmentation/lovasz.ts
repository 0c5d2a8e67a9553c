import { argsort, showShape, type Tensor } from '../../tensor/index.js';
import { requireLabels, requireSameShape } from '../checks.js';
import { type LabelledOptions, requireLabelledOptions } from '../labelled.js';
import { type ReductionOptions, reduce, reduceShares } from '../reduction.js';

/**
 * The Lovasz extension of the Jaccard loss at errors [..., n] against masks [..., n]: errors in descending order, weighted by how much the loss
 * 1 - intersection / union grows when each is counted as wrong too. Berman et al. 2018.
 */
function extension(errors: Tensor, mask: Tensor): Tensor {
  const order = argsort(errors, -1, { descending: true });
  const sorted = mask.takeAlongAxis(order);
  const total = sorted.sum(-1, { keepDims: true });
  const wrong = sorted.neg().add(1).cumsum(-1);
  const jaccard = total.sub(sorted.cumsum(-1)).div(total.add(wrong)).neg().add(1);
  // 0 before the first.
  const before = jaccard.pad(jaccard.shape.map((_, i) => (i === jaccard.rank - 1 ? [1, -1] : [0, 0])));
  return errors.takeAlongAxis(order).mul(jaccard.sub(before)).sum(-1);
}

export interface LovaszHingeOptions extends ReductionOptions {
  /** Which positions count, bool of the shape of the logits: images are as if they were without the others. Default: all. */
  readonly mask?: Tensor;
}

/**
 * Lovasz hinge of an image: the extension of the Jaccard loss of the foreground at hinge errors max(0, 1 - u z), u = 1 in the mask and -1
 * outside. Berman et al. 2018.
 *
 * @param logits [n, ...positions]; `targets` 0 or 1, of the same shape and dtype.
 * @returns a scalar, or [n] with reduction `none`. The mean over no images is 0.
 * @throws TypeError or RangeError where arguments or options do not fit.
 */
export function lovaszHinge(logits: Tensor, targets: Tensor, options: LovaszHingeOptions = {}): Tensor {
  requireSameShape('lovaszHinge', logits, targets);
  if (logits.rank < 2)
    throw new RangeError(`lovaszHinge: logits [${logits.shape.join(', ')}] must be [n, ...positions]`);
  const { mask: counted, reduction } = options;
  if (counted && (counted.dtype !== 'bool' || counted.shape.join() !== logits.shape.join()))
    throw new RangeError(
      `lovaszHinge: mask ${counted.dtype}${showShape(counted.shape)} must be bool${showShape(logits.shape)}`,
    );
  const [z, inside] = [logits, targets].map((x) => x.flatten(1));
  const errors = inside.mul(2).sub(1).mul(z).neg().add(1).relu();
  if (!counted) return reduce(extension(errors, inside), reduction);
  // Errors of 0 outside the mask come last and add nothing.
  const [wrong, mask] = [errors, inside].map((x) => counted.flatten(1).where(x, 0));
  return reduce(extension(wrong, mask), reduction);
}

export interface LovaszSoftmaxOptions extends Pick<LabelledOptions, 'ignoreIndex'> {
  /** Weight w of each class, not negative, [classes]: the mean over the classes that are there is sum w_c L_c / sum w_c. Default 1. */
  readonly weight?: Tensor;
}

/**
 * Lovasz softmax of a batch: the extension of the Jaccard loss of each class at errors |1[y = c] - p_c| over all positions, averaged over the
 * classes that are there; 0 where none is. Berman et al. 2018.
 *
 * @param probabilities [n, classes, ...positions]; `labels` integers [n, ...positions].
 * @returns a scalar.
 * @throws TypeError or RangeError where arguments or options do not fit.
 */
export function lovaszSoftmax(probabilities: Tensor, labels: Tensor, options: LovaszSoftmaxOptions = {}): Tensor {
  requireLabels('lovaszSoftmax', probabilities, labels);
  requireLabelledOptions('lovaszSoftmax', probabilities, labels, options);
  const { weight, ignoreIndex } = options;
  const classes = probabilities.shape[1];
  const rows = (x: Tensor) => x.moveAxis(1, 0).reshape([classes, x.size / classes]);
  const counted = ignoreIndex === undefined ? undefined : labels.notEqual(ignoreIndex).expandDims(1);
  const kept = (x: Tensor) => rows(counted ? counted.where(x, 0) : x);
  const mask = kept(labels.oneHot(classes, 'bool').cast(probabilities.dtype).moveAxis(-1, 1));
  const losses = extension(mask.sub(kept(probabilities)).abs(), mask);
  const present = mask.sum(-1).greater(0).cast(losses.dtype);
  if (weight) return reduceShares(losses.mul(present).mul(weight), present.mul(weight));
  return losses.mul(present).sum().div(present.sum().maximum(1));
}
