import { z } from 'zod';
import {
  crossEntropy,
  diceLoss,
  focalTverskyLoss,
  jaccardLoss,
  lovaszHinge,
  lovaszSoftmax,
  tverskyLoss,
} from '../../losses/index.js';
import type { Tensor } from '../../tensor/index.js';
import { type ClassifierLoss, classifierLosses } from '../classification/losses.js';
import { type Choice, choice } from '../options/choice.js';

/** From logits [n, classes, height, width] and labels of pixels [n, height, width] to one number. */
export type SegmentationLoss = ClassifierLoss;

const factor = z.number().min(0).optional();
const overlap = {
  smooth: factor,
  // An image has few of the classes: of those that it has not, no prediction is better than another unless the batch is seen as a whole.
  batch: z.boolean().default(true),
  /** Of cross-entropy, added: the slope of overlaps is nearly none where a model knows nothing yet. */
  crossEntropyWeight: z.number().min(0).default(0),
};
const tversky = { ...overlap, falsePositiveWeight: factor, falseNegativeWeight: factor };

const ofProbabilities =
  (fn: (probabilities: Tensor, labels: Tensor) => Tensor, crossEntropyWeight = 0): SegmentationLoss =>
  (logits, labels) => {
    const loss = fn(logits.softmax(1), labels);
    return crossEntropyWeight > 0 ? loss.add(crossEntropy(logits, labels).mul(crossEntropyWeight)) : loss;
  };

/**
 * The losses of classes of pixels, by the names of their functions: those of classifiers, at each pixel, and those of overlaps, which take their
 * sums over the batch unless `batch=false` says over each image; `crossEntropyWeight` times cross-entropy may be added to those.
 */
export const segmentationLosses: Readonly<Record<string, Choice<SegmentationLoss>>> = {
  ...classifierLosses,
  diceLoss: choice(overlap, ({ crossEntropyWeight, ...options }) =>
    ofProbabilities((p, y) => diceLoss(p, y, options), crossEntropyWeight),
  ),
  focalTverskyLoss: choice(
    { ...tversky, gamma: z.number().positive().optional() },
    ({ crossEntropyWeight, ...options }) =>
      ofProbabilities((p, y) => focalTverskyLoss(p, y, options), crossEntropyWeight),
  ),
  jaccardLoss: choice(overlap, ({ crossEntropyWeight, ...options }) =>
    ofProbabilities((p, y) => jaccardLoss(p, y, options), crossEntropyWeight),
  ),
  // Each class against all others.
  lovaszHinge: choice({}, () => (logits, labels) => {
    const masks = labels.oneHot(logits.shape[1], 'bool').cast(logits.dtype).moveAxis(-1, 1);
    return lovaszHinge(logits.moveAxis(1, 0).flatten(1), masks.moveAxis(1, 0).flatten(1));
  }),
  lovaszSoftmax: choice({}, () => ofProbabilities(lovaszSoftmax)),
  tverskyLoss: choice(tversky, ({ crossEntropyWeight, ...options }) =>
    ofProbabilities((p, y) => tverskyLoss(p, y, options), crossEntropyWeight),
  ),
};
