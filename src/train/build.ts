import { cifar10, type Dataset, type DownloadProgress, digits, head, mnist } from '../data/index.js';
import { type Layer, mlp, resnet, resnet9, type Variables, vit } from '../nn/index.js';
import { constant, cosine, oneCycle, type Schedule } from '../optim/index.js';
import { foldIn, key } from '../runtime/random/index.js';
import type { Normalization } from './classification/classifier.js';
import { balancedCount } from './domains/batches.js';
import { type DomainData, dealt, domainKinds } from './domains/domains.js';
import { made } from './options/choice.js';
import { usualRate } from './options/optimizers.js';
import type { TrainConfig } from './settings.js';

/** Of the drawn digits: data must not change with the seed of the training. */
const drawnData = key(0);

/** Mean and deviation of the pixels of each training set, for CIFAR-10 over all channels. */
const normalizations = {
  mnist: { mean: 0.1307, deviation: 0.3081 },
  cifar10: { mean: 0.4734, deviation: 0.2516 },
} as const;

/** Data sets of labelled images by name. */
export const imageData = ['digits', 'mnist', 'cifar10'] as const;

/** The data sets of a configuration, and how their pixels are normalised. */
export async function datasetsOf(
  config: TrainConfig,
  onProgress?: (progress: DownloadProgress) => void,
): Promise<{ train: Dataset; test: Dataset; normalization: Normalization }> {
  if (config.data === 'digits') {
    const train = digits({ count: config.trainSize ?? 10_000, key: foldIn(drawnData, 0) });
    const test = digits({ count: config.testSize ?? 2_000, key: foldIn(drawnData, 1) });
    return { train, test, normalization: { mean: 0.104, deviation: 0.248 } };
  }
  const read = (split: 'train' | 'test') =>
    config.data === 'mnist' ? mnist({ split, onProgress }) : cifar10({ split });
  const [train, test] = await Promise.all([read('train'), read('test')]);
  return {
    train: config.trainSize ? head(train, config.trainSize) : train,
    test: config.testSize ? head(test, config.testSize) : test,
    normalization: normalizations[config.data as keyof typeof normalizations],
  };
}

/** What a model of images is made of. */
interface ModelSize {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  /** Outputs: classes, or the length of embeddings. */
  readonly count: number;
}

type ModelOf = (size: ModelSize, config: TrainConfig) => Layer<Variables>;

const residual =
  (depth: 18 | 34 | 50): ModelOf =>
  ({ channels, count }) =>
    resnet({ depth, classes: count, inputChannels: channels, stem: 'cifar' });

/** The models that make vectors of images, by name. */
export const imageModels: Readonly<Record<string, ModelOf>> = {
  mlp: ({ channels, height, width, count }, { hidden, dropout }) =>
    mlp({ sizes: [channels * height * width, ...hidden, count], dropout }),
  resnet9: ({ channels, count }, { width }) => resnet9({ classes: count, inputChannels: channels, width }),
  resnet18: residual(18),
  resnet34: residual(34),
  resnet50: residual(50),
  vit: ({ channels, height, count }, { dropout }) =>
    vit({
      imageSize: height,
      patchSize: 4,
      dimension: 96,
      depth: 4,
      heads: 4,
      mlpDimension: 192,
      classes: count,
      inputChannels: channels,
      dropout,
    }) as Layer<Variables>,
};

/** The model of a configuration, for images like these. @param count of outputs: the classes, or the length of embeddings. */
export function modelOf(config: TrainConfig, { images, classes }: Dataset, count = classes.length): Layer<Variables> {
  const [, channels, height, width] = images.shape;
  return imageModels[config.model]({ channels, height, width, count }, config);
}

/** The learning rate of a configuration at each of `steps` steps. */
export function scheduleOf(config: TrainConfig, steps: number): Schedule {
  return scheduleNamed(config.schedule, config.learningRate ?? usualRate(config.optimizer), steps);
}

/** A schedule by name, with its largest rate. */
export function scheduleNamed(name: TrainConfig['schedule'], peak: number, steps: number): Schedule {
  switch (name) {
    case 'constant':
      return constant(peak);
    case 'cosine':
      return cosine(peak, { steps });
    case 'one-cycle':
      return oneCycle(peak, { steps });
  }
}

/** What a configuration trains on, and for how long. */
export interface PreparedData {
  readonly train: Dataset;
  readonly test: Dataset;
  readonly normalization: Normalization;
  readonly schedule: Schedule;
  readonly steps: number;
  /** Where the training set is made of domains: their names, and that of each image. */
  readonly domains?: Pick<DomainData, 'names' | 'heldOut' | 'domain'>;
}

/** Data and schedule of a configuration. @throws RangeError when there are too few samples for a batch. */
export async function prepareData(
  config: TrainConfig,
  onDownload?: (progress: DownloadProgress) => void,
): Promise<PreparedData> {
  const data = await datasetsOf(config, onDownload);
  if (!config.domains) return { ...data, ...scheduled(config, data.train.labels.shape[0]) };
  const { train, test, ...domains } = await dealt(made(domainKinds, config.domains), data);
  const { names, domain } = domains;
  const count = balancedCount(domain, names.length);
  return { train, test, normalization: normalizationOf(train), domains, ...scheduled(config, count) };
}

/** Mean and deviation of all pixels. */
function normalizationOf({ images: { data } }: Dataset): Normalization {
  let [sum, squares] = [0, 0];
  for (const byte of data) {
    sum += byte;
    squares += byte * byte;
  }
  const mean = sum / data.length;
  return { mean: mean / 255, deviation: Math.sqrt(squares / data.length - mean * mean) / 255 };
}

/** For how long a configuration trains on so many samples, and how fast. @throws RangeError when they are too few for a batch. */
export function scheduled(config: TrainConfig, samples: number): Pick<PreparedData, 'schedule' | 'steps'> {
  if (samples < config.batchSize)
    throw new RangeError(`train: batchSize ${config.batchSize} is larger than the ${samples} training samples`);
  const steps = config.epochs * Math.floor(samples / config.batchSize);
  return { schedule: scheduleOf(config, steps), steps };
}
