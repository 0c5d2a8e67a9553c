import type { Dataset } from '../../data/index.js';
import { merge } from '../../tensor/index.js';
import { augmentations } from '../augmentations.js';
import { modelOf, type PreparedData } from '../build.js';
import { made } from '../choice.js';
import type { Arrays } from '../classifier.js';
import type { TrainConfig } from '../config.js';
import { exportInference } from '../export.js';
import type { RunResult } from '../loop.js';
import { optimizerOf } from '../optimizers.js';
import type { RunRecord, RunSummary } from '../report.js';
import { type Embedder, type EmbeddingState, embedder } from './embedder.js';
import { embeddingLosses } from './losses.js';
import { neighboursOf } from './neighbours.js';
import { embeddingScores } from './scores.js';
import type { EmbeddingEvaluation } from './task.js';

/** Whether a configuration trains embeddings: its loss is one of theirs. */
export const trainsEmbeddings = ({ loss }: Pick<TrainConfig, 'loss'>): boolean =>
  Object.hasOwn(embeddingLosses, loss.name);

/** The embedder of a configuration. @throws RangeError for settings that only classifiers have. */
export function embedderOf(
  config: TrainConfig,
  { train, normalization, schedule }: Pick<PreparedData, 'train' | 'normalization' | 'schedule'>,
): Embedder {
  const { loss, augment, regularizer, dimension, threads } = config;
  if (regularizer.length > 0)
    throw new RangeError(`train: regularizer ${regularizer[0].name} is of logits; ${loss.name} trains embeddings`);
  const objective = made(embeddingLosses, loss);
  if (objective.views === 2 && augment.length === 0)
    throw new RangeError(
      `train: ${loss.name} compares two views of each image; say what makes them differ, as with augment randomCrop:padding=4`,
    );
  return embedder(modelOf(config, train, dimension), optimizerOf(config, schedule), {
    normalization,
    objective,
    size: { classes: train.classes.length, dimension },
    augmentations: augment.map((chosen) => made(augmentations, chosen)),
    threads,
  });
}

/** The model with its normalisation, for any batch size: input `images` [batch, channels, height, width] in [0, 1], output `embeddings`. */
export function exportEmbedder(
  { infer }: Pick<Embedder, 'infer'>,
  { params, buffers }: Pick<EmbeddingState, 'params' | 'buffers'>,
  { images }: Pick<Dataset, 'images'>,
): Uint8Array {
  const variables = merge((params as { model: Arrays }).model, buffers);
  return exportInference(infer, variables, images, { name: 'embedder', output: 'embeddings' });
}

/** What a finished run of embeddings leaves: its result, its model, and what its report shows. */
export async function embeddingResult(
  config: TrainConfig,
  model: Pick<Embedder, 'infer'>,
  run: RunResult<EmbeddingState, EmbeddingEvaluation> & { readonly evaluation: EmbeddingEvaluation },
  test: Dataset,
): Promise<{ result: RunSummary; model: Uint8Array; record: RunRecord }> {
  const { evaluation, state, metrics, seconds } = run;
  const scores = await embeddingScores(evaluation.train, evaluation.test, test.classes.length);
  const result: RunSummary = {
    testAccuracy: scores.knnAccuracy,
    testLoss: evaluation.loss,
    epochs: config.epochs,
    seconds,
    seed: config.seed,
    embedding: scores,
  };
  return {
    result,
    model: exportEmbedder(model, state, test),
    record: { config, result, metrics, classes: test.classes, neighbours: neighboursOf(evaluation.test, test) },
  };
}
