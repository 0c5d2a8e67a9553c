import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { constant } from '../optim/index.js';
import { key } from '../runtime/random/index.js';
import { merge } from '../tensor/index.js';
import { prepareData } from './build.js';
import { loadCheckpoint } from './checkpoint.js';
import type { TrainState } from './classifier.js';
import { parseConfig } from './config.js';
import type { EmbeddingState } from './embedding/embedder.js';
import { embedderOf, exportEmbedder, trainsEmbeddings } from './embedding/run.js';
import { readJson } from './files.js';
import { adapted } from './finetune/adapted.js';
import { parseFinetuneConfig } from './finetune/config.js';
import { finetuneFiles } from './finetune/run.js';
import type { FinetuneState } from './finetune/task.js';
import { runFiles } from './loop.js';
import { optimizerOf } from './optimizers.js';
import { classifierOf, exportClassifier } from './run.js';

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
    const prepared = await prepareData(config);
    if (trainsEmbeddings(config)) {
      const embedder = embedderOf(config, prepared);
      const { state } = await loadCheckpoint<EmbeddingState>(checkpoint, embedder.init(key(0)));
      return exportEmbedder(embedder, state, prepared.test);
    }
    const classifier = classifierOf(config, prepared);
    const { state } = await loadCheckpoint<TrainState>(checkpoint, classifier.init(key(0)));
    return exportClassifier(classifier, merge(state.params, state.buffers), prepared.test);
  }
  const base = join(folder, finetuneFiles.base);
  const bytes = await readFile(base).catch((error: NodeJS.ErrnoException) => {
    throw new Error(`${base}: ${error.code === 'ENOENT' ? 'does not exist' : error.message}`);
  });
  const config = parseFinetuneConfig(settings);
  const model = adapted(bytes, config, { newHead: config.head !== undefined });
  const optimizer = optimizerOf(config, constant(1), model.last).init(model.params);
  const like = { params: model.params, buffers: model.buffers, optimizer } as FinetuneState;
  const { state } = await loadCheckpoint(checkpoint, like);
  return model.exported(state.params, state.buffers);
}
