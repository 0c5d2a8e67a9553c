import { foldIn, type Key, permutation } from '../runtime/random/index.js';
import { allocate, type NDArray, sizeOf } from '../tensor/index.js';

/** Arrays whose first axes are the same samples, by name. */
export type Columns = Readonly<Record<string, NDArray>>;

/** The rows at `indices` of every array, in that order. */
export function rowsAt<C extends Columns>(columns: C, indices: ArrayLike<number>): C {
  return Object.fromEntries(
    Object.entries(columns).map(([name, array]) => [name, rowsOf(array, indices)]),
  ) as unknown as C;
}

function rowsOf<A extends NDArray>(array: A, indices: ArrayLike<number>): A {
  const [n, ...rest] = array.shape;
  const size = sizeOf(rest);
  const data = allocate(array.dtype, indices.length * size);
  for (let i = 0; i < indices.length; i++) {
    const at = indices[i];
    if (!(Number.isInteger(at) && at >= 0 && at < n)) throw new RangeError(`rowsAt: index ${at} is not in [0, ${n})`);
    data.set(array.data.subarray(at * size, (at + 1) * size) as never, i * size);
  }
  return { ...array, data, shape: [indices.length, ...rest] };
}

export interface RowLoaderOptions {
  readonly batchSize: number;
  /** The order of epoch e is permutation(foldIn(key, e), n). */
  readonly key: Key;
  /** Default true. */
  readonly shuffle?: boolean;
  /** A last batch that is smaller: kept, or dropped. Default `keep`. */
  readonly last?: 'keep' | 'drop';
}

/** Batches of arrays that are in memory, in an order that follows from the key and the epoch alone, as that of `loader` does. */
export function rowLoader<C extends Columns>(columns: C, options: RowLoaderOptions) {
  const { batchSize, key, shuffle = true, last = 'keep' } = options;
  const counts = Object.entries(columns).map(([name, { shape }]) => `${name} has ${shape[0] ?? 'no'} rows`);
  const n = Object.values(columns)[0]?.shape[0] ?? 0;
  if (Object.values(columns).some(({ shape }) => shape[0] !== n))
    throw new RangeError(`rowLoader: ${counts.join(', ')}`);
  if (!Number.isInteger(batchSize) || batchSize < 1)
    throw new RangeError(`rowLoader: batchSize ${batchSize} must be a positive integer`);
  const batchesPerEpoch = last === 'drop' ? Math.floor(n / batchSize) : Math.ceil(n / batchSize);
  if (batchesPerEpoch === 0) throw new RangeError(`rowLoader: ${n} rows are too few for a batch of ${batchSize}`);
  return {
    batchesPerEpoch,
    async *epoch(epoch: number, { startBatch = 0 } = {}): AsyncGenerator<C, void, undefined> {
      const order = shuffle ? permutation(foldIn(key, epoch), n).data : Int32Array.from({ length: n }, (_, i) => i);
      for (let batch = startBatch; batch < batchesPerEpoch; batch++)
        yield rowsAt(columns, order.subarray(batch * batchSize, Math.min(n, (batch + 1) * batchSize)));
    },
    close: async () => {},
  };
}
