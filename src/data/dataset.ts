import { type NDArray, showShape } from '../tensor/index.js';

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

/** @throws RangeError naming `who` unless there are as many labels as images of four axes. */
export function checkDataset(who: string, { name, images, labels }: Dataset): void {
  if (images.shape.length !== 4 || labels.shape.length !== 1 || images.shape[0] !== labels.shape[0])
    throw new RangeError(
      `${who}: ${name} must have images [n, channels, height, width] and labels [n], not ${showShape(images.shape)} and ${showShape(labels.shape)}`,
    );
}

/** The samples at `indices`, in that order. @throws RangeError when an index is fractional or out of range. */
export function subset(dataset: Dataset, indices: ArrayLike<number>): Dataset {
  checkDataset('subset', dataset);
  const [n, ...shape] = dataset.images.shape;
  const size = shape.reduce((a, b) => a * b, 1);
  const images = new Uint8Array(indices.length * size);
  const labels = new Int32Array(indices.length);
  for (let i = 0; i < indices.length; i++) {
    const at = indices[i];
    if (!Number.isInteger(at)) throw new RangeError(`subset: index ${at} must be an integer`);
    if (at < 0 || at >= n)
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

/** The first `count` samples; all of them when there are no more. @throws RangeError when `count` is no non-negative integer. */
export function head(dataset: Dataset, count: number): Dataset {
  if (!Number.isInteger(count) || count < 0)
    throw new RangeError(`head: count ${count} must be a non-negative integer`);
  const n = Math.min(count, dataset.labels.shape[0]);
  return subset(
    dataset,
    Array.from({ length: n }, (_, i) => i),
  );
}
