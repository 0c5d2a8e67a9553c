import { conditionalEntropy } from '../../losses/index.js';
import type { Tensor } from '../../tensor/index.js';
import { type AdaptationOptions, type TestTimeAdaptation, testTimeAdaptation } from './adaptation.js';

/**
 * Tent: test-time adaptation by entropy minimisation. Batch normalisation takes the statistics of each test batch, and its scale and shift follow
 * the gradient of the mean entropy of the predictions, {@link conditionalEntropy}, of logits [n, classes] or, for every position,
 * [n, classes, ...]. Predictions are those before the step. Wang et al. 2021 (arXiv 2006.10726), with the authors' code.
 *
 * The paper takes SGD with momentum 0.9 and rate 0.00025 on ImageNet, Adam with rate 0.001 elsewhere. Small batches, batches of one class and large
 * rates let it predict one class for all; keep the first state to begin anew.
 *
 * @returns the procedure. @throws as {@link testTimeAdaptation}.
 */
export function tent(options: AdaptationOptions<Tensor>): TestTimeAdaptation<Tensor> {
  return testTimeAdaptation({ ...options, loss: (logits) => conditionalEntropy(logits) });
}
