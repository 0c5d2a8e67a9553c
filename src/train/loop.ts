import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { foldIn, type Key, key as makeKey, split } from '../runtime/random/index.js';
import { type Measures, ofTestSet } from './measures.js';
import type { Examples, StepDraw, Stepped, TrainState } from './step.js';
import { loadCheckpoint, saveCheckpoint } from './storage/checkpoint.js';
import { makeFolder, removeFiles, unwritable } from './storage/files.js';
import { type MetricLine, MetricsLog } from './storage/metrics-log.js';

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
      readonly measures: Measures;
      readonly samplesPerSecond: number;
    }
  /** After an epoch, on the test set. */
  | { readonly type: 'epoch'; readonly epoch: number; readonly testLoss: number; readonly testMeasures: Measures };

export interface RunOptions {
  readonly out: string;
  /** Go on from the checkpoint in `out`. */
  readonly resume: boolean;
  /** Once aborted, the run ends after the step it is in and saves a checkpoint. */
  readonly signal?: AbortSignal;
  /** Of each step, for the log. */
  readonly learningRateAt: (step: number) => number;
  readonly onEvent?: (event: TrainEvent) => void;
}

/** What a task says of its state on data that it does not train on. */
export interface Measured {
  readonly loss: number;
  /** By the names of `measures`, the one that counts most first. */
  readonly measures: Measures;
}

/** Batches of an epoch, in an order that follows from a key and the epoch alone. */
export interface Batches<B> {
  readonly batchesPerEpoch: number;
  epoch(epoch: number, options: { readonly startBatch: number }): AsyncGenerator<B, void, undefined>;
  close(): Promise<void>;
}

/** What a loop trains: the state it begins with, the batches of its data, a step, and how a state is measured. */
export interface Task<B extends Examples = Examples, E extends Measured = Measured> {
  init(key: Key): TrainState;
  batches(key: Key): Batches<B>;
  step(state: TrainState, batch: B, draw: StepDraw): Promise<Stepped>;
  evaluate(state: TrainState): Promise<E>;
}

/** How long and how a loop runs. */
export interface LoopSettings {
  readonly epochs: number;
  readonly seed: number;
  /** Steps between checkpoints; one is also written after every epoch. */
  readonly checkpointEvery: number;
}

export interface RunResult<E extends Measured = Measured> {
  readonly state: TrainState;
  /** On the test set after the last epoch; absent when the signal stopped the run, which can then be resumed. */
  readonly evaluation: E | undefined;
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
 * Trains, evaluating after each epoch, and leaves checkpoint and metrics in a folder.
 *
 * The order of the samples and all random draws follow from the seed and the number of the step, so a run that was stopped at any
 * moment and resumed ends with the same checkpoint, bit for bit, as one that was not.
 */
export async function runLoop<B extends Examples, E extends Measured>(
  settings: LoopSettings,
  task: Task<B, E>,
  options: RunOptions,
): Promise<RunResult<E>> {
  const { epochs, seed, checkpointEvery } = settings;
  const { out, resume, signal, learningRateAt, onEvent = () => {} } = options;
  await makeFolder(out).catch((error) => {
    throw unwritable(out, error);
  });
  const checkpoint = join(out, runFiles.checkpoint);
  const [initKey, orderKey, drawKey] = split(makeKey(seed), 3);
  let state = task.init(initKey);
  let progress: Progress = { epoch: 0, batch: 0, step: 0 };
  if (resume && existsSync(checkpoint)) {
    const saved = await loadCheckpoint(checkpoint, state);
    state = saved.state;
    progress = saved.progress as Progress;
  }
  const log = await MetricsLog.open(join(out, runFiles.metrics), { resumeAfterStep: progress.step });
  const batches = task.batches(orderKey);
  const before = log.lines.at(-1)?.seconds ?? 0;
  const started = performance.now();
  const seconds = () => before + (performance.now() - started) / 1000;
  const save = async () => saveCheckpoint(checkpoint, { state, progress });
  let evaluation: E | undefined;
  let stopped = false;
  onEvent({ type: 'start', stepsPerEpoch: batches.batchesPerEpoch, progress });
  try {
    while (progress.epoch < epochs && !stopped) {
      const { epoch } = progress;
      for await (const batch of batches.epoch(epoch, { startBatch: progress.batch })) {
        const begin = performance.now();
        const { step } = progress;
        const result = await task.step(state, batch, { key: foldIn(drawKey, step) as Key, epoch });
        state = result.state;
        progress = { epoch, batch: progress.batch + 1, step: step + 1 };
        const { loss, measures, samples } = result;
        const learningRate = learningRateAt(step);
        if (!Number.isFinite(loss))
          throw new Error(
            `train: the loss is ${loss} at step ${step}; lower the learning rate (${learningRate} there)`,
          );
        const samplesPerSecond = (samples * 1000) / (performance.now() - begin);
        const line = { step: progress.step, epoch, loss, ...measures, learningRate, samplesPerSecond };
        log.append({ ...line, seconds: seconds() });
        onEvent({ type: 'step', progress, loss, measures, samplesPerSecond });
        stopped = signal?.aborted ?? false;
        // The last batch's checkpoint waits for the evaluation, so that no resumed run lacks that line.
        if (progress.batch < batches.batchesPerEpoch && (stopped || progress.step % checkpointEvery === 0)) {
          await log.flush();
          await save();
        }
        if (stopped) break;
      }
      if (stopped && progress.batch < batches.batchesPerEpoch) break;
      evaluation = await task.evaluate(state);
      progress = { epoch: epoch + 1, batch: 0, step: progress.step };
      const { loss: testLoss, measures: testMeasures } = evaluation;
      log.append({ step: progress.step, epoch, testLoss, ...ofTestSet(testMeasures), seconds: seconds() });
      onEvent({ type: 'epoch', epoch, testLoss, testMeasures });
      await log.flush();
      await save();
    }
  } finally {
    await log.close();
    await batches.close();
    // A run that failed before its first step is none: its folder is free for the next try.
    if (progress.step === 0) await removeFiles(out, [runFiles.config, runFiles.metrics]);
  }
  const interrupted = progress.epoch < epochs;
  // A run that was complete when it was resumed has not been evaluated yet.
  if (!interrupted) evaluation ??= await task.evaluate(state);
  return {
    state,
    evaluation: interrupted ? undefined : evaluation,
    metrics: log.lines,
    seconds: log.lines.at(-1)?.seconds ?? seconds(),
  };
}
