import { cutMix, randomAffine, randomCrop, randomHorizontalFlip } from '../../augment/index.js';
import type { NDArray, Tensor } from '../../tensor/index.js';
import { movingOptions } from '../options/augmentations.js';
import { type Choice, choice } from '../options/choice.js';
import { pictureAugmentations } from '../scenes/augmentations.js';
import type { Changed, PictureExamples } from '../scenes/model.js';

export interface MaskExamples extends PictureExamples {
  /** Classes of pixels, [n, height, width]. */
  readonly masks: NDArray<'uint8'>;
}

/** Changes pictures, and masks with them where things move. */
export type MaskAugmentation = (changed: Changed<MaskExamples>, key: Tensor) => Changed<MaskExamples>;

/** The class of pixels that come in from outside of a picture, where there was no mask. */
export const outside = -1;

type Move = (images: Tensor, key: Tensor) => Tensor;

/** What moves pictures and masks alike, by the same draws. */
const alike =
  (move: Move, moveMasks: Move = move): MaskAugmentation =>
  ({ images, examples }, key) => {
    // Classes are counted from 1 meanwhile: 0 is what comes from outside.
    const planes = examples.masks.cast(images.dtype).add(1).expandDims(1);
    const masks = moveMasks(planes, key).squeeze(1).sub(1).cast('int32');
    return { images: move(images, key), examples: { ...examples, masks } };
  };

/** What moves things, by the names of its functions; each takes its function's options. */
export const movingAugmentations: Readonly<Record<string, Choice<MaskAugmentation>>> = {
  // A box of another picture, with its mask.
  cutMix: choice(movingOptions.cutMix, (options) => alike((x, k) => cutMix(x, k, options).x)),
  randomAffine: choice(movingOptions.randomAffine, (options) =>
    alike(
      (x, k) => randomAffine(x, k, options),
      (x, k) => randomAffine(x, k, { ...options, interpolation: 'nearest' }),
    ),
  ),
  randomCrop: choice(movingOptions.randomCrop, (options) => alike((x, k) => randomCrop(x, k, options))),
  randomHorizontalFlip: choice(movingOptions.randomHorizontalFlip, (options) =>
    alike((x, k) => randomHorizontalFlip(x, k, options)),
  ),
};

/** All that training pictures with their masks can go through. */
export const maskAugmentations: Readonly<Record<string, Choice<MaskAugmentation>>> = {
  ...pictureAugmentations,
  ...movingAugmentations,
};
