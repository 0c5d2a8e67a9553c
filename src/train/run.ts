import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Dataset, DownloadProgress } from '../data/index.js';
import { type Schedule, scheduleValues } from '../optim/index.js';
import { exportOnnx } from '../runtime/index.js';
import { merge, type NDArray } from '../tensor/index.js';
import { augmentations } from './augmentations.js';
import { datasetsOf, modelOf, scheduleOf } from './build.js';
import { made } from './choice.js';
import { classification } from './classification.js';
import { type Arrays, type Classifier, classifier } from './classifier.js';
import type { TrainConfig } from './config.js';
import { confusionMatrix, type Evaluation } from './evaluate.js';
import { readJson, removeFiles, writeFileAtomic } from './files.js';
import { runFiles, runLoop, type TrainEvent } from './loop.js';
import { classifierLosses } from './losses.js';
import { optimizerOf } from './optimizers.js';
import { regularizers } from './regularizers.js';
import { type RunSummary, renderReport, type SamplePrediction } from './report.js';

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
  await requireFolder(out, config, resume, overwrite);
  const { train, test, classifier: compiled, schedule, steps } = await prepare(config, onDownload);
  const rates = await scheduleValues(schedule, steps);
  if (overwrite) await removeFiles(out, Object.values(runFiles));
  await writeFileAtomic(join(out, runFiles.config), `${JSON.stringify(config, null, 2)}\n`);
  const task = classification(config, { classifier: compiled, train, test, learningRateAt: (step) => rates[step] });
  const run = await runLoop(config, task, { out, resume, signal, onEvent });
  if (!run.evaluation) return undefined;
  const { accuracy: testAccuracy, loss: testLoss } = run.evaluation;
  const result: RunSummary = { testAccuracy, testLoss, epochs: config.epochs, seconds: run.seconds, seed: config.seed };
  await writeFileAtomic(
    join(out, runFiles.model),
    exportClassifier(compiled, merge(run.state.params, run.state.buffers), test),
  );
  const record = {
    config,
    result,
    metrics: run.metrics,
    confusion: confusionMatrix(test.labels.data, run.evaluation.predicted, test.classes.length),
    classes: test.classes,
    samples: samplePredictions(test, run.evaluation, 36),
  };
  await writeFileAtomic(join(out, runFiles.report), renderReport(record));
  await writeFileAtomic(join(out, runFiles.result), `${JSON.stringify(result, null, 2)}\n`);
  return result;
}

/** What a configuration trains, on what. */
export interface Prepared {
  readonly train: Dataset;
  readonly test: Dataset;
  readonly classifier: Classifier;
  readonly schedule: Schedule;
  readonly steps: number;
}

/** Everything that a configuration describes, ready to run. @throws RangeError when there are too few samples for a batch. */
export async function prepare(
  config: TrainConfig,
  onDownload?: (progress: DownloadProgress) => void,
): Promise<Prepared> {
  const { train, test, normalization } = await datasetsOf(config, onDownload);
  const samples = train.labels.shape[0];
  if (samples < config.batchSize)
    throw new RangeError(`train: batchSize ${config.batchSize} is larger than the ${samples} training samples`);
  const steps = config.epochs * Math.floor(samples / config.batchSize);
  const schedule = scheduleOf(config, steps);
  const loss = made(classifierLosses, config.loss);
  const options = {
    normalization,
    loss,
    augmentations: config.augment.map((chosen) => made(augmentations, chosen)),
    regularizers: config.regularizer.map((chosen) => made(regularizers, chosen)),
    threads: config.threads,
  };
  return {
    train,
    test,
    classifier: classifier(modelOf(config, train), optimizerOf(config, schedule), options),
    schedule,
    steps,
  };
}

/** @throws Error of one line when a folder holds a run that is neither to be replaced nor, with this configuration, resumed. */
export async function requireFolder(
  out: string,
  config: Readonly<Record<string, unknown>>,
  resume: boolean,
  overwrite: boolean,
): Promise<void> {
  const path = join(out, runFiles.config);
  if (overwrite || !existsSync(path)) return;
  if (!resume)
    throw new Error(
      `train: ${out} already holds a run; go on with --resume, replace it with --overwrite, or name another folder`,
    );
  const earlier = (await readJson(path)) as Record<string, unknown>;
  const now = JSON.parse(JSON.stringify(config)) as Record<string, unknown>;
  const changed = [...new Set([...Object.keys(earlier), ...Object.keys(now)])].filter(
    (name) => JSON.stringify(earlier[name]) !== JSON.stringify(now[name]),
  );
  if (changed.length > 0) {
    const list = changed.map(
      (name) => `${name} (was ${JSON.stringify(earlier[name])}, is ${JSON.stringify(now[name])})`,
    );
    throw new Error(`train: the run in ${out} was started with another configuration: ${list.join(', ')}`);
  }
}

/** The model with its normalisation, for any batch size: input `images` [batch, channels, height, width] in [0, 1], output `logits`. */
export function exportClassifier(
  { infer }: Pick<Classifier, 'infer'>,
  variables: Arrays,
  { images }: Pick<Dataset, 'images'>,
): Uint8Array {
  const shape = [1, ...images.shape.slice(1)];
  const example: NDArray = { data: new Float32Array(shape.reduce((a, b) => a * b, 1)), shape, dtype: 'float32' };
  const network = (weights: Arrays, x: { images: NDArray }) => ({ logits: infer(weights as never, x.images as never) });
  return exportOnnx(
    network as never,
    variables,
    { images: example },
    { name: 'classifier', dynamic: { name: 'batch', axis: 0 } },
  );
}

/** Up to `count` samples for the eye: the wrong ones first, the surest of them leading, then right ones in order. */
export function samplePredictions(
  test: Dataset,
  { predicted, confidence }: Evaluation,
  count: number,
): SamplePrediction[] {
  const [n, ...shape] = test.images.shape;
  const size = shape.reduce((a, b) => a * b, 1);
  const all = Array.from({ length: n }, (_, i) => i);
  const wrong = all.filter((i) => predicted[i] !== test.labels.data[i]).sort((a, b) => confidence[b] - confidence[a]);
  const right = all.filter((i) => predicted[i] === test.labels.data[i]);
  const chosen = [...wrong.slice(0, Math.floor((count * 2) / 3)), ...right].slice(0, count);
  return chosen.map((i) => ({
    image: { data: test.images.data.slice(i * size, (i + 1) * size), shape, dtype: 'uint8' },
    label: test.labels.data[i],
    predicted: predicted[i],
    confidence: confidence[i],
  }));
}
