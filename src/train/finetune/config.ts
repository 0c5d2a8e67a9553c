import { z } from 'zod';
import { attemptClassifierLoss, classifierLosses } from '../classification/losses.js';
import { parseSettings } from '../config.js';
import { chosenFrom } from '../options/choice.js';
import { optimizers } from '../options/optimizers.js';
import { regressionLosses } from '../regression/losses.js';
import { trainConfigSchema } from '../settings.js';

const { epochs, batchSize, learningRate, momentum, schedule, clipNorm, seed, checkpointEvery, threads } =
  trainConfigSchema.shape;
const share = z.number().gt(0).lt(1);
const count = z.number().int().positive();
/** One number, or one a channel. */
const perChannel = z.array(z.number()).min(1);

/** What is trained further, on what and how. */
export const finetuneConfigSchema = z.strictObject({
  /** Tells the run from those of `train`. */
  kind: z.literal('finetune').default('finetune'),
  /** The ONNX file. */
  model: z.string(),
  /** A folder of images, a subfolder a class; or a table, .csv, .tsv or .parquet. */
  data: z.string(),
  /** A table to measure on. Default: a share of `data`. */
  testData: z.string().optional(),
  /** Share of the data that is held out to measure on, where it has no split of its own. */
  validation: share.default(0.2),

  /** Height and width of images. Default: what the model takes, or 224. */
  imageSize: count.optional(),
  /** Share of each side that the crop in the middle of images keeps. */
  cropShare: z.number().gt(0).max(1).default(1),
  /** Subtracted from pixels in [0, 1]. Default: ImageNet's; 0 for models that were exported here, which do that themselves. */
  mean: perChannel.optional(),
  /** What the difference is divided by. Default: ImageNet's; 1 for models that were exported here. */
  deviation: perChannel.optional(),

  /** Column of a table that is predicted. */
  target: z.string().default('label'),
  /** Columns of numbers to predict it from. Default: all others. */
  columns: z.array(z.string()).optional(),
  /** Column of text to predict it from. */
  text: z.string().optional(),
  /** Default: tokenizer.json beside the model. */
  tokenizer: z.string().optional(),
  /** Most tokens of a text. */
  maxLength: count.default(128),
  /** Classes, or a number. Default: a number where the head has one output, else classes. */
  task: z.enum(['classification', 'regression']).optional(),

  /** Outputs of a new head. Default: the model's own output. */
  head: count.optional(),
  /** Value or node whose result the new head takes. */
  features: z.string().optional(),
  pooling: z.enum(['none', 'mean', 'first']).optional(),
  /** Patterns of parameters that stay as they are. Default: none; with `lora` or `normOnly` all but a new head. */
  freeze: z.array(z.string()).optional(),
  /** Patterns of parameters that train nevertheless. */
  unfreeze: z.array(z.string()).optional(),
  /** Train the scales and shifts of normalisations, and a new head. */
  normOnly: z.boolean().default(false),
  /** Low-rank adapters: their rank, alpha, and the weights that get them (default: those of all linear layers but a new head). */
  lora: z
    .strictObject({ rank: count.default(8), alpha: z.number().positive().optional(), target: z.string().optional() })
    .optional(),
  /** Factor of the learning rate from each layer to the one before it. */
  layerDecay: z.number().gt(0).max(1).default(1),
  /** Whether batch normalisation takes the batch's statistics and moves its running ones. Default: unless all its weights are frozen. */
  batchNorm: z.enum(['train', 'frozen']).optional(),

  epochs,
  batchSize: batchSize.unwrap().default(32),
  optimizer: chosenFrom('optimizer', optimizers).prefault('adamW'),
  /** Default: 0.0001, or 0.001 where no more than adapters, normalisations and a head are trained. Ten times as much for SGD. */
  learningRate,
  momentum,
  weightDecay: z.number().min(0).default(0.01),
  schedule,
  clipNorm: clipNorm.unwrap().default(1),
  /** Default: crossEntropy, or meanSquaredError. */
  loss: chosenFrom('loss', { ...classifierLosses, ...regressionLosses }, undefined, undefined, (loss) => {
    if (Object.hasOwn(classifierLosses, loss.name)) attemptClassifierLoss(loss);
  }).optional(),
  seed,
  checkpointEvery,
  threads,
});

export type FinetuneConfig = z.output<typeof finetuneConfigSchema>;
export type FinetuneSettings = z.input<typeof finetuneConfigSchema>;

/** A configuration with its defaults filled in. @throws Error of one line naming every field that does not fit. */
export function parseFinetuneConfig(input: FinetuneSettings | Readonly<Record<string, unknown>>): FinetuneConfig {
  return parseSettings('finetune', finetuneConfigSchema, input);
}
