import { argsort, type Tensor } from '../../tensor/index.js';
import { requireLabels, requireSameShape } from '../checks.js';
import { type ReductionOptions, reduce } from '../reduction.js';

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

/**
 * Lovasz hinge of an image: the extension of the Jaccard loss of the foreground at hinge errors max(0, 1 - u z), u = 1 in the mask and -1
 * outside. Berman et al. 2018.
 *
 * @param logits [n, ...positions]; `targets` 0 or 1, of the same shape and dtype.
 * @returns a scalar, or [n] with reduction `none`. The mean over no images is 0.
 * @throws TypeError or RangeError where arguments or options do not fit.
 */
export function lovaszHinge(logits: Tensor, targets: Tensor, options: ReductionOptions = {}): Tensor {
  requireSameShape('lovaszHinge', logits, targets);
  if (logits.rank < 2)
    throw new RangeError(`lovaszHinge: logits [${logits.shape.join(', ')}] must be [n, ...positions]`);
  const [z, mask] = [logits, targets].map((x) => x.flatten(1));
  const errors = mask.mul(2).sub(1).mul(z).neg().add(1).relu();
  return reduce(extension(errors, mask), options.reduction);
}

/**
 * Lovasz softmax of a batch: the extension of the Jaccard loss of each class at errors |1[y = c] - p_c| over all positions, averaged over the
 * classes that are there; 0 where none is. Berman et al. 2018.
 *
 * @param probabilities [n, classes, ...positions]; `labels` integers [n, ...positions].
 * @returns a scalar.
 * @throws TypeError or RangeError where arguments or options do not fit.
 */
export function lovaszSoftmax(probabilities: Tensor, labels: Tensor): Tensor {
  requireLabels('lovaszSoftmax', probabilities, labels);
  const classes = probabilities.shape[1];
  const rows = (x: Tensor) => x.moveAxis(1, 0).reshape([classes, x.size / classes]);
  const mask = rows(labels.oneHot(classes, 'bool').cast(probabilities.dtype).moveAxis(-1, 1));
  const losses = extension(mask.sub(rows(probabilities)).abs(), mask);
  const present = mask.sum(-1).greater(0).cast(losses.dtype);
  return losses.mul(present).sum().div(present.sum().maximum(1));
}
