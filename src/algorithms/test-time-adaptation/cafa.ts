import { type CafaOptions, type ClassGaussians, cafaLoss } from '../../losses/index.js';
import { constant, type NDArray, type Tensor } from '../../tensor/index.js';
import { type AdaptationOptions, type TestTimeAdaptation, testTimeAdaptation } from './adaptation.js';

/** What the model has to say: logits [n, classes], and the features [n, d] that the Gaussians were fitted to. */
export interface FeaturesAndLogits {
  readonly features: Tensor;
  readonly logits: Tensor;
}

export interface CafaAdaptationOptions
  extends AdaptationOptions<FeaturesAndLogits>,
    Pick<CafaOptions, 'includePredicted'> {
  /** Of the source, from `fitClassGaussians`. */
  readonly gaussians: ClassGaussians<NDArray>;
}

/**
 * CAFA: test-time adaptation by class-aware feature alignment. Batch normalisation takes the statistics of each test batch, and its scale and shift
 * follow the gradient of {@link cafaLoss} of the features and the classes that the model predicts now. Outputs are those before the step.
 * Jung et al. 2023 (arXiv 2206.00205).
 */
export function cafa({
  gaussians,
  includePredicted,
  ...options
}: CafaAdaptationOptions): TestTimeAdaptation<FeaturesAndLogits> {
  return testTimeAdaptation({
    ...options,
    loss: ({ features, logits }) => {
      const { means, whitening, present } = gaussians;
      const source = { means: constant(means), whitening: constant(whitening), present: constant(present) };
      return cafaLoss(features, logits.argmax(1), source, { includePredicted });
    },
  });
}
