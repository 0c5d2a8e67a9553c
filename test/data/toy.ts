import type { Dataset } from '../../src/data/index.js';
import { ndarray } from '../../src/index.js';

/** 23 images [1, 2, 2], whose pixel k is 4 i + k, of three classes. */
export const toy: Dataset = {
  name: 'toy',
  images: ndarray(
    Uint8Array.from({ length: 23 * 4 }, (_, i) => i),
    { shape: [23, 1, 2, 2] },
  ),
  labels: ndarray(Int32Array.from({ length: 23 }, (_, i) => i % 3)),
  classes: ['a', 'b', 'c'],
};
