import { z } from 'zod';
import { diffJpeg, straightThroughArithmetic } from '../../augment/index.js';
import { type CorruptionName, corruptions, type Images } from '../../data/index.js';
import type { Key } from '../../runtime/random/index.js';
import type { Tensor } from '../../tensor/index.js';
import { imageAugmentations } from '../options/augmentations.js';
import { type Choice, choice } from '../options/choice.js';

/** What an image goes through before a model sees it: once and for all, in the data; or drawn anew at every step. */
export type Degradation =
  | { readonly once: (images: Images, key: Key) => Images }
  | { readonly drawn: (images: Tensor, key: Tensor) => Tensor };

/** Grey images as coloured ones through something that takes only these. */
const inColour =
  (fn: (images: Tensor, key: Tensor) => Tensor) =>
  (images: Tensor, key: Tensor): Tensor => {
    if (images.shape[1] !== 1) return fn(images, key);
    const [n, , height, width] = images.shape;
    return fn(images.broadcastTo([n, 3, height, width]), key).mean(1, { keepDims: true });
  };

/** JPEG of a fixed quality as it is, but with a slope, of images in [0, 1]. */
const jpeg = (quality: number) =>
  inColour((images) => diffJpeg(images.mul(255), quality, { arithmetic: straightThroughArithmetic }).div(255));

const jpegQuality = { quality: z.number().min(1).max(99).optional() };

const ofAugmentation = (name: string, wrap = (fn: (images: Tensor, key: Tensor) => Tensor) => fn) => {
  const { schema, make } = imageAugmentations[name];
  return {
    schema,
    make: (options: Record<string, unknown>): Degradation => {
      const augment = make(options);
      return { drawn: wrap((images, key) => augment({ images, targets: [] }, key).images) };
    },
  };
};

/**
 * What the inputs of a model that restores images go through, by the names of the functions: the corruptions of `cotangent/data` with their `severity`
 * from 1 to 5 (default 3), once and for all; and what is drawn anew at every step. JPEG takes grey images as coloured ones.
 */
export const degradations: Readonly<Record<string, Choice<Degradation>>> = {
  ...Object.fromEntries(
    (Object.keys(corruptions) as CorruptionName[]).map((name): [string, Choice<Degradation>] => [
      name,
      choice({ severity: z.number().int().min(1).max(5).optional() }, ({ severity = 3 }) => ({
        once: (images, key) => corruptions[name](images, { severity: severity as 1, key }),
      })),
    ]),
  ),
  cutout: ofAugmentation('cutout'),
  diffJpeg: choice(jpegQuality, ({ quality = 20 }) => ({ drawn: jpeg(quality) })),
  randomErasing: ofAugmentation('randomErasing'),
  randomJpeg: ofAugmentation('randomJpeg', inColour),
};

/** What images that a model made go through before the loss sees them; a gradient flows back through it. */
export type Transmission = (images: Tensor) => Tensor;

/** Transmissions by the names of their functions. */
export const transmissions: Readonly<Record<string, Choice<Transmission>>> = {
  diffJpeg: choice(jpegQuality, ({ quality = 20 }) => {
    const through = jpeg(quality);
    return (images) => through(images, images);
  }),
};
