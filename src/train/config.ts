import { z } from 'zod';
import { augmentations } from './augmentations.js';
import { chosenFrom } from './choice.js';
import { type EmbeddingObjective, embeddingLosses } from './embedding/losses.js';
import { type ClassifierLoss, classifierLosses } from './losses.js';
import { nearest } from './nearest.js';
import { optimizers } from './optimizers.js';
import { regularizers } from './regularizers.js';

/** What a classifier is trained on, how, and where the result goes; every field has a default. */
export const trainConfigSchema = z.strictObject({
  /** `digits` are drawn by the program; `mnist` is downloaded, or read, as `cifar10`, from the folder that COTANGENT_DATA names. */
  data: z.enum(['digits', 'mnist', 'cifar10']).default('digits'),
  model: z.enum(['mlp', 'resnet9', 'resnet18', 'resnet34', 'resnet50', 'vit']).default('mlp'),
  epochs: z.number().int().positive().default(3),
  batchSize: z.number().int().positive().default(64),
  /** Name and options, as `sam:radius=0.1`. */
  optimizer: chosenFrom('optimizer', optimizers).prefault('sgd'),
  /** The largest learning rate of the schedule. Default: 0.05 for SGD, 0.001 for the others. */
  learningRate: z.number().positive().optional(),
  momentum: z.number().min(0).lt(1).default(0.9),
  weightDecay: z.number().min(0).default(5e-4),
  schedule: z.enum(['constant', 'cosine', 'one-cycle']).default('one-cycle'),
  /** Limit of the gradient's global 2-norm; 0 is none. */
  clipNorm: z.number().min(0).default(0),
  /** Name and options, as `polyLoss:coefficients=[2]`. A loss of embeddings, as `arcFace`, makes the outputs of the model embeddings. */
  loss: chosenFrom<ClassifierLoss | EmbeddingObjective>('loss', { ...classifierLosses, ...embeddingLosses }).prefault(
    'crossEntropy',
  ),
  /** Length of embeddings. */
  dimension: z.number().int().min(2).default(64),
  /** What training images go through, in order: names and options, as `randomCrop:padding=4`. */
  augment: z.array(chosenFrom('augmentation', augmentations)).default([]),
  /** What is added to the loss: names and options, as `maxSupPenalty:weight=0.1`. */
  regularizer: z.array(chosenFrom('regularizer', regularizers)).default([]),
  dropout: z.number().min(0).lt(1).default(0),
  /** Channels of resnet9's first layer. */
  width: z.number().int().positive().default(16),
  /** Units of the hidden layers of the MLP. */
  hidden: z.array(z.number().int().positive()).default([256, 128]),
  /** Use only so many training images; for drawn digits, how many are drawn. Default: all, and 10,000 drawn. */
  trainSize: z.number().int().positive().optional(),
  /** The same for test images. Default: all, and 2,000 drawn. */
  testSize: z.number().int().positive().optional(),
  seed: z.number().int().min(0).default(0),
  /** Steps between checkpoints; one is also written after every epoch. */
  checkpointEvery: z.number().int().positive().default(100),
  /** Threads of ONNX Runtime. Default: its own choice, one a core. */
  threads: z.number().int().positive().optional(),
});

export type TrainConfig = z.output<typeof trainConfigSchema>;

/** Settings as they are written down; what is left out has its default. */
export type TrainSettings = z.input<typeof trainConfigSchema>;

/** Settings as they are, for their types: a file of them is `export default defineConfig({ epochs: 5 })`. */
export const defineConfig = (settings: TrainSettings): TrainSettings => settings;

/** A configuration with its defaults filled in. @throws Error of one line naming every field that does not fit. */
export function parseConfig(input: TrainSettings | Record<string, unknown>): TrainConfig {
  return parseSettings('train', trainConfigSchema, input);
}

/** Settings as a schema has them. @throws Error of one line naming `who` and every field that does not fit. */
export function parseSettings<S extends z.ZodRawShape>(who: string, schema: z.ZodObject<S>, input: unknown) {
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  const settings = Object.keys(schema.shape);
  const problems = parsed.error.issues.flatMap((issue) =>
    issue.code === 'unrecognized_keys'
      ? issue.keys.map((key) => `no setting is called ${key}; did you mean ${nearest(key, settings).join(', ')}?`)
      : [`${issue.path.join('.')}: ${issue.message}`],
  );
  throw new Error(`${who}: ${problems.join('; ')}`);
}
