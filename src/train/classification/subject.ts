import { type Columns, type Dataset, head } from '../../data/index.js';
import { neuralCollapse } from '../../diagnostics/index.js';
import { crossEntropy } from '../../losses/index.js';
import { compile } from '../../runtime/index.js';
import { castArray, merge, type NDArray, type Tensor } from '../../tensor/index.js';
import { joinedRows } from '../batches.js';
import type { PreparedData } from '../build.js';
import { searched } from '../embedding/evaluate.js';
import { neighboursOf } from '../embedding/neighbours.js';
import { type Labelled, spread } from '../embedding/scores.js';
import { calibrationOf } from '../inspection/calibration.js';
import type { Found, Subject } from '../inspection/subject.js';
import type { Arrays, Tensors, TrainState } from '../step.js';
import type { Classifier } from './classifier.js';
import { confusionMatrix } from './evaluate.js';
import { lastLayer } from './last-layer.js';

/** What an inspection looks at of a classifier: cross-entropy around its weights, its answers, and the features that its last layer is given. */
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
      unit: 'nats',
      ...(features && (await nearAndFar({ embeddings: features, labels: first(test, searched.test).labels }, test))),
      answers: {
        ...calibrationOf(probabilities, test.labels),
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

/** Images in [0, 1] and their labels. */
export function imageExamples(data: Dataset, count: number): Columns {
  const { images, labels } = first(data, count);
  const bytes = castArray(images, 'float32');
  return { images: { ...bytes, data: bytes.data.map((byte) => byte / 255) }, labels };
}

/** Of features of images, how they are spread, and which images are near to which. */
export const nearAndFar = async (
  features: Labelled,
  test: Pick<Dataset, 'images'>,
): Promise<Pick<Found, 'spread' | 'neighbours'>> => ({
  spread: await spread(features),
  neighbours: neighboursOf(features, test),
});

/** The first images of a data set, so many at most. */
export const first = (data: Dataset, n: number): Dataset => head(data, Math.min(n, data.labels.shape[0]));

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
