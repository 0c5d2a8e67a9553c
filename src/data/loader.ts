import { backgroundAssembler } from '#assembler';
import { foldIn, type Key, permutation } from '../runtime/random/index.js';
import type { NDArray } from '../tensor/index.js';
import { type Assembled, type Assembler, inlineAssembler, type Samples } from './assembler.js';
import type { Dataset } from './dataset.js';

export interface LoaderOptions {
  readonly batchSize: number;
  /** The order of epoch e is drawn from this key and e. */
  readonly key: Key;
  /** Default true. */
  readonly shuffle?: boolean;
  /** A last batch that is smaller: kept, or dropped. Default `keep`. */
  readonly last?: 'keep' | 'drop';
  /** Batches made ahead of time, in the background; 0 makes each when it is asked for. Default 2. */
  readonly prefetch?: number;
}

export interface Batch {
  /** [b, channels, height, width], in [0, 1]. */
  readonly images: NDArray<'float32'>;
  /** [b] */
  readonly labels: NDArray<'int32'>;
  /** Where each sample stands in the data set, [b]. */
  readonly indices: NDArray<'int32'>;
}

export interface Loader {
  readonly batchesPerEpoch: number;
  /** The batches of one epoch in order, from `startBatch` (default 0) on: those before it are skipped without being made. */
  epoch(epoch: number, options?: { readonly startBatch?: number }): AsyncGenerator<Batch, void, undefined>;
  /** Ends the background thread. Calling it twice does no harm. */
  close(): Promise<void>;
}

/**
 * Batches of a data set, epoch by epoch, in an order that follows from the key alone.
 *
 * @throws RangeError when the options leave no batch.
 */
export function loader(dataset: Dataset, options: LoaderOptions): Loader {
  const { batchSize, key, shuffle = true, last = 'keep', prefetch = 2 } = options;
  const n = dataset.labels.shape[0];
  if (!Number.isInteger(batchSize) || batchSize < 1)
    throw new RangeError(`loader: batchSize ${batchSize} must be a positive integer`);
  if (!Number.isInteger(prefetch) || prefetch < 0)
    throw new RangeError(`loader: prefetch ${prefetch} must be a non-negative integer`);
  const batchesPerEpoch = last === 'drop' ? Math.floor(n / batchSize) : Math.ceil(n / batchSize);
  if (batchesPerEpoch === 0)
    throw new RangeError(`loader: ${dataset.name} has ${n} samples, too few for a batch of ${batchSize}`);
  const shape = dataset.images.shape.slice(1);
  const samples: Samples = {
    images: dataset.images.data,
    labels: dataset.labels.data,
    size: shape.reduce((a, b) => a * b, 1),
  };
  let assembler: Assembler | undefined;

  return {
    batchesPerEpoch,
    async *epoch(epoch, { startBatch = 0 } = {}) {
      assembler ??= prefetch > 0 ? backgroundAssembler(samples) : inlineAssembler(samples);
      const order = shuffle ? permutation(foldIn(key, epoch), n).data : Int32Array.from({ length: n }, (_, i) => i);
      const pending: { indices: Int32Array; made: Promise<Assembled> }[] = [];
      const request = (batch: number) => {
        const indices = order.slice(batch * batchSize, (batch + 1) * batchSize);
        const made = (assembler as Assembler).assemble(indices);
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
          images: { data: images, shape: [b, ...shape], dtype: 'float32' },
          labels: { data: labels, shape: [b], dtype: 'int32' },
          indices: { data: indices, shape: [b], dtype: 'int32' },
        };
      }
    },
    close: async () => {
      await assembler?.close();
      assembler = undefined;
    },
  };
}
