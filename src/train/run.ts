import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { DownloadProgress } from '../data/index.js';
import { scheduleValues } from '../optim/index.js';
import { savedConfig } from './config.js';
import { type Measured, type RunResult, runFiles, runLoop, type TrainEvent } from './loop.js';
import { ofTestSet } from './measures.js';
import type { RunSummary } from './pages/report.js';
import type { TrainConfig } from './settings.js';
import type { Examples } from './step.js';
import { readJson, removeFiles, writeFileAtomic } from './storage/files.js';
import type { Training } from './task.js';
import { tasks } from './tasks.js';

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
  await requireFolder(out, config, { resume, overwrite, read: savedConfig });
  const training = await tasks[config.task].prepare(config, { onDownload });
  const rates = await scheduleValues(training.schedule, training.steps);
  if (overwrite) await removeFiles(out, Object.values(runFiles));
  await writeFileAtomic(join(out, runFiles.config), `${JSON.stringify(config, null, 2)}\n`);
  const run = await runLoop(config, training.task, {
    out,
    resume,
    signal,
    onEvent,
    learningRateAt: (step) => rates[step],
  });
  return finished(config, training, run, out);
}

/** Writes what a finished run leaves beside its checkpoint; undefined when it was stopped. */
export async function finished<E extends Measured>(
  config: Readonly<Record<string, unknown>> & Pick<TrainConfig, 'epochs' | 'seed'>,
  training: Pick<Training<Examples, E>, 'exported' | 'shown'>,
  { evaluation, ...run }: RunResult<E>,
  out: string,
): Promise<RunSummary | undefined> {
  if (!evaluation) return undefined;
  const shown = await training.shown({ ...run, evaluation });
  const result: RunSummary = {
    ...ofTestSet(evaluation.measures),
    testLoss: evaluation.loss,
    epochs: config.epochs,
    seconds: run.seconds,
    seed: config.seed,
    ...shown.result,
  };
  await writeFileAtomic(join(out, runFiles.model), training.exported(run.state));
  const { renderReport } = await import('./pages/report.js');
  await writeFileAtomic(
    join(out, runFiles.report),
    renderReport({ config, result, metrics: run.metrics, ...shown.record }),
  );
  await writeFileAtomic(join(out, runFiles.result), `${JSON.stringify(result, null, 2)}\n`);
  return result;
}

export interface FolderOptions {
  readonly resume: boolean;
  readonly overwrite: boolean;
  /** Reads the settings of an earlier run, in which names may be spelled as they were then. */
  readonly read: (settings: Record<string, unknown>) => Readonly<Record<string, unknown>>;
  /** Who asks. Default: train. */
  readonly who?: string;
}

/** @throws Error of one line when a folder holds a run that is neither to be replaced nor, with this configuration, resumed. */
export async function requireFolder(
  out: string,
  config: Readonly<Record<string, unknown>>,
  { resume, overwrite, read, who = 'train' }: FolderOptions,
): Promise<void> {
  const path = join(out, runFiles.config);
  if (overwrite || !existsSync(path)) return;
  if (!resume)
    throw new Error(
      `${who}: ${out} already holds a run; go on with --resume, replace it with --overwrite, or name another folder`,
    );
  const plain = (settings: object) => JSON.parse(JSON.stringify(settings)) as Record<string, unknown>;
  const saved = (await readJson(path)) as Record<string, unknown>;
  const [earlier, now] = [plain(readable(saved, read)), plain(config)];
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

/** Settings as they are read, or as they stand where nothing can be made of them: they differ then from what is wanted now. */
function readable(saved: Record<string, unknown>, read: FolderOptions['read']): object {
  try {
    return read(saved);
  } catch {
    return saved;
  }
}
