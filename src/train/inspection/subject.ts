import { type Dataset, head } from '../../data/index.js';
import { neuralCollapse } from '../../diagnostics/index.js';
import { crossEntropy } from '../../losses/index.js';
import {
  adaptiveCalibrationError,
  classwiseCalibrationError,
  expectedCalibrationError,
  maximumCalibrationError,
  reliabilityBins,
} from '../../metrics/index.js';
import { compile } from '../../runtime/index.js';
import { key } from '../../runtime/random/index.js';
import { arange, castArray, constant, type MapTree, merge, type NDArray, type Tensor } from '../../tensor/index.js';
import { joinedRows } from '../batches.js';
import type { PreparedData } from '../build.js';
import type { Classifier } from '../classification/classifier.js';
import { confusionMatrix } from '../classification/evaluate.js';
import { lastLayer } from '../classification/last-layer.js';
import type { Embedder } from '../embedding/embedder.js';
import { embedded, searched } from '../embedding/evaluate.js';
import { neighboursOf } from '../embedding/neighbours.js';
import { embeddingScores, type Labelled, spread } from '../embedding/scores.js';
import type { TrainConfig } from '../settings.js';
import { type Arrays, type Tensors, type TrainState, weightsOf } from '../step.js';
import type { Inspection } from './inspection.js';

type State = MapTree<Arrays, NDArray, Tensor>;

/** A trained model to look at: its parameters, what else its loss needs, and what was found on the test set. */
export interface Subject {
  /** The first training examples, so many at most. */
  examples(count: number): Examples;
  /** How many examples and how many steps of Lanczos, where the loss is too dear for those of others. */
  readonly usual?: { readonly samples: number; readonly steps: number };
  readonly params: Arrays;
  readonly rest: Arrays;
  lossOf(params: State, rest: State, examples: State): Tensor;
  readonly found: Found;
}

/** What was found beside what the loss around the weights says. */
export type Found = Omit<Inspection, 'run' | 'config' | 'seed' | 'samples' | 'surface' | 'spectrum' | 'sharpness'>;

/** Arrays that have the examples along their first axes, by name. */
type Examples = Readonly<Record<string, NDArray>>;

/** Images in [0, 1] and their labels. */
function imageExamples(data: Dataset, count: number): Examples {
  const { images, labels } = first(data, count);
  const bytes = castArray(images, 'float32');
  return { images: { ...bytes, data: bytes.data.map((byte) => byte / 255) }, labels };
}

/** Of features of the test set, how they are spread, and which images are near to which. */
const spreadOf = async (features: Labelled | undefined, test: Dataset): Promise<Partial<Found>> =>
  features ? { spread: await spread(features), neighbours: neighboursOf(features, test) } : {};

const first = (data: Dataset, n: number) => head(data, Math.min(n, data.labels.shape[0]));
const bins = { bins: 15 };

export async function classifierSubject(
  { infer }: Pick<Classifier, 'infer'>,
  { params, buffers }: TrainState,
  { train, test }: Pick<PreparedData, 'train' | 'test'>,
): Promise<Subject> {
  const variables = merge(params, buffers);
  const { probabilities } = await seen(infer, variables, test);
  const { features } = await seen(infer, variables, first(test, searched.test));
  const fitted = await seen(infer, variables, first(train, searched.test));
  const complete = new Set(Array.from(fitted.labels.data)).size === train.classes.length;
  const classes = test.classes.length;
  const predicted = Array.from({ length: test.labels.shape[0] }, (_, i) => {
    const row = (probabilities.data as Float32Array).subarray(i * classes, (i + 1) * classes);
    return row.indexOf(Math.max(...row));
  });
  return {
    examples: (count) => imageExamples(train, count),
    params,
    rest: buffers,
    lossOf: (p, b, { images, labels }) =>
      crossEntropy(infer(merge(p, b) as Tensors, images as Tensor), labels as Tensor),
    found: {
      classes: test.classes,
      loss: 'cross-entropy (nats)',
      ...(await spreadOf(features && { embeddings: features, labels: first(test, searched.test).labels }, test)),
      answers: {
        reliability: reliabilityBins(probabilities, test.labels, bins),
        calibrationError: expectedCalibrationError(probabilities, test.labels, bins),
        adaptiveCalibrationError: adaptiveCalibrationError(probabilities, test.labels, bins),
        maximumCalibrationError: maximumCalibrationError(probabilities, test.labels, bins),
        classwiseCalibrationError: classwiseCalibrationError(probabilities, test.labels, bins),
        confusion: confusionMatrix(test.labels.data, predicted, classes),
      },
      ...(fitted.features &&
        fitted.weights &&
        complete && {
          collapse: neuralCollapse(fitted.features, fitted.labels, { weights: fitted.weights, bias: fitted.bias }),
          collapseSamples: fitted.labels.shape[0],
        }),
    },
  };
}

export async function embeddingSubject(
  embedder: Embedder,
  state: TrainState,
  config: TrainConfig,
  { train, test }: Pick<PreparedData, 'train' | 'test'>,
): Promise<Subject> {
  const { params, buffers, carried } = state;
  const variables = weightsOf(state);
  const among = await embedded(embedder, variables, first(train, searched.train));
  const features = await embedded(embedder, variables, first(test, searched.test));
  const views = constant(key(config.seed));
  return {
    examples: (count) => imageExamples(train, count),
    params,
    rest: { buffers, carried },
    // The images that are looked at are the first of the training set.
    lossOf: (p, rest, { images, labels }) => {
      const seen = { images: images as Tensor, labels: labels as Tensor, indices: arange((labels as Tensor).shape[0]) };
      return embedder.lossOf(p as Tensors, rest as never, seen, views);
    },
    found: {
      classes: test.classes,
      loss: config.loss.name,
      scores: await embeddingScores(among, features, test.classes.length),
      ...(await spreadOf(features, test)),
    },
  };
}

/** What a classifier makes of images, in batches of at most 500: probabilities [n, classes], and what its last layer is given. */
async function seen(
  infer: (variables: Tensors, images: Tensor) => Tensor,
  variables: Arrays,
  { images, labels, classes }: Dataset,
) {
  const [n, ...shape] = images.shape;
  const size = shape.reduce((a, b) => a * b, 1);
  const run = compile((v: Tensors, x: Tensor) => {
    const logits = infer(v, x.cast('float32').div(255));
    return { probabilities: logits.softmax(1), layer: lastLayer(logits) ?? null };
  });
  const [answers, inputs]: NDArray[][] = [[], []];
  let layer: { weight: NDArray; bias?: NDArray } | undefined;
  for (let from = 0; from < n; from += 500) {
    const to = Math.min(n, from + 500);
    const part: NDArray = {
      data: images.data.slice(from * size, to * size),
      shape: [to - from, ...shape],
      dtype: 'uint8',
    };
    const got = (await run(variables as never, part)) as {
      probabilities: NDArray;
      layer: { features: NDArray; weight: NDArray; bias?: NDArray } | null;
    };
    answers.push(got.probabilities);
    if (got.layer) {
      inputs.push(got.layer.features);
      layer = got.layer;
    }
  }
  await run.release();
  return {
    labels,
    classes,
    probabilities: joinedRows(answers),
    features: layer && joinedRows(inputs),
    weights: layer?.weight,
    bias: layer?.bias,
  };
}
