import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Dataset, DownloadProgress } from '../data/index.js';
import { scheduleValues } from '../optim/index.js';
import { merge } from '../tensor/index.js';
import { augmentations } from './augmentations.js';
import { modelOf, type PreparedData, prepareData } from './build.js';
import { made } from './choice.js';
import { classification } from './classification.js';
import { type Arrays, type Classifier, classifier } from './classifier.js';
import type { TrainConfig } from './config.js';
import { embedderOf, embeddingResult, trainsEmbeddings } from './embedding/run.js';
import { embeddingTask } from './embedding/task.js';
import { confusionMatrix, type Evaluation } from './evaluate.js';
import { exportInference } from './export.js';
import { readJson, removeFiles, writeFileAtomic } from './files.js';
import { type RunOptions, runFiles, runLoop, type TrainEvent } from './loop.js';
import { classifierLosses } from './losses.js';
import { optimizerOf } from './optimizers.js';
import { regularizers } from './regularizers.js';
import { type RunRecord, type RunSummary, renderReport, type SamplePrediction } from './report.js';

export interface TrainRunOptions {
  readonly out: string;
  /** Go on from the checkpoint in `out`, if there is one. */
  readonly resume?: boolean;
  /** Replace the run in `out`. */
  readonly overwrite?: boolean;
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: TrainEvent) => void;
  readonly onDownload?: (progress: DownloadProgress) => void;
}

/**
 * Trains as configured and leaves in a folder: config.json, metrics.jsonl, checkpoint.safetensors, and at the end result.json, model.onnx
 * and report.html.
 *
 * @returns the summary, or undefined when the signal stopped the run.
 * @throws Error of one line when the folder holds another run, a checkpoint is damaged or data is missing; nothing is overwritten then.
 */
export async function runTraining(config: TrainConfig, options: TrainRunOptions): Promise<RunSummary | undefined> {
  const { out, resume = false, overwrite = false, signal, onEvent, onDownload } = options;
  await requireFolder(out, config, resume, overwrite);
  const prepared = await prepareData(config, onDownload);
  const finish = trainsEmbeddings(config) ? embeddingRun(config, prepared) : classifierRun(config, prepared);
  const rates = await scheduleValues(prepared.schedule, prepared.steps);
  if (overwrite) await removeFiles(out, Object.values(runFiles));
  await writeFileAtomic(join(out, runFiles.config), `${JSON.stringify(config, null, 2)}\n`);
  const done = await finish({ out, resume, signal, onEvent }, (step) => rates[step]);
  if (!done) return undefined;
  await writeFileAtomic(join(out, runFiles.model), done.model);
  await writeFileAtomic(join(out, runFiles.report), renderReport(done.record));
  await writeFileAtomic(join(out, runFiles.result), `${JSON.stringify(done.result, null, 2)}\n`);
  return done.result;
}

/** Runs, and makes what a run leaves beside its checkpoint; undefined when it was stopped. */
type Finish = (
  options: RunOptions,
  learningRateAt: (step: number) => number,
) => Promise<{ result: RunSummary; model: Uint8Array; record: RunRecord } | undefined>;

function classifierRun(config: TrainConfig, prepared: PreparedData): Finish {
  const { train, test } = prepared;
  const compiled = classifierOf(config, prepared);
  return async (options, learningRateAt) => {
    const task = classification(config, { classifier: compiled, train, test, learningRateAt });
    const { evaluation, state, metrics, seconds } = await runLoop(config, task, options);
    if (!evaluation) return undefined;
    const { accuracy: testAccuracy, loss: testLoss } = evaluation;
    const result: RunSummary = { testAccuracy, testLoss, epochs: config.epochs, seconds, seed: config.seed };
    const record = {
      config,
      result,
      metrics,
      confusion: confusionMatrix(test.labels.data, evaluation.predicted, test.classes.length),
      classes: test.classes,
      samples: samplePredictions(test, evaluation, 36),
    };
    return { result, model: exportClassifier(compiled, merge(state.params, state.buffers), test), record };
  };
}

function embeddingRun(config: TrainConfig, prepared: PreparedData): Finish {
  const { train, test } = prepared;
  const compiled = embedderOf(config, prepared);
  return async (options, learningRateAt) => {
    const task = embeddingTask(config, { embedder: compiled, train, test, learningRateAt });
    const { evaluation, ...run } = await runLoop(config, task, options);
    return evaluation && embeddingResult(config, compiled, { ...run, evaluation }, test);
  };
}

/** The classifier of a configuration. */
export function classifierOf(config: TrainConfig, { train, normalization, schedule }: PreparedData): Classifier {
  return classifier(modelOf(config, train), optimizerOf(config, schedule), {
    normalization,
    loss: made(classifierLosses, config.loss),
    augmentations: config.augment.map((chosen) => made(augmentations, chosen)),
    regularizers: config.regularizer.map((chosen) => made(regularizers, chosen)),
    threads: config.threads,
  });
}

/** @throws Error of one line, naming `who`, when a folder holds a run that is neither to be replaced nor, with this configuration, resumed. */
export async function requireFolder(
  out: string,
  config: Readonly<Record<string, unknown>>,
  resume: boolean,
  overwrite: boolean,
  who = 'train',
): Promise<void> {
  const path = join(out, runFiles.config);
  if (overwrite || !existsSync(path)) return;
  if (!resume)
    throw new Error(
      `${who}: ${out} already holds a run; go on with --resume, replace it with --overwrite, or name another folder`,
    );
  const earlier = (await readJson(path)) as Record<string, unknown>;
  const now = JSON.parse(JSON.stringify(config)) as Record<string, unknown>;
  const changed = [...new Set([...Object.keys(earlier), ...Object.keys(now)])].filter(
    (name) => JSON.stringify(earlier[name]) !== JSON.stringify(now[name]),
  );
  if (changed.length > 0) {
    const list = changed.map(
      (name) => `${name} (was ${JSON.stringify(earlier[name])}, is ${JSON.stringify(now[name])})`,
    );
    throw new Error(`${who}: the run in ${out} was started with another configuration: ${list.join(', ')}`);
  }
}

/** The model with its normalisation, for any batch size: input `images` [batch, channels, height, width] in [0, 1], output `logits`. */
export function exportClassifier(
  { infer }: Pick<Classifier, 'infer'>,
  variables: Arrays,
  { images }: Pick<Dataset, 'images'>,
): Uint8Array {
  return exportInference(infer, variables, images, { name: 'classifier', output: 'logits' });
}

/** Up to `count` samples for the eye: the wrong ones first, the surest of them leading, then right ones in order. */
export function samplePredictions(
  test: Dataset,
  { predicted, confidence }: Evaluation,
  count: number,
): SamplePrediction[] {
  const [n, ...shape] = test.images.shape;
  const size = shape.reduce((a, b) => a * b, 1);
  const all = Array.from({ length: n }, (_, i) => i);
  const wrong = all.filter((i) => predicted[i] !== test.labels.data[i]).sort((a, b) => confidence[b] - confidence[a]);
  const right = all.filter((i) => predicted[i] === test.labels.data[i]);
  const chosen = [...wrong.slice(0, Math.floor((count * 2) / 3)), ...right].slice(0, count);
  return chosen.map((i) => ({
    image: { data: test.images.data.slice(i * size, (i + 1) * size), shape, dtype: 'uint8' },
    label: test.labels.data[i],
    predicted: predicted[i],
    confidence: confidence[i],
  }));
}
