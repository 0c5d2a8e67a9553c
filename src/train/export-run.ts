import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { constant } from '../optim/index.js';
import { key } from '../runtime/random/index.js';
import { parseConfig } from './config.js';
import { adapted, type Flat } from './finetune/adapted.js';
import { parseFinetuneConfig } from './finetune/config.js';
import { finetuneFiles } from './finetune/run.js';
import { finetuneState } from './finetune/task.js';
import { runFiles } from './loop.js';
import { optimizerOf } from './options/optimizers.js';
import { loadCheckpoint } from './storage/checkpoint.js';
import { readJson } from './storage/files.js';
import { tasks } from './tasks.js';

/**
 * A run as an ONNX model for inference, with the weights of its last checkpoint, whether it is finished or not. Of a run that trained an
 * imported model: under the names of inputs and outputs that it came with, adapters merged.
 *
 * @throws Error of one line when the folder holds no run, or its checkpoint does not fit.
 */
export async function exportRun(folder: string): Promise<Uint8Array> {
  const settings = (await readJson(join(folder, runFiles.config))) as Record<string, unknown>;
  const checkpoint = join(folder, runFiles.checkpoint);
  if (settings.kind !== 'finetune') {
    const config = parseConfig(settings);
    const { task, exported } = await tasks[config.task].prepare(config, {});
    return exported((await loadCheckpoint(checkpoint, task.init(key(0)))).state);
  }
  const base = join(folder, finetuneFiles.base);
  const bytes = await readFile(base).catch((error: NodeJS.ErrnoException) => {
    throw new Error(`${base}: ${error.code === 'ENOENT' ? 'does not exist' : error.message}`);
  });
  const config = parseFinetuneConfig(settings);
  const model = adapted(bytes, config, { newHead: config.head !== undefined });
  const { state } = await loadCheckpoint(
    checkpoint,
    finetuneState(optimizerOf(config, constant(1), model.last), model),
  );
  return model.exported(state.params as Flat, state.buffers as Flat);
}
