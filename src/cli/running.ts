import { join } from 'node:path';
import { type Command, Option } from 'commander';
import { type RunSummary, runFiles, showMeasures, type TrainEvent } from '../train/index.js';
import { measuresOf } from '../train/measures.js';
import { number } from './arguments.js';
import { trainingProgress } from './progress.js';

/** Adds the flags of every run, as a group at the end. `schedules` are the courses that the learning rate may take. */
export function runFlags(command: Command, schedules: readonly string[]): Command {
  return command
    .optionsGroup('Run:')
    .requiredOption('--out <folder>', 'where the run goes')
    .option('--config <file>', 'YAML, JSON, TypeScript or JavaScript with any of these settings; flags come before it')
    .option('--momentum <x>', 'momentum of SGD', number)
    .addOption(new Option('--schedule <name>', 'course of the learning rate').choices(schedules))
    .option('--checkpoint-every <n>', 'steps between checkpoints', number)
    .option('--threads <n>', 'threads of ONNX Runtime', number)
    .option('--resume', 'go on from the checkpoint in the folder')
    .option('--overwrite', 'replace the run in the folder');
}

/** What a command hands to a run. */
export interface Running {
  readonly signal: AbortSignal;
  readonly onEvent: (event: TrainEvent) => void;
}

/**
 * Runs a training with its progress shown, ended by Ctrl-C after the step it is in, and says how it ended.
 *
 * @param start makes the run; undefined when it was stopped.
 */
export async function running(
  { out, epochs }: { readonly out: string; readonly epochs: number },
  start: (running: Running) => Promise<RunSummary | undefined>,
): Promise<void> {
  const stop = new AbortController();
  const interrupt = () => {
    // The second time the process ends at once.
    if (stop.signal.aborted) process.exit(130);
    stop.abort();
  };
  process.on('SIGINT', interrupt);
  process.on('SIGTERM', interrupt);
  const progress = trainingProgress(epochs, process.stderr);
  try {
    const result = await start({ signal: stop.signal, onEvent: progress.onEvent });
    progress.stop();
    if (!result) {
      console.log(`Stopped; the run can go on: the same command with --resume`);
      process.exitCode = 130;
      return;
    }
    const { testLoss, seconds } = result;
    console.log(`test ${showMeasures(measuresOf(result))}, test loss ${testLoss.toFixed(4)}, ${seconds.toFixed(1)} s`);
    console.log(`report ${join(out, runFiles.report)}, model ${join(out, runFiles.model)}`);
  } finally {
    progress.stop();
    process.off('SIGINT', interrupt);
    process.off('SIGTERM', interrupt);
  }
}
