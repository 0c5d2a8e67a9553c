import { type NDArray, ndarray, showShape, type Tensor } from '../../tensor/index.js';
import { requireFloats, requireLabels, requireNumber } from '../checks.js';
import { crossEntropy } from '../classification/cross-entropy.js';
import { type LabelledOptions, reduceLabelled } from '../labelled.js';
import { classCosines } from './cosines.js';
import { type MarginOptions, marginLogits } from './margin-logits.js';

/** Mean and standard deviation of feature lengths so far, scalars: state that training carries along and evaluation leaves alone. */
export interface NormStatistics<T = Tensor> {
  readonly mean: T;
  readonly deviation: T;
}

/** {@link NormStatistics} before the first batch: 20 and 100, the published code's. */
export const initialNormStatistics = (): NormStatistics<NDArray<'float32'>> => ({
  mean: ndarray(20),
  deviation: ndarray(100),
});

/** Angles and cosines keep this far from where the angle has no derivative; deviations are this much larger. */
const edge = 1e-3;

/** What counts as the length of features: it has no derivative, and lies in [0.001, 100]. */
const lengths = (features: Tensor): Tensor => features.norm(-1).stopGradient().clip(1e-3, 100);

function requireStatistics(who: string, features: Tensor, { mean, deviation }: NormStatistics): void {
  requireFloats(who, { features });
  if (features.rank !== 2) throw new RangeError(`${who}: features ${showShape(features.shape)} must be [n, d]`);
  for (const [name, value] of Object.entries({ mean, deviation }))
    if (value.rank !== 0 || value.dtype !== features.dtype)
      throw new RangeError(
        `${who}: ${name} ${value.dtype}${showShape(value.shape)} must be a ${features.dtype} scalar`,
      );
}

/**
 * Statistics with a batch in them: rate * batch + (1 - rate) * old, of the mean and of the standard deviation (n - 1 in its denominator) of
 * the lengths of its features. A batch of one has no deviation and changes nothing. Kim et al. 2022, equation 17.
 *
 * @param features [n, d], not normalised.
 * @param options `rate` (alpha) in [0, 1]. Default 0.01, the published code's; short runs need a larger one.
 * @throws TypeError or RangeError where arguments or options do not fit.
 */
export function updateNormStatistics(
  statistics: NormStatistics,
  features: Tensor,
  { rate = 0.01 }: { readonly rate?: number } = {},
): NormStatistics {
  requireNumber('updateNormStatistics', 'rate', rate, { low: 0, high: 1 });
  requireStatistics('updateNormStatistics', features, statistics);
  if (features.shape[0] < 2) return statistics;
  const norms = lengths(features);
  const { mean, deviation } = statistics;
  return {
    mean: mean.mul(1 - rate).add(norms.mean().mul(rate)),
    deviation: deviation.mul(1 - rate).add(norms.variance(undefined, { correction: 1 }).sqrt().mul(rate)),
  };
}

export interface FeatureQualityOptions {
  /** How much of the range is used (h), above 0. Default 0.333, the paper's: lengths within 3 deviations of the mean are told apart. */
  readonly concentration?: number;
}

/**
 * How good samples are by the lengths of their features, k = clip(h (|x| - mean) / (deviation + 0.001), -1, 1), [n], without derivative.
 * Kim et al. 2022, equations 16 and 17.
 *
 * @param features [n, d], not normalised.
 * @throws TypeError or RangeError where arguments or options do not fit.
 */
export function featureQuality(
  features: Tensor,
  statistics: NormStatistics,
  { concentration = 0.333 }: FeatureQualityOptions = {},
): Tensor {
  requireNumber('featureQuality', 'concentration', concentration, { low: 0, open: true });
  requireStatistics('featureQuality', features, statistics);
  const { mean, deviation } = statistics;
  return lengths(features).sub(mean).div(deviation.add(edge)).mul(concentration).clip(-1, 1).stopGradient();
}

export interface AdaFaceLogitsOptions extends MarginOptions {
  /** Margin m, in [0, 1]. Default 0.4. */
  readonly margin?: number;
}

/**
 * Logits of AdaFace: s (cos(theta_y - m k) - m (1 + k)) for the label, s cos_j for the others, k the quality of the sample in [-1, 1]. k =
 * -1 is ArcFace: bad samples gain little where they are hard; k = 0 is CosFace; k = 1 turns the angle back and lessens the cosine by 2 m:
 * good samples gain most where they are hard. Kim et al. 2022, equations 18 and 19.
 *
 * @param cosine [n, classes], the label's taken within 0.001 of -1 and 1 at most, and its angle with the margin within 0.001 of 0 and pi;
 * `quality` [n], see {@link featureQuality}; `labels` integers [n].
 * @returns [n, classes].
 * @throws RangeError where arguments or options do not fit.
 */
export function adaFaceLogits(
  cosine: Tensor,
  quality: Tensor,
  labels: Tensor,
  options: AdaFaceLogitsOptions = {},
): Tensor {
  const { margin = 0.4 } = options;
  requireNumber('adaFaceLogits', 'margin', margin, { low: 0, high: 1 });
  if (quality.shape.join() !== `${cosine.shape[0]}`)
    throw new RangeError(
      `adaFaceLogits: quality ${showShape(quality.shape)} must be [${cosine.shape[0]}] for cosine ${showShape(cosine.shape)}`,
    );
  const shift = quality.stopGradient().expandDims(-1).mul(margin);
  const moved = (c: Tensor) => {
    const angle = c
      .clip(edge - 1, 1 - edge)
      .acos()
      .sub(shift);
    return angle
      .clip(edge, Math.PI - edge)
      .cos()
      .sub(shift.add(margin));
  };
  return marginLogits(cosine, labels, moved, options, 'adaFaceLogits');
}

export interface AdaFaceOptions extends AdaFaceLogitsOptions, FeatureQualityOptions, LabelledOptions {}

/**
 * AdaFace: cross-entropy of {@link adaFaceLogits} with the quality that the lengths of the features say. In training, update the statistics
 * with the batch first ({@link updateNormStatistics}). The gradient with respect to features is orthogonal to them: lengths are not
 * trained.
 *
 * @param features [n, d], not normalised; `weights` of the classes, [classes, d]; `labels` integers [n]; `statistics` of the lengths.
 * @returns a scalar, or [n] with reduction `none`. The mean over no samples, or over none that counts, is 0.
 * @throws TypeError or RangeError where arguments or options do not fit.
 */
export function adaFace(
  features: Tensor,
  weights: Tensor,
  labels: Tensor,
  statistics: NormStatistics,
  options: AdaFaceOptions = {},
): Tensor {
  const cosine = classCosines(features, weights, 'adaFace');
  requireLabels('adaFace', cosine, labels);
  requireStatistics('adaFace', features, statistics);
  const logits = adaFaceLogits(cosine, featureQuality(features, statistics, options), labels, options);
  return reduceLabelled('adaFace', crossEntropy(logits, labels, { reduction: 'none' }), cosine, labels, options);
}
