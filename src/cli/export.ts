import type { Command } from 'commander';
import { exportRun } from '../train/index.js';
import { writeFileAtomic } from '../train/storage/files.js';

/** Adds `cotangent export`. */
export function addExportCommand(program: Command): void {
  program
    .command('export')
    .argument('<run>', 'folder of a run of train or finetune')
    .description("write a run's last checkpoint as an ONNX model for inference")
    .requiredOption('--out <file>', 'where the model goes')
    .action(async (run: string, { out }: { readonly out: string }) => {
      const bytes = await exportRun(run);
      await writeFileAtomic(out, bytes);
      console.log(`model ${out}, ${(bytes.length / 1e6).toFixed(1)} MB`);
    });
}
