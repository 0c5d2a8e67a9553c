import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Command, InvalidArgumentError } from 'commander';
import { inspectRun, renderInspection, reportWithInspection, runFiles } from '../train/index.js';
import { writeFileAtomic } from '../train/storage/files.js';

const positive = (text: string) => {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError('not a positive integer');
  return value;
};

/** Adds `cotangent inspect`. */
export function addInspectCommand(program: Command): void {
  program
    .command('inspect')
    .argument('<run>', 'folder of a run')
    .summary('look at a trained run from near: loss surface, calibration, where errors are')
    .description(
      'look at a trained run, whatever its task: loss surface, Hessian spectrum and sharpness; calibration and confusion of what answers with classes, neural collapse, nearest neighbours, what columns are worth, where errors are; writes inspection.html into its folder, and the same into its report',
    )
    .option(
      '--samples <n>',
      'training examples that the loss is looked at on (default: 512; of queries and images that are made 64, of scenes and strings 32)',
      positive,
    )
    .option(
      '--points <n>',
      'positions along each direction of the surface (default: 21, of scenes and strings 15)',
      positive,
    )
    .option('--probes <n>', 'random probes of the Hessian', positive, 2)
    .option(
      '--steps <n>',
      "steps of Lanczos's iteration (default: 30; of queries 8, of images that are made, scenes and strings 12)",
      positive,
    )
    .action(async (run: string, options: { samples?: number; points?: number; probes: number; steps?: number }) => {
      const inspection = await inspectRun(run, { ...options, onProgress: (what) => console.error(what) });
      await writeFileAtomic(join(run, 'inspection.json'), `${JSON.stringify(inspection)}\n`);
      await writeFileAtomic(join(run, 'inspection.html'), await renderInspection(inspection));
      // A run that is not finished has none yet.
      const report = join(run, runFiles.report);
      if (existsSync(report))
        await writeFileAtomic(report, await reportWithInspection(await readFile(report, 'utf8'), inspection));
      const { answers, scores, facts = [], sharpness } = inspection;
      const found = [
        ...facts.slice(0, 2).map((fact) => fact.join(' ')),
        ...(answers ? [`calibration error ${(100 * answers.calibrationError).toFixed(2)}%`] : []),
        ...(scores ? [`recall at 1 ${(100 * scores.recallAt1).toFixed(2)}%`] : []),
      ];
      console.log([...found, `sharpness ${sharpness.toPrecision(3)}`].join(', '));
      console.log(`page ${join(run, 'inspection.html')}`);
    });
}
