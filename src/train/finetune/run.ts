import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  importOnnx,
  inferenceForm,
  joinNormalization,
  modelProducer,
  replaceHead,
  valueShape,
  type WithHead,
  withWeights,
} from '../../import/index.js';
import { scheduleValues } from '../../optim/index.js';
import { foldIn, type Key, key as makeKey } from '../../runtime/random/index.js';
import { sizeOf, type Tensor } from '../../tensor/index.js';
import { scheduleNamed } from '../build.js';
import { withClassWeights } from '../classification/counts.js';
import { confusionMatrix } from '../classification/evaluate.js';
import { classifierLosses } from '../classification/losses.js';
import { samplePredictions } from '../classification/samples.js';
import { runFiles, runLoop, type TrainEvent } from '../loop.js';
import { made } from '../options/choice.js';
import { isSgd, optimizerOf } from '../options/optimizers.js';
import type { RunSummary, TextPrediction } from '../pages/report.js';
import { regressionLosses } from '../regression/losses.js';
import { finished, requireFolder } from '../run.js';
import type { TrainState } from '../step.js';
import { removeFiles, writeFileAtomic } from '../storage/files.js';
import { externalDataBeside } from '../storage/onnx-file.js';
import type { Shown } from '../task.js';
import { type Adapted, adapted, type Flat } from './adapted.js';
import { type FinetuneConfig, parseFinetuneConfig } from './config.js';
import { type FinetuneData, finetuneData, type Samples } from './data.js';
import { checkOutput, type FinetuneEvaluation, finetuneTask } from './task.js';

/** Names of the files of a run's folder: those of every run, and the model that it began with, its new head in place. */
export const finetuneFiles = { ...runFiles, base: 'base.onnx' } as const;

export interface FinetuneRunOptions {
  readonly out: string;
  /** Go on from the checkpoint in `out`, if there is one. */
  readonly resume?: boolean;
  /** Replace the run in `out`. */
  readonly overwrite?: boolean;
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: TrainEvent) => void;
  /** Called with what was found before training begins: sizes of the data, what trains. */
  readonly onNote?: (note: string) => void;
}

/**
 * Trains an ONNX model further as configured and leaves in a folder what a training run does, the model with the trained weights under
 * the names of inputs and outputs that it came with, and `base.onnx`, what the run began with.
 *
 * @returns the summary, or undefined when the signal stopped the run.
 * @throws Error of one line when the folder holds another run, when model, data or patterns do not fit; nothing is overwritten then.
 */
export async function runFinetuning(
  config: FinetuneConfig,
  options: FinetuneRunOptions,
): Promise<RunSummary | undefined> {
  const { out, resume = false, overwrite = false, signal, onEvent, onNote = () => {} } = options;
  await requireFolder(out, config, { resume, overwrite, read: parseFinetuneConfig, who: 'finetune' });
  const { base, model, data } = await prepareFinetuning(config, onNote);
  const samples = data.train.count;
  if (samples < config.batchSize)
    throw new RangeError(`finetune: batchSize ${config.batchSize} is larger than the ${samples} training samples`);
  const steps = config.epochs * Math.floor(samples / config.batchSize);
  const schedule = scheduleNamed(config.schedule, learningRateOf(config, model), steps);
  const rates = await scheduleValues(schedule, steps);
  const task = finetuneTask(model, data, {
    batchSize: config.batchSize,
    optimizer: optimizerOf(config, schedule, model.last),
    loss: lossOf(config, data),
    threads: config.threads,
  });
  if (overwrite) await removeFiles(out, Object.values(finetuneFiles));
  await writeFileAtomic(join(out, finetuneFiles.base), base);
  await writeFileAtomic(join(out, runFiles.config), `${JSON.stringify(config, null, 2)}\n`);
  const run = await runLoop(config, task, { out, resume, signal, onEvent, learningRateAt: (step) => rates[step] });
  const parts = {
    exported: ({ params, buffers }: TrainState) => model.exported(params as Flat, buffers as Flat),
    shown: async ({ evaluation }: { readonly evaluation: FinetuneEvaluation }) => ({
      record: shownOf(data, evaluation),
    }),
  };
  return finished(settled(config, model, data), parts, run, out);
}

/** The settings that a report shows: what was left to the defaults filled in, and nothing that was not given. */
function settled(config: FinetuneConfig, model: Adapted, data: FinetuneData) {
  const { kind: _, ...rest } = config;
  const loss = config.loss ?? { name: data.classes ? 'crossEntropy' : 'meanSquaredError', options: {} };
  const all = {
    ...rest,
    loss,
    learningRate: learningRateOf(config, model),
    batchNorm: model.movesStatistics ? 'train' : 'frozen',
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)) as typeof all;
}

export interface PreparedFinetuning {
  /** The model file that is trained, its new head in place. */
  readonly base: Uint8Array;
  readonly model: Adapted;
  readonly data: FinetuneData;
}

