import { type Dataset, loader } from '../data/index.js';
import { key } from '../runtime/random/index.js';
import { item, type NDArray } from '../tensor/index.js';
import type { Arrays, Classifier } from './classifier.js';

/** A model's answers on a whole data set, in its order. */
export interface Evaluation {
  /** Mean cross-entropy, in nats. */
  readonly loss: number;
  /** Fraction of labels predicted, in [0, 1]. */
  readonly accuracy: number;
  readonly predicted: Int32Array;
  /** Largest softmax probability of each sample. */
  readonly confidence: Float32Array;
}

/** Evaluates in inference mode, in batches; the last one may be smaller. */
export async function evaluateOn(
  classifier: Classifier,
  variables: Arrays,
  dataset: Dataset,
  batchSize: number,
): Promise<Evaluation> {
  const total = dataset.labels.shape[0];
  const predicted = new Int32Array(total);
  const confidence = new Float32Array(total);
  let [loss, correct, done] = [0, 0, 0];
  const batches = loader(dataset, { batchSize, key: key(0), shuffle: false, last: 'keep', prefetch: 0 });
  for await (const { images, labels } of batches.epoch(0)) {
    const result = await classifier.evaluate(variables as never, images, labels);
    const answers = result.predicted as NDArray<'int32'>;
    predicted.set(answers.data, done);
    confidence.set((result.confidence as NDArray<'float32'>).data, done);
    loss += item(result.loss as NDArray);
    for (let i = 0; i < answers.data.length; i++) if (answers.data[i] === labels.data[i]) correct++;
    done += answers.data.length;
  }
  await batches.close();
  return { loss: loss / total, accuracy: correct / total, predicted, confidence };
}

/** Counts of (true class, predicted class). */
export function confusionMatrix(labels: ArrayLike<number>, predicted: ArrayLike<number>, classes: number): number[][] {
  const matrix = Array.from({ length: classes }, () => new Array<number>(classes).fill(0));
  for (let i = 0; i < labels.length; i++) matrix[labels[i]][predicted[i]]++;
  return matrix;
}
