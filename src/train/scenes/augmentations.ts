import { type BatchAugmentation, imageAugmentations } from '../options/augmentations.js';
import type { Choice } from '../options/choice.js';

/** Those of {@link imageAugmentations} that leave everything in its place, so that masks, boxes and strings stay right. */
const inPlace = ['cutout', 'diffJpeg', 'randomBrightness', 'randomContrast', 'randomErasing', 'randomJpeg'] as const;

export const pictureAugmentations: Readonly<Record<string, Choice<BatchAugmentation>>> = Object.fromEntries(
  inPlace.map((name) => [name, imageAugmentations[name]]),
);
