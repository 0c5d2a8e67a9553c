import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { constant } from '../optim/index.js';
import { key } from '../runtime/random/index.js';
import { savedConfig } from './config.js';
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
 * A run as an ONNX model for inference, with the weights of its last checkpoint. Of a run that trained an imported model: under the names of
 * inputs and outputs that it came with, adapters merged.
 *
 * A finished run has that model in its folder, and nothing else is read, neither data nor settings. For one that is not, the model is made anew; how
 * large its inputs are and how they are scaled its data say, which are read again.
 *
 * @throws Error of one line when the folder holds no run, its data cannot be read, or its checkpoint does not fit.
 */
export async function exportRun(folder: string): Promise<Uint8Array> {
  const settings = (await readJson(join(folder, runFiles.config))) as Record<string, unknown>;
  // What a run leaves last says that all else is there.
  if (existsSync(join(folder, runFiles.result))) return readFile(join(folder, runFiles.model));
  return remadeModel(folder, settings);
}

/** The model of a run's checkpoint, made anew from its settings. */
async function remadeModel(folder: string, settings: Record<string, unknown>): Promise<Uint8Array> {
  const checkpoint = join(folder, runFiles.checkpoint);
  if (settings.kind !== 'finetune') {
    const config = savedConfig(settings);
    const { task, exported } = await tasks[config.task].prepare(config, {}).catch((error: Error) => {
      throw new Error(`export: ${folder} is not finished, and its data could not be read again: ${error.message}`, {
        cause: error,
      });
    });
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
