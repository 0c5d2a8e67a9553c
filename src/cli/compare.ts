import type { Command } from 'commander';
import { readRun, renderComparison, showMeasures } from '../train/index.js';
import { measuresOf } from '../train/measures.js';
import { writeFileAtomic } from '../train/storage/files.js';

/** Adds `cotangent compare`. */
export function addCompareCommand(program: Command): void {
  program
    .command('compare')
    .argument('<runs...>', 'folders of runs, two or more')
    .description('put runs side by side on one page: results, settings that differ, curves')
    .option('--out <file>', 'where the page goes', 'comparison.html')
    .action(async (folders: string[], { out }: { readonly out: string }) => {
      if (folders.length < 2) throw new Error('compare: name two runs or more');
      const runs = await Promise.all(folders.map(readRun));
      await writeFileAtomic(out, await renderComparison(runs));
      const width = Math.max(...runs.map(({ name }) => name.length));
      for (const { name, result } of runs)
        console.log(`${name.padEnd(width)}  ${result ? showMeasures(measuresOf(result)) : 'not finished'}`);
      console.log(`page ${out}`);
    });
}
