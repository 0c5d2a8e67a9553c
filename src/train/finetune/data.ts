import { stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import {
  type Columns,
  type Dataset,
  featuresOf,
  holdOut,
  imageFolder,
  labelsOf,
  readTable,
  rowLoader,
  rowsAt,
  type Table,
  targetsOf,
  textsOf,
  tokenizerOf,
} from '../../data/index.js';
import type { ImportedModel, ValueSpec } from '../../import/index.js';
import type { Key } from '../../runtime/random/index.js';
import { castArray, type NDArray, zerosArray } from '../../tensor/index.js';
import { placed, withoutCount } from '../batches.js';
import type { Batches } from '../loop.js';
import type { Examples } from '../step.js';
import type { FinetuneConfig } from './config.js';

/** Samples for a model: its inputs by name, and what is predicted: classes as int32 [n], or numbers as float32 [n]. */
export interface Samples extends Examples {
  readonly inputs: Columns;
  readonly targets: NDArray;
}

/** Samples that can be read in batches. */
export interface Source {
  readonly count: number;
  /** Inputs of two samples, which show names, dtypes and shapes; their numbers say nothing. */
  readonly example: Columns;
  /** Of all samples: classes, or numbers. */
  readonly targets: NDArray;
  batches(options: BatchOptions): Batches<Samples>;
}

interface BatchOptions {
  readonly batchSize: number;
  readonly key: Key;
  readonly shuffle: boolean;
  readonly last: 'keep' | 'drop';
}

/** What a model is trained on and measured on. */
export interface FinetuneData {
  readonly train: Source;
  readonly test: Source;
  /** Names of the classes; undefined where a number is predicted. */
  readonly classes: readonly string[] | undefined;
  /** Of the test set, for the report: its pictures, or its texts. */
  readonly shown: { readonly images?: Dataset; readonly texts?: readonly string[] };
}

/** The data of a configuration, as the inputs of a model take them. @throws Error of one line naming file, row, column or input. */
export async function finetuneData(
  config: FinetuneConfig,
  model: ImportedModel,
  { ownPixels, key }: { readonly ownPixels: boolean; readonly key: Key },
): Promise<FinetuneData> {
  const found = await stat(config.data).catch(() => undefined);
  if (!found) throw new Error(`finetune: ${config.data} does not exist`);
  return found.isDirectory() ? folderData(config, model, ownPixels, key) : tableData(config, model, key);
}

/** Mean and deviation of ImageNet's pixels by channel, as torchvision has them, and of their mean. */
const imageNet = {
  3: { mean: [0.485, 0.456, 0.406], deviation: [0.229, 0.224, 0.225] },
  1: { mean: [0.449], deviation: [0.226] },
} as const;

async function folderData(
  config: FinetuneConfig,
  model: ImportedModel,
  ownPixels: boolean,
  key: Key,
): Promise<FinetuneData> {
  const [input, ...others] = model.inputs;
  const shape = input?.shape ?? [];
  const channels = typeof shape[1] === 'number' ? shape[1] : 3;
  if (others.length > 0 || shape.length !== 4 || (channels !== 1 && channels !== 3))
    throw new Error(
      `finetune: images need a model of one input [n, 1 or 3, height, width], ${model.name} takes ${model.inputs.map(shown).join(', ')}`,
    );
  const side = (axis: number) => {
    const length = shape[axis];
    return typeof length === 'number' ? length : (config.imageSize ?? 224);
  };
  const sets = await imageFolder(config.data, {
    size: [side(2), side(3)],
    channels,
    cropShare: config.cropShare,
    validation: config.validation,
    key,
  });
  const usual = ownPixels ? { mean: 0, deviation: 1 } : imageNet[channels];
  const pixels = { mean: config.mean ?? usual.mean, deviation: config.deviation ?? usual.deviation };
  const source = (dataset: Dataset): Source => ({
    count: dataset.labels.shape[0],
    example: { [input.name]: zerosArray([2, ...dataset.images.shape.slice(1)], input.dtype) },
    targets: dataset.labels,
    batches: (options) => {
      // To measure, batches are made as they are asked for: a thread of its own would have to be given all images anew.
      const batches = withoutCount(dataset, { ...options, ...pixels, prefetch: options.shuffle ? 2 : 0 });
      return {
        ...batches,
        async *epoch(epoch, from) {
          for await (const { images, labels, indices } of batches.epoch(epoch, from))
            yield { inputs: { [input.name]: castArray(images, input.dtype) }, targets: labels, indices };
        },
      };
    },
  });
  return {
    train: source(sets.train),
    test: source(sets.test),
    classes: sets.train.classes,
    shown: { images: sets.test },
  };
}

async function tableData(config: FinetuneConfig, model: ImportedModel, key: Key): Promise<FinetuneData> {
  const { target, text, columns, testData } = config;
  const wanted = text === undefined ? columns && [...columns, target] : [text, target];
  const table = await readTable(config.data, wanted && { columns: wanted });
  const regression = (config.task ?? (config.head === 1 ? 'regression' : 'classification')) === 'regression';
  const tokenizer =
    text === undefined
      ? undefined
      : await tokenizerOf(config.tokenizer ?? join(dirname(config.model), 'tokenizer.json'));
  const samplesOf = (from: Table, known?: readonly string[]) => {
    const { labels, classes } = regression
      ? { labels: targetsOf(from, target), classes: undefined }
      : labelsOf(from, target, known);
    const texts = text === undefined ? undefined : textsOf(from, text);
    const inputs =
      tokenizer && texts
        ? tokenInputs(model, (options) => tokenizer.tokenize(texts, options), config.maxLength)
        : numberInputs(model, featuresOf(from, columns ?? from.columns.filter((name) => name !== target)));
    return { samples: { ...inputs, [targetColumn]: labels } as Columns, classes, texts };
  };
  const all = samplesOf(table);
  if (testData !== undefined) {
    const test = samplesOf(await readTable(testData, wanted && { columns: wanted }), all.classes);
    return { train: rows(all.samples), test: rows(test.samples), classes: all.classes, shown: { texts: test.texts } };
  }
  // In the order of the file, as far as they are held out.
  const { train, test } = holdOut(table.rows, config.validation, key, `finetune: ${config.data}`);
  return {
    train: rows(rowsAt(all.samples, train)),
    test: rows(rowsAt(all.samples, test)),
    classes: all.classes,
    shown: { texts: all.texts && Array.from(test, (i) => (all.texts as string[])[i]) },
  };
}

/** No inputs can be called these. */
const targetColumn = '\0target';
const placeColumn = '\0place';

function rows(columns: Columns): Source {
  return {
    count: columns[targetColumn].shape[0],
    targets: columns[targetColumn],
    example: Object.fromEntries(
      Object.entries(columns).flatMap(([name, { shape, dtype }]) =>
        name === targetColumn ? [] : [[name, zerosArray([2, ...shape.slice(1)], dtype)]],
      ),
    ),
    batches: (options) => {
      const batches = rowLoader({ ...columns, [placeColumn]: placed(columns).indices } as Columns, options);
      return {
        ...batches,
        async *epoch(epoch, from) {
          for await (const { [targetColumn]: targets, [placeColumn]: indices, ...inputs } of batches.epoch(epoch, from))
            yield { inputs, targets, indices };
        },
      };
    },
  };
}

function numberInputs(model: ImportedModel, features: NDArray<'float32'>): Columns {
  const [input, ...others] = model.inputs;
  const width = input?.shape?.[1];
  const fits = typeof width !== 'number' || width === features.shape[1];
  if (others.length > 0 || input?.shape?.length !== 2 || !fits)
    throw new Error(
      `finetune: ${features.shape[1]} columns of numbers need a model of one input [n, ${features.shape[1]}], ${model.name} takes ${model.inputs.map(shown).join(', ')}; name a column of text with text, or those of numbers with columns`,
    );
  return { [input.name]: castArray(features, input.dtype) };
}

function tokenInputs(
  model: ImportedModel,
  tokenize: (options: {
    maxLength: number;
    fill: 'longest' | 'maxLength';
  }) => Readonly<Record<'ids' | 'mask' | 'types', NDArray>>,
  maxLength: number,
): Columns {
  const parts = model.inputs.map(({ name, dtype }) => ({ name, dtype, part: partOf(name) }));
  const length = model.inputs.map(({ shape }) => shape?.[1]).find((n) => typeof n === 'number');
  const tokens =
    typeof length === 'number'
      ? tokenize({ maxLength: length, fill: 'maxLength' })
      : tokenize({ maxLength, fill: 'longest' });
  return Object.fromEntries(parts.map(({ name, dtype, part }) => [name, castArray(tokens[part], dtype)]));
}

function partOf(input: string): 'ids' | 'mask' | 'types' {
  if (/mask/i.test(input)) return 'mask';
  if (/type|segment/i.test(input)) return 'types';
  if (/ids|tokens|input/i.test(input)) return 'ids';
  throw new Error(
    `finetune: no part of a text fits the input '${input}'; inputs must be called like input_ids, attention_mask and token_type_ids`,
  );
}

function shown({ name, dtype, shape }: ValueSpec): string {
  return `'${name}' ${dtype}[${(shape ?? []).map((n) => n ?? '?').join(', ')}]`;
}
