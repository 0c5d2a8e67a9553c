import type { NDArray } from '../../tensor/index.js';
import { bytesOf } from '../images/pictures.js';

/** Depths as grey pixels, bright where they are small. */
export const nearness = (depths: NDArray): NDArray<'uint8'> =>
  bytesOf({ ...depths, data: (depths.data as Float32Array).map((d) => 1.5 / d) });
