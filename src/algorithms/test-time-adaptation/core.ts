import { type ClassCorrelationOptions, classCorrelationLoss } from '../../losses/index.js';
import type { Tensor } from '../../tensor/index.js';
import { type AdaptationOptions, type TestTimeAdaptation, testTimeAdaptation } from './adaptation.js';

export interface CoreOptions extends AdaptationOptions<Tensor>, ClassCorrelationOptions {
  /** Weight alpha of the source's statistics. Default 0.9, as in peer code; less for large batches. */
  readonly sourceWeight?: number;
}

/**
 * Core: test-time adaptation by pairwise class correlation. Batch normalisation takes calibrated statistics (alpha-BN, `calibratedMoments`), and its
 * scale and shift follow the gradient of {@link classCorrelationLoss}. Predictions, of logits [n, classes], are those before the step.
 * You et al. 2021 (arXiv 2110.04065). alpha-BN alone trains nothing: `new Context({ statistics: { sourceWeight } })`.
 */
export function core({ temperature, entropyWeights, ...options }: CoreOptions): TestTimeAdaptation<Tensor> {
  return testTimeAdaptation({
    sourceWeight: 0.9,
    ...options,
    loss: (logits) => classCorrelationLoss(logits, { temperature, entropyWeights }),
  });
}
