import { rowsAt, type Scenes } from '../../data/index.js';
import { classCounts } from '../../metrics/index.js';
import { compile } from '../../runtime/index.js';
import type { NDArray, Tensor } from '../../tensor/index.js';
import { overBatches, rowsInOrder } from '../batches.js';
import { confusionMatrix } from '../classification/evaluate.js';
import { pictureTable } from '../images/pictures.js';
import { calibrationOf } from '../inspection/calibration.js';
import { firstOf, ofScenes, ownLoss, type Subject } from '../inspection/subject.js';
import { measuredFacts } from '../measures.js';
import { barChart } from '../pages/charts.js';
import { worstFirst } from '../scenes/figures.js';
import { inUnitRange, modelVariables, type PictureModel } from '../scenes/model.js';
import { type Arrays, type Tensors, type TrainState, weightsOf } from '../step.js';
import type { SegmentationLoss } from './losses.js';
import { segmentationMeasures } from './measures.js';
import { wrongPixels } from './report.js';

/** Pixels that calibration is measured on at most, evenly taken from the test set: neighbours say nearly the same. */
const calibratedPixels = 60_000;

export interface SegmentationSubjectOptions {
  readonly train: Scenes;
  readonly test: Scenes;
  /** Of pixels: the first is nothing. */
  readonly names: readonly string[];
  readonly loss: SegmentationLoss;
  readonly lossName: string;
  readonly batchSize: number;
}

/** What an inspection looks at of classes of pixels: the run's own loss around the weights, and each pixel's answer. */
export async function segmentationSubject(
  { infer }: Pick<PictureModel<never>, 'infer'>,
  state: TrainState,
  { train, test, names, loss, lossName, batchSize }: SegmentationSubjectOptions,
): Promise<Subject> {
  const { predicted, confidence, some } = await answered(infer, weightsOf(state), test, batchSize);
  const { masks, images } = test;
  const confusion = confusionMatrix(masks.data, predicted.data, names.length);
  return {
    examples: firstOf({ images: train.images, masks: train.masks }),
    usual: ofScenes,
    params: state.params,
    rest: state.buffers,
    lossOf: (params, buffers, { images, masks }) =>
      loss(
        infer(modelVariables(params as Tensors, buffers as Tensors), inUnitRange(images as Tensor)),
        (masks as Tensor).cast('int32'),
      ),
    found: {
      classes: names,
      examples: 'scenes',
      ...ownLoss(lossName, ['crossEntropy', 'focalLoss', 'polyLoss', 'negativeLogLikelihood']),
      facts: measuredFacts(segmentationMeasures(predicted, masks, names.length)),
      answers: { ...calibrationOf(some.probabilities, some.labels), of: 'pixels', confusion },
      sections: [
        { heading: 'Overlap by class', body: overlapChart(predicted, masks, names) },
        { heading: 'Where it is unsure', body: doubtTable({ images, masks, predicted, confidence }) },
      ],
    },
  };
}

interface PixelAnswers {
  /** [n, height, width]. */
  readonly predicted: NDArray<'uint8'>;
  /** Of the predicted class, in 255ths, [n, 1, height, width]. */
  readonly confidence: NDArray<'uint8'>;
  /** Probabilities [pixels, classes] of pixels evenly taken, with their classes [pixels]. */
  readonly some: { readonly probabilities: NDArray; readonly labels: NDArray };
}

async function answered(
  infer: PictureModel<never>['infer'],
  variables: Arrays,
  { images, masks }: Scenes,
  batchSize: number,
): Promise<PixelAnswers> {
  const [n, height, width] = masks.shape;
  const every = Math.max(1, Math.ceil((n * height * width) / calibratedPixels));
  // No divisor of the width, or always the same columns would be taken.
  const stride = every > 1 && width % every === 0 ? every + 1 : every;
  const answer = compile(
    (weights: Tensors, x: Tensor, y: Tensor) => {
      const probabilities = infer(weights, inUnitRange(x)).softmax(1);
      const pixels = probabilities.moveAxis(1, -1).reshape([-1, probabilities.shape[1]]);
      const taken: [number, number, number][] = [[0, pixels.shape[0], stride]];
      return {
        predicted: probabilities.argmax(1).cast('uint8'),
        confidence: probabilities.max(1, { keepDims: true }).mul(255).round().cast('uint8'),
        probabilities: pixels.slice(taken),
        labels: y.reshape([-1]).cast('int32').slice(taken),
      };
    },
    { name: 'answers', argumentNames: ['variables', 'images', 'masks'] },
  );
  const { predicted, confidence, probabilities, labels } = await overBatches(
    rowsInOrder({ images, masks }, batchSize),
    ({ images: x, masks: y }) => answer(variables as never, x, y),
  );
  await answer.release();
  return { predicted, confidence, some: { probabilities, labels } } as PixelAnswers;
}

function overlapChart(predicted: NDArray, masks: NDArray, names: readonly string[]): string {
  const bars = classCounts(predicted, masks, { classes: names.length }).map((c, label) => ({
    name: names[label],
    value: c.truePositives / Math.max(1, c.truePositives + c.falsePositives + c.falseNegatives),
  }));
  const chart = barChart(bars, {
    title: 'Intersection over union by class',
    x: 'intersection over union (share of pixels)',
  });
  return `<p>Of all pixels of the test set that are of a class or were taken for it, the share that are both.</p><div class="charts"><figure>${chart}</figure></div>`;
}

/** Scenes with the confidence of each pixel, those with the most wrong pixels first. */
function doubtTable({
  images,
  masks,
  predicted,
  confidence,
}: Pick<Scenes, 'images' | 'masks'> & Pick<PixelAnswers, 'predicted' | 'confidence'>): string {
  const [n, height, width] = masks.shape;
  const size = height * width;
  const wrong = new Uint8Array(n * size);
  const errors = Array.from({ length: n }, (_, i) => {
    const of = ({ data }: NDArray<'uint8'>) => data.subarray(i * size, (i + 1) * size);
    wrong.set(wrongPixels(of(masks), of(predicted), height, width).data, i * size);
    return of(masks).filter((label, at) => label !== of(predicted)[at]).length;
  });
  const shown = worstFirst(errors, 8);
  const columns = [
    { name: 'scene', images },
    { name: 'confidence', images: confidence },
    { name: 'wrong (black)', images: { data: wrong, shape: [n, 1, height, width], dtype: 'uint8' } as const },
  ];
  return pictureTable(
    columns.map(({ name, images: all }) => ({ name, images: rowsAt({ all }, shown).all })),
    'Scenes of the test set, those with the most wrong pixels first, with the probability of the predicted class: white is sure, the darker the less.',
  );
}
