import type { Dataset } from '../../data/index.js';
import { imagesInOrder, meanOf, overBatches } from '../batches.js';
import type { Measured } from '../loop.js';
import type { Arrays } from '../step.js';
import type { Classifier } from './classifier.js';

/** A model's answers on a whole data set, in its order: mean cross-entropy in nats, and `accuracy`, the share of labels predicted. */
export interface Evaluation extends Measured {
  readonly predicted: Int32Array;
  /** Largest softmax probability of each sample. */
  readonly confidence: Float32Array;
}

/** Evaluates in inference mode, in batches; the last one may be smaller. */
export async function evaluateOn(
  classifier: Pick<Classifier, 'evaluate'>,
  variables: Arrays,
  dataset: Dataset,
  batchSize: number,
): Promise<Evaluation> {
  const answers = await overBatches(imagesInOrder(dataset, batchSize), ({ images, labels }) =>
    classifier.evaluate(variables as never, images, labels),
  );
  const predicted = answers.predicted.data as Int32Array;
  return {
    loss: meanOf(answers.loss),
    measures: { accuracy: shareEqual(predicted, dataset.labels.data) },
    predicted,
    confidence: answers.confidence.data as Float32Array,
  };
}

/** How many entries of two lists are the same, as a share. */
export function shareEqual(a: ArrayLike<number>, b: ArrayLike<number>): number {
  return Array.from(a).filter((value, i) => value === b[i]).length / a.length;
}

/** Counts of (true class, predicted class). */
export function confusionMatrix(labels: ArrayLike<number>, predicted: ArrayLike<number>, classes: number): number[][] {
  const matrix = Array.from({ length: classes }, () => new Array<number>(classes).fill(0));
  for (let i = 0; i < labels.length; i++) matrix[labels[i]][predicted[i]]++;
  return matrix;
}
