import { constant, ndarray, showShape, type Tensor } from '../../tensor/index.js';
import { requireFloats, requireLabelled, requireLabels, requireNumber } from '../checks.js';
import { crossEntropy } from '../classification/cross-entropy.js';
import { type LabelledOptions, reduceLabelled } from '../labelled.js';

/** Similarities of pairs, [pairs], and which of them are meant, bool [pairs]. */
export interface Similarities {
  readonly values: Tensor;
  readonly mask: Tensor;
}

/**
 * The cosines of all pairs of a batch, each pair once, and which are of different classes. Jung et al. 2022.
 *
 * @param embeddings [n, d]; `labels` integers [n].
 * @param options `ignoreIndex`: the label of samples of which no pair is meant. Default: none.
 * @returns values and mask, [n (n - 1) / 2].
 * @throws TypeError or RangeError where arguments or options do not fit.
 */
export function negativePairSimilarities(
  embeddings: Tensor,
  labels: Tensor,
  { ignoreIndex }: Pick<LabelledOptions, 'ignoreIndex'> = {},
): Similarities {
  const [n] = embeddings.shape;
  requireLabelled('negativePairSimilarities', 'embeddings', embeddings, labels);
  const directions = embeddings.normalize(-1);
  const cosine = directions.matmul(directions.swapAxes(0, 1));
  const unlike = labels.expandDims(1).notEqual(labels.expandDims(0));
  const counted = ignoreIndex === undefined ? undefined : labels.notEqual(ignoreIndex);
  const different = counted ? unlike.and(counted.expandDims(1)).and(counted.expandDims(0)) : unlike;
  const pairs = Array.from({ length: n }, (_, i) =>
    Array.from({ length: n - 1 - i }, (_, j) => i * n + i + 1 + j),
  ).flat();
  const upper = constant(ndarray(pairs, { shape: [pairs.length], dtype: 'int32' }));
  return { values: cosine.reshape([-1]).gather(upper), mask: different.reshape([-1]).gather(upper) };
}

/**
 * Which values are no outliers by the box and whiskers of the M that are meant: those in [q1 - w IQR, q3 + w IQR], IQR = q3 - q1, with q1
 * and q3 the elements floor(M / 4) and floor(3 M / 4) of the ascending list from 0 (no interpolation). Jung et al. 2022.
 *
 * @param options `whisker` w, not negative. Default 1.5.
 * @returns bool [pairs], without derivative; none where none is meant.
 * @throws TypeError or RangeError where arguments or options do not fit.
 */
export function boxWhiskerFilter(
  { values, mask }: Similarities,
  { whisker = 1.5 }: { readonly whisker?: number } = {},
): Tensor {
  requireNumber('boxWhiskerFilter', 'whisker', whisker, { low: 0 });
  requireFloats('boxWhiskerFilter', { values });
  if (values.rank !== 1 || mask.shape.join() !== values.shape.join())
    throw new RangeError(
      `boxWhiskerFilter: values ${showShape(values.shape)} and mask ${showShape(mask.shape)} must be [pairs]`,
    );
  if (values.size === 0) return mask;
  const ordered = mask.where(values, Infinity).stopGradient().sort();
  const count = mask.cast('int32').sum();
  const at = (quarters: number) => count.mul(quarters).cast('float64').mul(0.25).floor().cast('int32');
  const place = (quarters: number) => ordered.gather(at(quarters).minimum(values.size - 1));
  const [low, high] = [place(1), place(3)];
  const reach = high.sub(low).mul(whisker);
  return mask.and(values.greaterEqual(low.sub(reach))).and(values.lessEqual(high.add(reach)));
}

export interface UnpgOptions extends LabelledOptions {
  /** By what all cosines are multiplied (s), above 0. Default 64, the published code's. */
  readonly scale?: number;
  /** Width of the whiskers in interquartile ranges, not negative. Default 1.5, the published code's for MS1MV2; 1 for K-FACE. */
  readonly whisker?: number;
}

/**
 * A margin softmax with the batch's own negative pairs among its negatives (UNPG): cross-entropy of s [c_i, kept], the cosines of the
 * batch's pairs of different classes that {@link boxWhiskerFilter} keeps standing as more classes in every row. They stand as one class
 * whose logit is the log-sum-exp of theirs, which is the same. Never below the loss without them, and that loss where there are no such
 * pairs. Jung et al. 2022.
 *
 * @param cosine with the margin in the label's column and no scale yet, [n, classes]: `arcFaceLogits(cosine, labels, { scale: 1 })`.
 * @param labels integers [n]; `embeddings` of the batch, [n, d].
 * @returns a scalar, or [n] with reduction `none`. The mean over no samples, or over none that counts, is 0.
 * @throws TypeError or RangeError where arguments or options do not fit.
 */
export function unpg(cosine: Tensor, labels: Tensor, embeddings: Tensor, options: UnpgOptions = {}): Tensor {
  const { scale = 64, whisker = 1.5 } = options;
  requireNumber('unpg', 'scale', scale, { low: 0, open: true });
  requireLabels('unpg', cosine, labels);
  requireLabelled('unpg', 'embeddings', embeddings, labels);
  const pairs = negativePairSimilarities(embeddings, labels, options);
  const reduced = (logits: Tensor) =>
    reduceLabelled('unpg', crossEntropy(logits, labels, { reduction: 'none' }), cosine, labels, options);
  if (pairs.values.size === 0) return reduced(cosine.mul(scale));
  const kept = boxWhiskerFilter(pairs, { whisker });
  // Where none is kept their class is one that no softmax sees.
  const logit = kept.any().where(pairs.values.mul(scale).logSumExp(undefined, { where: kept }), -1e30);
  const logits = cosine.mul(scale).concat(logit.broadcastTo([cosine.shape[0], 1]), 1);
  return reduced(logits);
}
