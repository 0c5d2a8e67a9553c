import { backgroundAssembler } from '#assembler';
import { foldIn, type Key, permutation } from '../runtime/random/index.js';
import type { NDArray } from '../tensor/index.js';
import { type Assembled, type Assembler, inlineAssembler } from './assembler.js';
import { checkDataset, type Dataset } from './dataset.js';
import { type PixelNormalization, pixelValues } from './normalization.js';

export interface LoaderOptions extends PixelNormalization {
  readonly batchSize: number;
  /** The order of epoch e is drawn from this key and e. */
  readonly key: Key;
  /** Default true. */
  readonly shuffle?: boolean;
  /**
   * A last batch that is smaller: kept; dropped; or filled up with samples from the start of the epoch, so that every batch has the
   * same shape and `valid` tells how many count. Default `keep`.
   */
  readonly last?: 'keep' | 'drop' | 'pad';
  /** Batches made ahead of time, in the background; 0 makes each when it is asked for. Default 2. */
  readonly prefetch?: number;
}

export interface Batch {
  /** [b, channels, height, width], in [0, 1] unless `mean` or `deviation` was given. */
  readonly images: NDArray<'float32'>;
  /** [b] */
  readonly labels: NDArray<'int32'>;
  /** Where each sample stands in the data set, [b]. */
  readonly indices: NDArray<'int32'>;
  /** How many samples, from the first on, count: b, but for a last batch that was filled up. */
  readonly valid: number;
}

export interface Loader {
  readonly batchesPerEpoch: number;
  /**
   * The batches of one epoch in order, from `startBatch` (default 0) on: those before it are skipped without being made.
   *
   * @throws RangeError when `epoch` is no non-negative integer or `startBatch` is not in [0, batchesPerEpoch].
   */
  epoch(epoch: number, options?: { readonly startBatch?: number }): AsyncGenerator<Batch, void, undefined>;
  /** Ends the background thread; an epoch that is under way fails, a new one starts another. Calling it twice does no harm. */
  close(): Promise<void>;
}

/**
 * Batches of a data set, epoch by epoch, in an order that follows from the key alone: that of epoch e is
 * permutation(foldIn(key, e), n), whatever was read before.
 *
 * One background thread serves all epochs; leaving an epoch early is safe, and the thread never keeps the process alive.
 *
 * @throws RangeError when the options leave no batch, or images, labels and normalisation do not fit together.
 */
export function loader(dataset: Dataset, options: LoaderOptions): Loader {
  const { batchSize, key, shuffle = true, last = 'keep', prefetch = 2, mean, deviation } = options;
  checkDataset('loader', dataset);
  const [n, channels, ...plane] = dataset.images.shape;
  if (!Number.isInteger(batchSize) || batchSize < 1)
    throw new RangeError(`loader: batchSize ${batchSize} must be a positive integer`);
  if (!Number.isInteger(prefetch) || prefetch < 0)
    throw new RangeError(`loader: prefetch ${prefetch} must be a non-negative integer`);
  const batchesPerEpoch = last === 'drop' ? Math.floor(n / batchSize) : Math.ceil(n / batchSize);
  if (batchesPerEpoch === 0)
    throw new RangeError(`loader: ${dataset.name} has ${n} samples, too few for a batch of ${batchSize}`);
  const samples = {
    images: dataset.images.data,
    labels: dataset.labels.data,
    channels,
    plane: plane.reduce((a, b) => a * b, 1),
    values: pixelValues('loader', channels, { mean, deviation }),
  };
  let current: Assembler | undefined;

  async function* batches(epoch: number, startBatch: number): AsyncGenerator<Batch, void, undefined> {
    current ??= prefetch > 0 ? backgroundAssembler(samples) : inlineAssembler(samples);
    // This epoch's own: another may have taken its place when `close` was called meanwhile.
    const assembler = current;
    const order = shuffle ? permutation(foldIn(key, epoch), n).data : Int32Array.from({ length: n }, (_, i) => i);
    const indicesOf = (batch: number) => {
      const start = batch * batchSize;
      const length = last === 'pad' ? batchSize : Math.min(batchSize, n - start);
      return Int32Array.from({ length }, (_, i) => order[(start + i) % n]);
    };
    const pending: { indices: Int32Array; made: Promise<Assembled> }[] = [];
    const request = (batch: number) => {
      const indices = indicesOf(batch);
      const made = assembler.assemble(indices);
      // Whoever stops early never awaits what was made ahead.
      made.catch(() => {});
      pending.push({ indices, made });
    };
    let requested = startBatch;
    for (let batch = startBatch; batch < batchesPerEpoch; batch++) {
      while (requested < batchesPerEpoch && requested <= batch + prefetch) request(requested++);
      const { indices, made } = pending.shift() as (typeof pending)[number];
      const { images, labels } = await made;
      const b = indices.length;
      yield {
        images: { data: images, shape: [b, channels, ...plane], dtype: 'float32' },
        labels: { data: labels, shape: [b], dtype: 'int32' },
        indices: { data: indices, shape: [b], dtype: 'int32' },
        valid: Math.min(batchSize, n - batch * batchSize),
      };
    }
  }

  return {
    batchesPerEpoch,
    epoch(epoch, { startBatch = 0 } = {}) {
      if (!Number.isSafeInteger(epoch) || epoch < 0)
        throw new RangeError(`loader: epoch ${epoch} must be a non-negative integer`);
      if (!Number.isInteger(startBatch) || startBatch < 0 || startBatch > batchesPerEpoch)
        throw new RangeError(`loader: startBatch ${startBatch} must be an integer from 0 to ${batchesPerEpoch}`);
      return batches(epoch, startBatch);
    },
    close: async () => {
      const closing = current;
      current = undefined;
      await closing?.close();
    },
  };
}
