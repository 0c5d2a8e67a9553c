import { z } from 'zod';
import { domainKinds } from './domains/domains.js';
import { chosen, chosenFrom } from './options/choice.js';
import { optimizers } from './options/optimizers.js';

/** What is trained, on what and how; every field has a default, some that of the task. */
export const trainConfigSchema = z.strictObject({
  /** What kind of training it is. Default: the first that takes the data and the loss: classification, of labelled images. */
  task: z.string().optional(),
  /** `digits` are drawn by the program; `mnist` is downloaded, or read, as `cifar10`, from the folder that COTANGENT_DATA names. */
  data: z.string().default('digits'),
  model: z.string().default('mlp'),
  epochs: z.number().int().positive().default(3),
  batchSize: z.number().int().positive().default(64),
  /** Name and options, as `sam:radius=0.1`. */
  optimizer: chosenFrom('optimizer', optimizers).prefault('sgd'),
  /** The largest learning rate of the schedule. Default: 0.05 for SGD, 0.2 for L-BFGS, 0.0002 for forward gradients, 0.001 for the others. */
  learningRate: z.number().positive().optional(),
  momentum: z.number().min(0).lt(1).default(0.9),
  weightDecay: z.number().min(0).default(5e-4),
  schedule: z.enum(['constant', 'cosine', 'one-cycle']).default('one-cycle'),
  /** Limit of the gradient's global 2-norm; 0 is none. */
  clipNorm: z.number().min(0).default(0),
  /** Name and options, as `polyLoss:coefficients=[2]`. A loss of embeddings, as `arcFace`, makes the outputs of the model embeddings. */
  loss: chosen.optional(),
  /** What training examples go through, in order: names and options, as `randomCrop:padding=4`. */
  augment: z.array(chosen).default([]),
  /** What is added to the loss: names and options, as `maxSupPenalty:weight=0.1`. */
  regularizer: z.array(chosen).default([]),
  /** Of models of images that restore: what the inputs go through and the targets do not, in order, as `gaussianNoise:severity=5`. */
  degrade: z.array(chosen).optional(),
  /** Standard deviation of noise that is added to the inputs at every step, last; pixels are in [0, 1]. Default 0. */
  noise: z.number().min(0).optional(),
  /** What the images that the model makes go through before the loss sees them, as `diffJpeg:quality=10`. */
  transmit: z.array(chosen).optional(),
  /** Length of the codes of autoencoders and generators. */
  latent: z.number().int().positive().optional(),
  /** Of tables: the column that is predicted. Sets that are known by name have theirs. */
  target: z.string().optional(),
  /** Of tables: the columns of numbers to predict it from. Default: all others. */
  columns: z.array(z.string()).min(1).optional(),
  /** Of tables of items to rank: the column that names the query of each. */
  group: z.string().optional(),
  /** Of tables: another one to measure on. Default: a share of `data`. */
  testData: z.string().optional(),
  /** Of tables: the share of the rows, or of the queries, that is held out to measure on. Default 0.2. */
  validation: z.number().gt(0).lt(1).optional(),
  /** Of tables: seed of what is held out; that of the training does not change it. Default 0. */
  splitSeed: z.number().int().min(0).optional(),
  /** Of classification: how domains are made out of the data set, as `rotation:degrees=[0,15,30,45],heldOut=75`; the test set is the domain held out. */
  domains: chosenFrom('kind of domains', domainKinds).optional(),
  /** Of embeddings: their length. Default 64. */
  dimension: z.number().int().min(2).optional(),
  dropout: z.number().min(0).lt(1).default(0),
  /** Channels of the first layer of resnet9, of U-Nets, detectors and readers. */
  width: z.number().int().positive().default(16),
  /** Units of the hidden layers of the MLP. */
  hidden: z.array(z.number().int().positive()).default([256, 128]),
  /** Use only so many training images; of drawn ones, how many are drawn. Default: all, and 10,000 digits, 4,000 scenes or strings. */
  trainSize: z.number().int().positive().optional(),
  /** The same for test images. Default: all, and 2,000 digits, 500 scenes or strings. */
  testSize: z.number().int().positive().optional(),
  seed: z.number().int().min(0).default(0),
  /** Steps between checkpoints; one is also written after every epoch. */
  checkpointEvery: z.number().int().positive().default(100),
  /** Threads of ONNX Runtime. Default: those of COTANGENT_THREADS, else its own choice, one a core; one where all of a program is small. */
  threads: z.number().int().positive().optional(),
});

type Settings = z.output<typeof trainConfigSchema>;

/** A configuration with its defaults filled in: the task and the loss are known. */
export type TrainConfig = Settings & { readonly task: string; readonly loss: NonNullable<Settings['loss']> };

/** Settings as they are written down; what is left out has its default. */
export type TrainSettings = z.input<typeof trainConfigSchema>;

/** Settings as they are, for their types: a file of them is `export default defineConfig({ epochs: 5 })`. */
export const defineConfig = (settings: TrainSettings): TrainSettings => settings;
