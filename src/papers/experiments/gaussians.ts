import { foldIn, type Key, normal, randint, uniform } from '../../runtime/random/index.js';
import type { NDArray } from '../../tensor/index.js';

/** Examples with classes: points x [n, d] (or images), labels [n]. */
export interface Labelled {
  readonly x: NDArray<'float32'>;
  readonly y: NDArray<'int32'>;
}

export interface GaussianOptions {
  readonly classes: number;
  readonly dimension: number;
  /** Class means are random directions of this length, or, with `spread`, normal with this deviation in each coordinate. */
  readonly radius?: number;
  readonly spread?: number;
  readonly train: number;
  readonly test: number;
  /** Share of the training labels replaced by one of the other classes, each equally likely. Default 0. */
  readonly labelNoise?: number;
}

/** Classes with normal points of unit deviation around their means; training labels may be noisy, test labels never are. */
export function gaussianClasses(
  key: Key,
  options: GaussianOptions,
): { readonly train: Labelled; readonly test: Labelled } {
  const { classes, dimension, radius, spread = 1, train, test, labelNoise = 0 } = options;
  const means = normal(foldIn(key, 0), [classes, dimension]).data.map((v) => v * (radius === undefined ? spread : 1));
  if (radius !== undefined) {
    for (let c = 0; c < classes; c++) {
      const row = means.subarray(c * dimension, (c + 1) * dimension);
      const length = Math.hypot(...row);
      row.forEach((v, i) => {
        row[i] = (v / length) * radius;
      });
    }
  }
  const drawn = (k: Key, n: number): Labelled => {
    const y = randint(foldIn(k, 0), [n], { high: classes });
    const x = normal(foldIn(k, 1), [n, dimension]);
    x.data.forEach((v, i) => {
      x.data[i] = v + means[y.data[Math.floor(i / dimension)] * dimension + (i % dimension)];
    });
    return { x, y };
  };
  const clean = drawn(foldIn(key, 1), train);
  return {
    train: { x: clean.x, y: withLabelNoise(clean.y, { classes, share: labelNoise, key: foldIn(key, 3) }) },
    test: drawn(foldIn(key, 2), test),
  };
}

/** Labels of which each is, with the given probability, one of the other classes. */
export function withLabelNoise(
  labels: NDArray<'int32'>,
  { classes, share, key }: { readonly classes: number; readonly share: number; readonly key: Key },
): NDArray<'int32'> {
  const [n] = labels.shape;
  const flips = uniform(foldIn(key, 0), [n]).data;
  const shifts = randint(foldIn(key, 1), [n], { low: 1, high: classes }).data;
  const data = labels.data.map((y, i) => (flips[i] < share ? (y + shifts[i]) % classes : y));
  return { data, shape: labels.shape, dtype: 'int32' };
}
