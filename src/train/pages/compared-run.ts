import { join } from 'node:path';
import { runFiles } from '../loop.js';
import { readJson } from '../storage/files.js';
import { type MetricLine, readMetrics } from '../storage/metrics-log.js';
import type { RunSummary } from './report.js';

/** What is compared of a run. */
export interface ComparedRun {
  /** Its folder, as it was given. */
  readonly name: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly metrics: readonly MetricLine[];
  /** Absent while the run is not finished. */
  readonly result?: RunSummary;
}

/** A run's folder. @throws Error naming what is missing when it holds no run. */
export async function readRun(folder: string): Promise<ComparedRun> {
  const config = (await readJson(join(folder, runFiles.config))) as ComparedRun['config'];
  const metrics = await readMetrics(join(folder, runFiles.metrics));
  const result = (await readJson(join(folder, runFiles.result)).catch(() => undefined)) as RunSummary | undefined;
  return { name: folder, config, metrics, ...(result && { result }) };
}
