import type { NDArray } from '../tensor/index.js';

/** Labelled images, as plain values. */
export interface Dataset {
  readonly name: string;
  /** [n, channels, height, width], 0 to 255. */
  readonly images: NDArray<'uint8'>;
  /** Class index of each image, [n]. */
  readonly labels: NDArray<'int32'>;
  /** Name of each class. */
  readonly classes: readonly string[];
}

/** The samples at `indices`, in that order. @throws RangeError when an index is out of range. */
export function subset(dataset: Dataset, indices: ArrayLike<number>): Dataset {
  const [n, ...shape] = dataset.images.shape;
  const size = shape.reduce((a, b) => a * b, 1);
  const images = new Uint8Array(indices.length * size);
  const labels = new Int32Array(indices.length);
  for (let i = 0; i < indices.length; i++) {
    const at = indices[i];
    if (!(at >= 0 && at < n))
      throw new RangeError(`subset: index ${at} is out of range for the ${n} samples of ${dataset.name}`);
    images.set(dataset.images.data.subarray(at * size, (at + 1) * size), i * size);
    labels[i] = dataset.labels.data[at];
  }
  return {
    ...dataset,
    images: { data: images, shape: [indices.length, ...shape], dtype: 'uint8' },
    labels: { data: labels, shape: [indices.length], dtype: 'int32' },
  };
}

/** The first `count` samples; all of them when there are no more. */
export function head(dataset: Dataset, count: number): Dataset {
  const n = Math.min(count, dataset.labels.shape[0]);
  return subset(
    dataset,
    Array.from({ length: n }, (_, i) => i),
  );
}
