import { imageAugmentations } from '../options/augmentations.js';
import type { Choice } from '../options/choice.js';
import type { PictureAugmentation } from './model.js';

/** Those of {@link imageAugmentations} that leave everything in its place, so that masks, boxes and strings stay right. */
const inPlace = ['cutout', 'diffJpeg', 'randomBrightness', 'randomContrast', 'randomErasing', 'randomJpeg'] as const;

export const pictureAugmentations: Readonly<Record<string, Choice<PictureAugmentation>>> = Object.fromEntries(
  inPlace.map((name) => {
    const { schema, make } = imageAugmentations[name];
    const changing = (options: Record<string, unknown>): PictureAugmentation => {
      const change = make(options);
      return ({ images, examples }, key) => ({ images: change({ images, targets: [] }, key).images, examples });
    };
    return [name, { schema, make: changing }];
  }),
);
