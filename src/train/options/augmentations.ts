import { z } from 'zod';
import {
  cutMix,
  cutout,
  diffJpeg,
  exactArithmetic,
  generalMixup,
  type Mixture,
  midpointMixup,
  mixup,
  randomAffine,
  randomBrightness,
  randomContrast,
  randomCrop,
  randomErasing,
  randomHorizontalFlip,
  randomJpeg,
  softArithmetic,
  straightThroughArithmetic,
} from '../../augment/index.js';
import { foldIn } from '../../runtime/random/index.js';
import type { Tensor } from '../../tensor/index.js';
import { type Choice, choice } from './choice.js';

/** A batch on its way to the loss. */
export interface AugmentedBatch {
  /** [n, channels, height, width] in [0, 1]. */
  readonly images: Tensor;
  /** What the images show: labels [n], each with its share of the loss, a number; shares sum to 1. One before anything is mixed. */
  readonly targets: readonly { readonly labels: Tensor; readonly share: Tensor | number }[];
}

export type BatchAugmentation = (batch: AugmentedBatch, key: Tensor) => AugmentedBatch;

const ofImages =
  (fn: (images: Tensor, key: Tensor) => Tensor): BatchAugmentation =>
  ({ images, targets }, key) => ({ images: fn(images, key), targets });

/** Every target is split in two: what was there, and the same of the partners. */
const mixing =
  (fn: (images: Tensor, key: Tensor) => Mixture): BatchAugmentation =>
  ({ images, targets }, key) => {
    const { x, partner, share } = fn(images, key);
    const mixed = targets.flatMap(({ labels, share: s }) => [
      { labels, share: share.mul(s) },
      { labels: labels.gather(partner), share: share.neg().add(1).mul(s) },
    ]);
    return { images: x, targets: mixed };
  };

/** What takes colours in [0, 255], of images of 1 channel or 3 in [0, 1]. */
const ofBytes =
  (fn: (images: Tensor) => Tensor) =>
  (images: Tensor): Tensor => {
    const [n, channels, height, width] = images.shape;
    const changed = fn(images.mul(255).broadcastTo([n, 3, height, width]))
      .div(255)
      .clip(0, 1);
    return channels === 3 ? changed : changed.mean(1, { keepDims: true });
  };

const arithmetics = {
  soft: softArithmetic,
  straightThrough: straightThroughArithmetic,
  exact: exactArithmetic,
} as const;

const range = z.tuple([z.number(), z.number()]).optional();
const probability = z.number().min(0).max(1).optional();
const fill = z.number().optional();
const pixels = z.number().int().positive();

/** Options of what moves things. */
export const movingOptions = {
  cutMix: { alpha: z.number().min(0).optional() },
  randomAffine: {
    rotation: range,
    translation: range,
    scale: range,
    shear: range,
    border: z.enum(['zeros', 'border', 'reflection']).optional(),
  },
  randomCrop: {
    padding: z.number().int().min(0).optional(),
    border: z.enum(['zeros', 'reflect', 'replicate']).optional(),
  },
  randomHorizontalFlip: { probability },
} as const;

/** What changes images one by one, by the names of their functions; each takes its function's options. */
export const imageAugmentations: Readonly<Record<string, Choice<BatchAugmentation>>> = {
  cutout: choice({ size: pixels, fill }, (options) => ofImages((x, k) => cutout(x, k, options))),
  // At one quality for all, where randomJpeg draws one for each.
  diffJpeg: choice(
    {
      quality: z.number().min(1).max(99).optional(),
      arithmetic: z.enum(['soft', 'straightThrough', 'exact']).optional(),
    },
    ({ quality = 50, arithmetic = 'soft' }) =>
      ofImages(ofBytes((x) => diffJpeg(x, quality, { arithmetic: arithmetics[arithmetic] }))),
  ),
  randomAffine: choice(movingOptions.randomAffine, (options) => ofImages((x, k) => randomAffine(x, k, options))),
  randomBrightness: choice({ factor: range }, (options) => ofImages((x, k) => randomBrightness(x, k, options))),
  randomContrast: choice({ factor: range }, (options) => ofImages((x, k) => randomContrast(x, k, options))),
  randomCrop: choice(movingOptions.randomCrop, (options) => ofImages((x, k) => randomCrop(x, k, options))),
  randomErasing: choice({ probability, area: range, aspect: range, fill }, (options) =>
    ofImages((x, k) => randomErasing(x, k, options)),
  ),
  randomHorizontalFlip: choice(movingOptions.randomHorizontalFlip, (options) =>
    ofImages((x, k) => randomHorizontalFlip(x, k, options)),
  ),
  randomJpeg: choice({ quality: range }, (options) => ofImages((x, k) => randomJpeg(x, k, options))),
};

/** All that training images with their labels can go through: what changes each of them, and what mixes them with one another. */
export const augmentations: Readonly<Record<string, Choice<BatchAugmentation>>> = {
  cutMix: choice(movingOptions.cutMix, (options) => mixing((x, k) => cutMix(x, k, options))),
  generalMixup: choice(
    { examples: z.number().int().positive().optional(), alpha: z.number().positive().optional() },
    (options) =>
      ({ images, targets }, key) => {
        const { x, partners, shares } = generalMixup(images, key, options);
        const each = Array.from({ length: partners.shape[0] }, (_, r) => [partners.at(r), shares.at(r)] as const);
        const mixed = targets.flatMap(({ labels, share }) =>
          each.map(([partner, own]) => ({ labels: labels.gather(partner), share: own.mul(share) })),
        );
        return { images: x, targets: mixed };
      },
  ),
  midpointMixup: choice({}, () => mixing(midpointMixup)),
  mixup: choice({ alpha: z.number().min(0).optional() }, (options) => mixing((x, k) => mixup(x, k, options))),
  ...imageAugmentations,
};

/** A batch after all augmentations, one after the other, each with randomness of its own. */
export function augmented(
  steps: readonly BatchAugmentation[],
  images: Tensor,
  labels: Tensor,
  key: Tensor,
): AugmentedBatch {
  const batch: AugmentedBatch = { images, targets: [{ labels, share: 1 }] };
  return steps.reduce((b, step, i) => step(b, foldIn(key, i)), batch);
}

/** Of something that depends on labels, the mean over targets by their shares: a loss, or the share of right predictions. */
export function overTargets({ targets }: Pick<AugmentedBatch, 'targets'>, fn: (labels: Tensor) => Tensor): Tensor {
  return targets.map(({ labels, share }) => fn(labels).mul(share)).reduce((a, b) => a.add(b));
}