/** What a run begins with: its model as it comes from its file, and its data. */
export async function prepareFinetuning(
  config: FinetuneConfig,
  onNote: (note: string) => void,
): Promise<PreparedFinetuning> {
  const [headKey, adapterKey, dataKey] = [0, 1, 2].map((i) => foldIn(makeKey(config.seed), 100 + i) as Key);
  const original = await inlined(config.model);
  const imported = importOnnx(original);
  const ownPixels = modelProducer(original) === 'cotangent';
  const data = await finetuneData(config, imported, { ownPixels, key: dataKey });
  onNote(
    `${data.train.count} training and ${data.test.count} test samples${data.classes ? ` of ${data.classes.length} classes` : ''}`,
  );
  if (config.head !== undefined && data.classes && config.head !== data.classes.length)
    throw new Error(
      `finetune: the head has ${config.head} outputs, the data ${data.classes.length} classes: ${data.classes.slice(0, 10).join(', ')}`,
    );
  const { example } = data.train;
  const headed = config.head === undefined ? undefined : withHead(original, config, config.head, example, headKey);
  if (headed) onNote(`a new head takes '${headed.features}' [${headed.shape.join(', ')}], pooling: ${headed.pooling}`);
  const base = headed?.bytes ?? original;
  checkOutput(valueShape(base, imported.outputs[0].name, example).shape, data.classes?.length);
  const model = adapted(base, config, { newHead: headed !== undefined, seed: adapterKey });
  const size = (arrays: Adapted['params']) => Object.values(arrays).reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  const [trained, frozen] = [size(model.params), size(model.frozen)];
  onNote(`training ${trained} parameters in ${Object.keys(model.params).length} arrays, ${frozen} stay as they are`);
  return { base, model, data };
}

/** A model file with its external data in it, as it is for inference, batch normalisation in nodes of its own. */
async function inlined(path: string): Promise<Uint8Array> {
  const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    throw new Error(`finetune: ${path}: ${error.code === 'ENOENT' ? 'does not exist' : error.message}`);
  });
  try {
    return joinNormalization(inferenceForm(withWeights(bytes, {}, { externalData: externalDataBeside(path) })));
  } catch (error) {
    throw new Error(`finetune: ${path}: ${(error as Error).message}`, { cause: error });
  }
}

function withHead(
  bytes: Uint8Array,
  { features, pooling }: FinetuneConfig,
  outputs: number,
  example: Samples['inputs'],
  key: Key,
): WithHead {
  return replaceHead(bytes, { outputs, key, example, ...(features && { features }), ...(pooling && { pooling }) });
}

function learningRateOf({ learningRate, optimizer }: FinetuneConfig, { whole }: Adapted): number {
  return learningRate ?? (whole ? 1e-4 : 1e-3) * (isSgd(optimizer) ? 10 : 1);
}

export function lossOf(
  { loss }: FinetuneConfig,
  { classes, train }: FinetuneData,
): (output: Tensor, targets: Tensor) => Tensor {
  const choices = classes ? classifierLosses : regressionLosses;
  const chosen = loss ?? { name: classes ? 'crossEntropy' : 'meanSquaredError', options: {} };
  if (!Object.hasOwn(choices, chosen.name))
    throw new Error(
      `finetune: the loss ${chosen.name} does not fit a ${classes ? 'classification' : 'regression'}; these do: ${Object.keys(choices).join(', ')}`,
    );
  if (!classes) return made(regressionLosses, chosen);
  // A head may have more outputs than there are classes.
  const weighed = (outputs: number) => withClassWeights('finetune', chosen, train.targets.data as Int32Array, outputs);
  return (output, targets) => made(classifierLosses, weighed(output.shape[1]))(output, targets);
}

/** What a report shows of the test set. */
function shownOf({ classes, shown }: FinetuneData, evaluation: FinetuneEvaluation): Shown['record'] {
  const { predicted, targets, confidence } = evaluation;
  if (!classes) return { estimates: Array.from(targets, (target, i) => ({ target, predicted: predicted[i] })) };
  const answers = {
    predicted: Int32Array.from(predicted),
    confidence,
  };
  const names = outputNames(classes, answers.predicted);
  return {
    testLoss: 'cross-entropy (nats)',
    confusion: confusionMatrix(targets, answers.predicted, names.length),
    classes: names,
    ...(shown.images && { samples: samplePredictions(shown.images, answers, 36) }),
    ...(shown.texts && { texts: textPredictions(shown.texts, evaluation, 30) }),
  };
}

/** The classes, and outputs beyond them that were predicted: those of a head that was kept may be more. */
export function outputNames(classes: readonly string[], predicted: Int32Array): string[] {
  const most = Math.max(classes.length, ...predicted.map((p) => p + 1));
  return [...classes, ...Array.from({ length: most - classes.length }, (_, i) => `output ${classes.length + i}`)];
}

/** Wrong ones first, the surest of them leading, then right ones in order. */
function textPredictions(
  texts: readonly string[],
  { predicted, targets, confidence }: FinetuneEvaluation,
  count: number,
): TextPrediction[] {
  const all = texts.map((text, i) => ({ text, label: targets[i], predicted: predicted[i], confidence: confidence[i] }));
  const wrong = all.filter((one) => one.label !== one.predicted).sort((a, b) => b.confidence - a.confidence);
  const right = all.filter((one) => one.label === one.predicted);
  return [...wrong.slice(0, Math.floor((count * 2) / 3)), ...right].slice(0, count);
}
