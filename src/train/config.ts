import { z } from 'zod';
import { chosen, chosenFrom } from './choice.js';
import { domainKinds } from './domains/domains.js';
import { nearest } from './nearest.js';
import { optimizers } from './optimizers.js';
import type { TrainingTask } from './task.js';
import { tasks } from './tasks.js';

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
  /** Threads of ONNX Runtime. Default: its own choice, one a core. */
  threads: z.number().int().positive().optional(),
});

type Settings = z.output<typeof trainConfigSchema>;

/** A configuration with its defaults filled in: the task and the loss are known. */
export type TrainConfig = Settings & { readonly task: string; readonly loss: NonNullable<Settings['loss']> };

/** Settings as they are written down; what is left out has its default. */
export type TrainSettings = z.input<typeof trainConfigSchema>;

/** Settings as they are, for their types: a file of them is `export default defineConfig({ epochs: 5 })`. */
export const defineConfig = (settings: TrainSettings): TrainSettings => settings;

/**
 * A configuration with its defaults filled in: the names of data, model, loss, augmentations and regularisers are those of its task.
 *
 * @throws Error of one line naming every field that does not fit, with the nearest that does.
 */
export function parseConfig(input: TrainSettings | Record<string, unknown>): TrainConfig {
  const { name, task } = taskOf(input);
  const strange = Object.keys(input).filter((setting) => specific.has(setting) && !task.settings?.includes(setting));
  if (strange.length > 0) {
    const [setting] = strange;
    throw new Error(
      `train: ${setting} is for ${having((other) => other.settings?.includes(setting))}, not for ${name}`,
    );
  }
  const schema = schemaOf(name, task, typeof input.task !== 'string');
  const config = { ...parseSettings('train', schema, { ...task.defaults, ...input }), task: name } as TrainConfig;
  const withDomains = (other: TrainingTask) => other.settings?.includes('domains');
  if (config.optimizer.name === 'fish' && !withDomains(task))
    throw new Error(`train: optimizer: fish compares domains, which ${having(withDomains)} has, not ${name}`);
  return config;
}

/** Settings that not every task takes. */
const specific = new Set(Object.values(tasks).flatMap(({ settings = [] }) => settings));

/** The names of the tasks that have something. */
const having = (has: (task: TrainingTask) => boolean | undefined): string =>
  Object.entries(tasks)
    .filter(([, task]) => has(task))
    .map(([name]) => name)
    .join(', ');

const takes = ({ data, takes: more }: TrainingTask, name: string): boolean => data.includes(name) || !!more?.(name);

/** The task that settings name or imply, or else the first that takes their data and has their loss, or takes their data at least. */
function taskOf({ task, data = 'digits', loss, ...others }: Record<string, unknown>): {
  name: string;
  task: TrainingTask;
} {
  if (task !== undefined) {
    if (typeof task === 'string' && Object.hasOwn(tasks, task)) return { name: task, task: tasks[task] };
    throw new Error(
      `train: task: no task is called ${task}; did you mean ${nearest(String(task), Object.keys(tasks)).join(', ')}?`,
    );
  }
  const found = Object.entries(tasks).filter(([, candidate]) => takes(candidate, String(data)));
  const wanted = chosen.optional().safeParse(loss).data?.name;
  const [name, best] =
    found.find(([, { impliedBy }]) => impliedBy !== undefined && Object.hasOwn(others, impliedBy)) ??
    found.find(([, { losses }]) => wanted === undefined || Object.hasOwn(losses, wanted)) ??
    found[0] ??
    Object.entries(tasks)[0];
  return { name, task: best };
}

type ChoicesName = 'losses' | 'augmentations' | 'regularizers' | 'degradations' | 'transmissions';

/** The schema of a task's configuration. @param implied whether the task is one of several that could have been meant. */
function schemaOf(name: string, task: TrainingTask, implied: boolean) {
  const named = (what: string, choices: ChoicesName) => {
    const own = task[choices] ?? {};
    const elsewhere = (wanted: string) => {
      const others = having((other) => Object.hasOwn(other[choices] ?? {}, wanted));
      return others === '' ? undefined : `${wanted} is for ${others}, not for ${name}`;
    };
    const all = implied ? Object.assign({}, ...Object.values(tasks).map((other) => other[choices])) : own;
    return chosenFrom(what, own, elsewhere, Object.keys(all));
  };
  const dataNames = implied ? [...new Set(Object.values(tasks).flatMap((other) => other.data))] : task.data;
  return trainConfigSchema.extend({
    data: z
      .string()
      .default(task.data[0])
      .refine((data) => takes(task, data), {
        error: ({ input }) =>
          `no data is called ${input}; did you mean ${nearest(String(input), dataNames).join(', ')}?`,
      }),
    model: z
      .string()
      .default(task.models[0])
      .refine((model) => task.models.includes(model), {
        error: ({ input }) =>
          `no model of ${name} is called ${input}; did you mean ${nearest(String(input), task.models).join(', ')}?`,
      }),
    loss: named('loss', 'losses').prefault(task.loss),
    augment: z.array(named('augmentation', 'augmentations')).default([]),
    regularizer: z.array(named('regularizer', 'regularizers')).default([]),
    degrade: z.array(named('degradation', 'degradations')).optional(),
    transmit: z.array(named('transmission', 'transmissions')).optional(),
  });
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
