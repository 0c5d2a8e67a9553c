import { z } from 'zod';
import {
  boundaryLabelSmoothing,
  crossEntropy,
  diceLoss,
  diceSemimetricLoss,
  focalTverskyLoss,
  jaccardLoss,
  jaccardMetricLoss,
  jaccardMetricLoss2,
  lovaszHinge,
  lovaszSoftmax,
  tverskyLoss,
} from '../../losses/index.js';
import { reduce, reduceShares } from '../../losses/reduction.js';
import { type Tensor, zeros } from '../../tensor/index.js';
import { type Counts, counted, countOptions, onTrial } from '../classification/counts.js';
import { type ClassifierLoss, classifierLosses } from '../classification/losses.js';
import { type Choice, type Chosen, choice, made } from '../options/choice.js';

/** From logits [n, classes, height, width] and labels of pixels [n, height, width] to one number. */
export type SegmentationLoss = ClassifierLoss;

const factor = z.number().min(0).optional();
const overlap = {
  smooth: factor,
  // An image has few of the classes: of those that it has not, no prediction is better than another unless the batch is seen as a whole.
  batch: z.boolean().default(true),
  /** Of cross-entropy, added: the slope of overlaps is nearly none where a model knows nothing yet. */
  crossEntropyWeight: z.number().min(0).default(0),
  ...countOptions,
};
const tversky = { ...overlap, falsePositiveWeight: factor, falseNegativeWeight: factor };

type OverlapChoice = { readonly crossEntropyWeight: number } & Counts;

/** The options of the overlap itself. */
const rest = <O extends OverlapChoice>({ crossEntropyWeight: _, ...options }: O) => options;

/** A loss, with cross-entropy added by its weight. */
const withCrossEntropy = (
  losses: Tensor,
  logits: Tensor,
  targets: Tensor,
  { crossEntropyWeight, weight, ignoreIndex }: OverlapChoice,
): Tensor =>
  crossEntropyWeight === 0
    ? losses
    : losses.add(crossEntropy(logits, targets, { weight, ignoreIndex }).mul(crossEntropyWeight));

/** A loss of overlaps of options of this shape; classes weigh, and pixels are ignored, in the cross-entropy that is added too. */
const ofOverlaps = <S extends typeof overlap>(
  shape: S,
  loss: (
    probabilities: Tensor,
    labels: Tensor,
    options: Omit<z.output<z.ZodObject<S>>, 'crossEntropyWeight' | keyof Counts> & Counts,
  ) => Tensor,
): Choice<SegmentationLoss> =>
  choice(shape, (given) => (logits, labels) => {
    const options = counted(given as z.output<z.ZodObject<typeof overlap>>, logits);
    return withCrossEntropy(loss(logits.softmax(1), labels, rest(options) as never), logits, labels, options);
  });

const metric = {
  ...overlap,
  classes: z.enum(['present', 'all']).optional(),
  /** Share of the label that pixels at a boundary give to all classes, for cross-entropy too. */
  boundarySmoothing: z.number().min(0).max(1).default(0),
};

/** A loss of overlaps that takes soft targets. */
const ofMetric = (name: string, loss: typeof jaccardMetricLoss): Choice<SegmentationLoss> =>
  choice(metric, (given) => (logits, labels) => {
    const { boundarySmoothing: smoothing, ...options } = counted(given, logits);
    if (smoothing > 0 && options.ignoreIndex !== undefined)
      throw new TypeError(`${name}: boundarySmoothing goes without ignoreIndex`);
    const targets = smoothing > 0 ? boundaryLabelSmoothing(labels, { classes: logits.shape[1], smoothing }) : labels;
    return withCrossEntropy(loss(logits.softmax(1), targets, rest(options)), logits, targets, options);
  });

/**
 * The losses of classes of pixels, by the names of their functions: those of classifiers, at each pixel, and those of overlaps, which take their
 * sums over the batch unless `batch=false` says over each image; `crossEntropyWeight` times cross-entropy may be added to those.
 */
export const segmentationLosses: Readonly<Record<string, Choice<SegmentationLoss>>> = {
  ...classifierLosses,
  diceLoss: ofOverlaps(overlap, diceLoss),
  focalTverskyLoss: ofOverlaps({ ...tversky, gamma: z.number().positive().optional() }, focalTverskyLoss),
  jaccardLoss: ofOverlaps(overlap, jaccardLoss),
  diceSemimetricLoss: ofMetric('diceSemimetricLoss', diceSemimetricLoss),
  jaccardMetricLoss: ofMetric('jaccardMetricLoss', jaccardMetricLoss),
  jaccardMetricLoss2: ofMetric('jaccardMetricLoss2', jaccardMetricLoss2),
  // Each class against all others.
  lovaszHinge: choice(countOptions, (options) => (logits, labels) => {
    const { weight, ignoreIndex } = counted(options, logits);
    const rows = (x: Tensor) => x.moveAxis(1, 0).flatten(1);
    const masks = labels.oneHot(logits.shape[1], 'bool').cast(logits.dtype).moveAxis(-1, 1);
    const mask =
      ignoreIndex === undefined
        ? undefined
        : rows(labels.notEqual(ignoreIndex).expandDims(1).broadcastTo(logits.shape));
    const losses = lovaszHinge(rows(logits), rows(masks), { mask, reduction: 'none' });
    return weight ? reduceShares(losses.mul(weight), weight) : reduce(losses);
  }),
  lovaszSoftmax: choice(
    countOptions,
    (options) => (logits, labels) => lovaszSoftmax(logits.softmax(1), labels, counted(options, logits)),
  ),
  tverskyLoss: ofOverlaps(tversky, tverskyLoss),
};

/** Puts a loss in a program of a made-up picture. @throws what the loss throws for its options. */
export function attemptSegmentationLoss(loss: Chosen): void {
  const { chosen, classes } = onTrial(loss);
  made(segmentationLosses, chosen)(zeros([1, Math.max(2, classes), 2, 2]), zeros([1, 2, 2], 'int32'));
}
