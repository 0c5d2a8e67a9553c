import { z } from 'zod';
import {
  binaryCrossEntropyWithLogits,
  featureReconstruction,
  gradientLoss,
  type MsSsimOptions,
  msSsimL1Loss,
  msSsimLoss,
  photometricLoss,
  pixelwiseMsSsim,
  ssimLoss,
} from '../../losses/index.js';
import type { Tensor } from '../../tensor/index.js';
import { type Choice, choice } from '../options/choice.js';
import { regressionLosses } from '../regression/losses.js';
import { featureOptions, featuresOf } from './features.js';

/** What a model makes of a batch of images. */
export interface Drawn {
  /** [n, channels, height, width], without bounds. */
  readonly logits: Tensor;
  /** Their sigmoid: pixels in [0, 1]. */
  readonly images: Tensor;
}

/** From images that a model made and those that it should have, [n, channels, height, width] in [0, 1], to the loss of each, [n]. */
export type ImageLoss = (drawn: Drawn, targets: Tensor) => Tensor;

/** The mean of each image, [n], of a loss that has one number for each, or for each pixel. */
export const perImage = (loss: Tensor): Tensor => (loss.rank > 1 ? loss.flatten(1).mean(-1) : loss);

/** A loss of pixels in [0, 1] whose function gives a number for each image or pixel. */
const ofPixels =
  (loss: (predictions: Tensor, targets: Tensor) => Tensor): ImageLoss =>
  ({ images }, targets) =>
    perImage(loss(images, targets));

const none = { reduction: 'none' } as const;
const factor = z.number().min(0).optional();
const share = z.number().min(0).max(1).optional();
const window = {
  windowSize: z.number().int().positive().optional(),
  sigma: z.number().positive().optional(),
  k1: factor,
  k2: factor,
};
const scales = { ...window, weights: z.array(z.number().min(0)).min(1).optional() };

/**
 * Options for images of this size: those given, where any is; the functions' own where five scales of window 11 fit, else three scales of window 5,
 * which suit 32 x 32 pixels.
 */
function fitting<O extends MsSsimOptions>(options: O, { shape }: Tensor): O {
  const given = options.windowSize ?? options.sigma ?? options.weights;
  if (given !== undefined || Math.min(shape[2], shape[3]) >= 176) return options;
  return { ...options, windowSize: 5, sigma: 1, weights: [0.0711, 0.453, 0.476] };
}

/** Losses of pixels by their errors, of a whole image its mean. */
const ofErrors = Object.fromEntries(
  Object.entries(regressionLosses).map(([name, { schema, make }]): [string, Choice<ImageLoss>] => [
    name,
    { schema, make: (options) => ofPixels((p, y) => make(options)(p, y, none)) },
  ]),
);

/** The losses that models which make images can be trained with, by the names of their functions; each takes its function's options. */
export const imageLosses: Readonly<Record<string, Choice<ImageLoss>>> = {
  ...ofErrors,
  binaryCrossEntropyWithLogits: choice(
    {},
    () =>
      ({ logits }, targets) =>
        perImage(binaryCrossEntropyWithLogits(logits, targets, none)),
  ),
  featureReconstruction: choice(featureOptions, (options) => {
    const { pixelWeight = 0 } = options;
    const features = featuresOf(options);
    return ({ images }, targets) => {
      const loss = featureReconstruction(features(images), features(targets), { weights: options.weights, ...none });
      return pixelWeight === 0 ? loss : loss.add(perImage(images.sub(targets).square()).mul(pixelWeight));
    };
  }),
  gradientLoss: choice({ scales: z.number().int().positive().optional() }, (options) =>
    ofPixels((p, y) => gradientLoss(p, y, { ...options, ...none })),
  ),
  msSsimL1Loss: choice({ ...scales, alpha: share }, (options) =>
    ofPixels((p, y) => msSsimL1Loss(p, y, { ...fitting(options, p), ...none })),
  ),
  msSsimLoss: choice(scales, (options) => ofPixels((p, y) => msSsimLoss(p, y, { ...fitting(options, p), ...none }))),
  photometricLoss: choice({ alpha: share }, (options) =>
    ofPixels((p, y) => photometricLoss(p, y, { ...options, ...none })),
  ),
  pixelwiseMsSsim: choice(scales, (options) =>
    ofPixels((p, y) => pixelwiseMsSsim(p, y, fitting(options, p)).neg().add(1)),
  ),
  ssimLoss: choice(window, (options) => ofPixels((p, y) => ssimLoss(p, y, { ...options, ...none }))),
};
