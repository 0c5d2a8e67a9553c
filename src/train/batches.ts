import { type Columns, type Dataset, type LoaderOptions, loader, rowLoader } from '../data/index.js';
import { type Key, key } from '../runtime/random/index.js';
import { allocate, type NDArray } from '../tensor/index.js';
import type { Batches } from './loop.js';
import type { Examples } from './step.js';

export interface BatchOptions {
  readonly batchSize: number;
  readonly key: Key;
}

/** Labelled images on their way to a model. */
export interface ImageExamples extends Examples {
  /** [n, channels, height, width], in [0, 1] unless they are normalised. */
  readonly images: NDArray<'float32'>;
  /** [n] */
  readonly labels: NDArray<'int32'>;
}

/** Whole batches of images to train on. */
export const imageBatches = (dataset: Dataset, options: BatchOptions): Batches<ImageExamples> =>
  withoutCount(dataset, { ...options, last: 'drop' });

/** Images in their order, the last batch as it comes. Made as they are asked for: a thread of its own would have to be given all images anew. */
export const imagesInOrder = (dataset: Dataset, batchSize: number, last: 'keep' | 'drop' = 'keep') =>
  withoutCount(dataset, { batchSize, key: key(0), shuffle: false, last, prefetch: 0 });

/** The batches of a loader; a step takes arrays only. */
export function withoutCount(dataset: Dataset, options: LoaderOptions): Batches<ImageExamples> {
  const batches = loader(dataset, options);
  return {
    ...batches,
    async *epoch(epoch, from) {
      for await (const { images, labels, indices } of batches.epoch(epoch, from)) yield { images, labels, indices };
    },
  };
}

/** Whole batches of rows to train on, with their places. */
export const rowBatches = <C extends Columns>(columns: C, options: BatchOptions): Batches<C & Examples> =>
  rowLoader(placed(columns), { ...options, last: 'drop' });

/** Rows in their order, the last batch as it comes. */
export const rowsInOrder = <C extends Columns>(columns: C, batchSize: number): Batches<C & Examples> =>
  rowLoader(placed(columns), { batchSize, key: key(0), shuffle: false, last: 'keep' });

/** Rows with `indices`, where each stands. */
export function placed<C extends Columns>(columns: C): C & Examples {
  const n = Object.values(columns)[0]?.shape[0] ?? 0;
  const indices: NDArray = { data: Int32Array.from({ length: n }, (_, i) => i), shape: [n], dtype: 'int32' };
  return { ...columns, indices };
}

/** What a function says of all batches, its rows joined. The batches are closed. */
export async function overBatches<B, C extends Columns>(batches: Batches<B>, fn: (batch: B) => Promise<C>): Promise<C> {
  const parts: C[] = [];
  for await (const batch of batches.epoch(0, { startBatch: 0 })) parts.push(await fn(batch));
  await batches.close();
  return Object.fromEntries(
    Object.keys(parts[0]).map((name) => [name, joinedRows(parts.map((part) => part[name]))]),
  ) as unknown as C;
}

/** Arrays that are alike but for the number of their rows, as one. */
export function joinedRows<A extends NDArray>(parts: readonly A[]): A {
  const [{ dtype, shape }] = parts;
  const rows = parts.reduce((sum, part) => sum + part.shape[0], 0);
  const data = allocate(
    dtype,
    parts.reduce((sum, part) => sum + part.data.length, 0),
  );
  let at = 0;
  for (const part of parts) {
    data.set(part.data as never, at);
    at += part.data.length;
  }
  return { data, shape: [rows, ...shape.slice(1)], dtype } as unknown as A;
}

/** The mean of numbers. */
export const meanOf = ({ data }: NDArray): number =>
  (data as Float32Array).reduce((sum, value) => sum + value, 0) / data.length;
