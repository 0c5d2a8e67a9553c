import { checkDataset, type Dataset } from '../dataset.js';
import { gaussianBlur, pixelate } from './blur.js';
import type { Corruption, CorruptionOptions } from './images.js';
import { brightness, contrast } from './light.js';
import { gaussianNoise, impulseNoise, shotNoise, speckleNoise } from './noise.js';

/**
 * Corruptions of small pictures by name, as in the benchmark of common corruptions, with the strengths that it has for CIFAR-10 (CIFAR-10-C):
 * what test sets are put through to see how a model stands a change of its inputs. Hendrycks and Dietterich 2019. Bytes are rounded, where the
 * benchmark cuts them off.
 */
export const corruptions = {
  gaussianNoise,
  shotNoise,
  impulseNoise,
  speckleNoise,
  gaussianBlur,
  pixelate,
  contrast,
  brightness,
} as const satisfies Record<string, Corruption>;

export type CorruptionName = keyof typeof corruptions;

/**
 * A data set whose pictures went through a corruption.
 *
 * @param name of {@link corruptions}.
 * @throws RangeError for a name or severity that is none.
 */
export function corrupted(dataset: Dataset, name: CorruptionName, options: CorruptionOptions): Dataset {
  checkDataset('corrupted', dataset);
  if (!Object.hasOwn(corruptions, name))
    throw new RangeError(
      `corrupted: no corruption is called ${name}; there are ${Object.keys(corruptions).join(', ')}`,
    );
  const images = corruptions[name](dataset.images, options);
  return { ...dataset, name: `${dataset.name}, ${name} ${options.severity}`, images };
}
