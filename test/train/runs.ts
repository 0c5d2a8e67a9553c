import { copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { exportRun, parseConfig, type RunSummary, runFiles, runTraining } from '../../src/train/index.js';

type Settings = Readonly<Record<string, unknown>>;

/** The checkpoint of a run. */
export const checkpointOf = (folder: string): Buffer => readFileSync(join(folder, runFiles.checkpoint));

/** A run from its beginning to its end, in a folder. */
export async function wholeRun(settings: Settings, out: string): Promise<RunSummary> {
  const result = await runTraining(parseConfig(settings), { out });
  if (!result) throw new Error(`the run in ${out} was stopped`);
  return result;
}

/** A run that is stopped after some steps and goes on: its checkpoint is that of the run in `whole`, bit for bit. */
export async function expectResumed(settings: Settings, whole: string, out: string, afterStep: number) {
  const config = parseConfig(settings);
  const stop = new AbortController();
  const stopped = await runTraining(config, {
    out,
    signal: stop.signal,
    onEvent: (event) => {
      if (event.type === 'step' && event.progress.step === afterStep) stop.abort();
    },
  });
  expect(stopped).toBeUndefined();
  await runTraining(config, { out, resume: true });
  expect(checkpointOf(out).equals(checkpointOf(whole))).toBe(true);
}

/** The model that is made anew of a run's settings and checkpoint, as if it were not finished. */
export async function remade(out: string): Promise<Uint8Array> {
  const folder = mkdtempSync(join(tmpdir(), 'cotangent-unfinished-'));
  try {
    for (const name of [runFiles.config, runFiles.checkpoint]) copyFileSync(join(out, name), join(folder, name));
    return await exportRun(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
