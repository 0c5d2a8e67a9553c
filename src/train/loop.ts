import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type Dataset, loader } from '../data/index.js';
import { foldIn, type Key, key as makeKey, split } from '../runtime/random/index.js';
import { item, type NDArray } from '../tensor/index.js';
import { merge } from '../tensor/tree.js';
import { loadCheckpoint, saveCheckpoint } from './checkpoint.js';
import type { Arrays, Classifier, TrainState } from './classifier.js';
import type { TrainConfig } from './config.js';
import { type Evaluation, evaluateOn } from './evaluate.js';
import { type MetricLine, MetricsLog } from './metrics-log.js';

/** Where a run stands; saved with every checkpoint, so it holds nothing that differs between two runs of one seed. */
export interface Progress {
  readonly epoch: number;
  /** Batches of this epoch that are done. */
  readonly batch: number;
  /** Batches done in all. */
  readonly step: number;
}

export type TrainEvent =
  | { readonly type: 'start'; readonly stepsPerEpoch: number; readonly progress: Progress }
  | {
      readonly type: 'step';
      readonly progress: Progress;
      readonly loss: number;
      readonly accuracy: number;
      readonly samplesPerSecond: number;
    }
  | { readonly type: 'epoch'; readonly epoch: number; readonly testLoss: number; readonly testAccuracy: number };

export interface RunOptions {
  readonly out: string;
  /** Go on from the checkpoint in `out`. */
  readonly resume: boolean;
  /** Once aborted, the run ends after the step it is in and saves a checkpoint. */
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: TrainEvent) => void;
}

export interface RunResult {
  readonly variables: Arrays;
  /** On the test set after the last epoch; absent when the signal stopped the run, which can then be resumed. */
  readonly evaluation: Evaluation | undefined;
  readonly metrics: readonly MetricLine[];
  /** Interruptions not counted. */
  readonly seconds: number;
}

/** Names of the files of a run's folder. */
export const runFiles = {
  config: 'config.json',
  checkpoint: 'checkpoint.safetensors',
  metrics: 'metrics.jsonl',
  result: 'result.json',
  model: 'model.onnx',
  report: 'report.html',
} as const;

/**
 * Trains a classifier, evaluating after each epoch, and leaves checkpoint and metrics in a folder.
 *
 * The order of the samples and all random draws follow from the seed and the number of the step, so a run that was stopped at any
 * moment and resumed ends with the same checkpoint, bit for bit, as one that was not.
 */
export async function trainClassifier(
  config: TrainConfig,
  task: { classifier: Classifier; train: Dataset; test: Dataset; learningRateAt: (step: number) => number },
  options: RunOptions,
): Promise<RunResult> {
  const { classifier, train, test } = task;
  const { out, resume, signal, onEvent = () => {} } = options;
  await mkdir(out, { recursive: true });
  const checkpoint = join(out, runFiles.checkpoint);
  const [initKey, orderKey, drawKey] = split(makeKey(config.seed), 3);
  let state: TrainState = classifier.init(initKey);
  let progress: Progress = { epoch: 0, batch: 0, step: 0 };
  if (resume && existsSync(checkpoint)) {
    const saved = await loadCheckpoint(checkpoint, state);
    state = saved.state;
    progress = saved.progress as Progress;
  }
  const log = await MetricsLog.open(join(out, runFiles.metrics), { resumeAfterStep: progress.step });
  const batches = loader(train, { batchSize: config.batchSize, key: orderKey, last: 'drop' });
  const before = log.lines.at(-1)?.seconds ?? 0;
  const started = performance.now();
  const seconds = () => before + (performance.now() - started) / 1000;
  const save = async () => saveCheckpoint(checkpoint, { state, progress });
  let evaluation: Evaluation | undefined;
  let stopped = false;
  onEvent({ type: 'start', stepsPerEpoch: batches.batchesPerEpoch, progress });
  try {
    while (progress.epoch < config.epochs && !stopped) {
      const { epoch } = progress;
      for await (const batch of batches.epoch(epoch, { startBatch: progress.batch })) {
        const begin = performance.now();
        const { step } = progress;
        const result = await classifier.step(state as never, batch.images, batch.labels, foldIn(drawKey, step) as Key);
        state = result.state as TrainState;
        progress = { epoch, batch: progress.batch + 1, step: step + 1 };
        const n = batch.labels.shape[0];
        const line = { loss: item(result.loss as NDArray), accuracy: item(result.correct as NDArray) / n };
        if (!Number.isFinite(line.loss))
          throw new Error(
            `train: the loss is ${line.loss} at step ${step}; lower the learning rate (${config.learningRate})`,
          );
        const samplesPerSecond = (n * 1000) / (performance.now() - begin);
        log.append({
          step: progress.step,
          epoch,
          ...line,
          learningRate: task.learningRateAt(step),
          samplesPerSecond,
          seconds: seconds(),
        });
        onEvent({ type: 'step', progress, ...line, samplesPerSecond });
        stopped = signal?.aborted ?? false;
        // The last batch's checkpoint waits for the evaluation, so that no resumed run lacks that line.
        if (progress.batch < batches.batchesPerEpoch && (stopped || progress.step % config.checkpointEvery === 0)) {
          await log.flush();
          await save();
        }
        if (stopped) break;
      }
      if (stopped && progress.batch < batches.batchesPerEpoch) break;
      evaluation = await evaluateOn(classifier, merge(state.params, state.buffers), test, config.batchSize);
      progress = { epoch: epoch + 1, batch: 0, step: progress.step };
      log.append({
        step: progress.step,
        epoch,
        testLoss: evaluation.loss,
        testAccuracy: evaluation.accuracy,
        seconds: seconds(),
      });
      onEvent({ type: 'epoch', epoch, testLoss: evaluation.loss, testAccuracy: evaluation.accuracy });
      await log.flush();
      await save();
    }
  } finally {
    await log.close();
    await batches.close();
  }
  const variables = merge(state.params, state.buffers);
  const interrupted = progress.epoch < config.epochs;
  // A run that was complete when it was resumed has not been evaluated yet.
  if (!interrupted) evaluation ??= await evaluateOn(classifier, variables, test, config.batchSize);
  return {
    variables,
    evaluation: interrupted ? undefined : evaluation,
    metrics: log.lines,
    seconds: log.lines.at(-1)?.seconds ?? seconds(),
  };
}
