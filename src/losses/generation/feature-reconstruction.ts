import { showShape, type Tensor } from '../../tensor/index.js';
import { requireSameShape } from '../checks.js';
import { type ReductionOptions, reduce } from '../reduction.js';

export interface FeatureReconstructionOptions extends ReductionOptions {
  /** Factor of each layer. Default 1. */
  readonly weights?: readonly number[];
}

/**
 * Perceptual loss on features that any extractor gives: the sum over layers of w_l times the mean squared difference of their features, sample
 * by sample. Johnson et al. 2016, equation 2. Numbers compare only under one extractor.
 *
 * @param predictions features of each layer, [n, ...]; `targets` of the same shapes.
 * @returns a scalar, or [n] with reduction `none`.
 * @throws TypeError or RangeError where arguments or options do not fit.
 */
export function featureReconstruction(
  predictions: readonly Tensor[],
  targets: readonly Tensor[],
  options: FeatureReconstructionOptions = {},
): Tensor {
  const { weights = predictions.map(() => 1), reduction } = options;
  if (predictions.length === 0 || targets.length !== predictions.length || weights.length !== predictions.length)
    throw new RangeError(
      `featureReconstruction: ${predictions.length} layers of predictions, ${targets.length} of targets and ${weights.length} weights must be as many, and some`,
    );
  const layers = predictions.map((features, layer) => {
    requireSameShape('featureReconstruction', features, targets[layer]);
    if (features.rank < 2)
      throw new RangeError(`featureReconstruction: features ${showShape(features.shape)} must be [n, ...]`);
    return features.sub(targets[layer]).square().flatten(1).mean(-1).mul(weights[layer]);
  });
  return reduce(
    layers.reduce((a, b) => a.add(b)),
    reduction,
  );
}
