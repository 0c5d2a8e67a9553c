import { type Dataset, rowsAt } from '../../data/index.js';
import { foldIn, type Key, permutation } from '../../runtime/random/index.js';
import type { BatchOptions, ImageExamples } from '../batches.js';
import type { Batches } from '../loop.js';

/** Places of the images of each domain. */
const placesOf = (domain: Int32Array, count: number): Int32Array[] =>
  Array.from({ length: count }, (_, d) => Int32Array.from(domain.keys()).filter((i) => domain[i] === d));

/** How many images an epoch has at most when each batch holds as many of each domain: those of the smallest, for each. */
export function balancedCount(domain: Int32Array, count: number): number {
  return count * Math.min(...placesOf(domain, count).map(({ length }) => length));
}

/** @throws RangeError with the nearest sizes that do, unless domains divide a batch. */
export function requireEqualShares(batchSize: number, count: number): void {
  const below = batchSize - (batchSize % count);
  if (below === batchSize) return;
  const near = [...(below > 0 ? [below] : []), below + count].join(' or ');
  throw new RangeError(
    `train: batchSize ${batchSize} must be a multiple of the ${count} domains, to hold as many images of each: ${near}`,
  );
}

/**
 * Batches that hold as many images of each domain, those of one domain beside one another, the domains in an order of each batch's own. All of it
 * follows from key and epoch alone.
 *
 * @throws RangeError for a batch size that the domains do not divide.
 */
export function domainBatches(
  { images, labels }: Pick<Dataset, 'images' | 'labels'>,
  domain: Int32Array,
  count: number,
  { batchSize, key }: BatchOptions,
): Batches<ImageExamples> {
  requireEqualShares(batchSize, count);
  const share = batchSize / count;
  const places = placesOf(domain, count);
  const batchesPerEpoch = Math.floor(Math.min(...places.map(({ length }) => length)) / share);
  return {
    batchesPerEpoch,
    async *epoch(epoch, { startBatch }) {
      const own = foldIn(key, epoch) as Key;
      const orders = places.map((all, d) => permutation(foldIn(own, d) as Key, all.length).data.map((i) => all[i]));
      for (let batch = startBatch; batch < batchesPerEpoch; batch++) {
        const turn = permutation(foldIn(foldIn(own, count), batch) as Key, count).data;
        const indices = Int32Array.from(
          Array.from(turn).flatMap((d) => Array.from(orders[d].subarray(batch * share, (batch + 1) * share))),
        );
        const { images: bytes, labels: taken } = rowsAt({ images, labels }, indices);
        yield {
          images: { ...bytes, data: Float32Array.from(bytes.data, (byte) => byte / 255), dtype: 'float32' },
          labels: taken,
          indices: { data: indices, shape: [batchSize], dtype: 'int32' },
        };
      }
    },
    close: async () => {},
  };
}
