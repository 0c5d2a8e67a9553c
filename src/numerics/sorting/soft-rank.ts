import { arange, argsort, hostOp, showShape, type Tensor } from '../../tensor/index.js';

/** Pool adjacent violators: the closest non-increasing vector to each row, and the number of the pool that each element is in. */
const isotonicOp = hostOp({
  name: 'Isotonic',
  stacked: true,
  infer: ([x]) => [
    { shape: x.shape, dtype: x.dtype },
    { shape: x.shape, dtype: 'int32' },
  ],
  run: ([{ data, shape, dtype }]) => {
    const n = shape[shape.length - 1];
    const values = data.slice() as Float64Array;
    const pools = new Int32Array(data.length);
    for (let start = 0; start < data.length; start += n) {
      const sums: number[] = [];
      const counts: number[] = [];
      for (let i = 0; i < n; i++) {
        let [sum, count] = [Number(data[start + i]), 1];
        while (sums.length > 0 && sums[sums.length - 1] / counts[counts.length - 1] <= sum / count) {
          sum += sums.pop() as number;
          count += counts.pop() as number;
        }
        sums.push(sum);
        counts.push(count);
      }
      let at = start;
      counts.forEach((count, pool) => {
        for (let i = 0; i < count; i++, at++) {
          values[at] = sums[pool] / count;
          pools[at] = pool;
        }
      });
    }
    return [
      { data: values, shape, dtype },
      { data: pools, shape, dtype: 'int32' },
    ];
  },
  // Within a pool every value is the mean: so is every cotangent.
  vjp: ([ct], { outputs: [, pools] }) => {
    const same = pools.expandDims(-1).equal(pools.expandDims(-2)).cast(ct.dtype);
    const mean = same.div(same.sum(-1, { keepDims: true }));
    return [mean.matmul(ct.expandDims(-1)).squeeze(-1)];
  },
});

/** The non-increasing vector closest to each row of x [..., n] in squares. Derivative: means over pools; second derivatives are 0. */
export function isotonic(x: Tensor): Tensor {
  return isotonicOp([x], {})[0];
}

export interface SoftRankOptions {
  /** Strength of the regularisation: small gives hard ranks, large their mean. Default 1. */
  readonly strength?: number;
}

/**
 * Soft ranks of x [..., n] along the last axis, 1 for the smallest to n for the largest: the projection of x / strength onto the
 * permutahedron of (n, ..., 1). Blondel et al. 2020. O(n log n); the derivative is exact and costs O(n^2).
 */
export function softRank(x: Tensor, options: SoftRankOptions = {}): Tensor {
  const { strength = 1 } = options;
  if (x.rank < 1) throw new RangeError(`softRank: x ${showShape(x.shape)} has no axis`);
  if (!(strength > 0)) throw new RangeError(`softRank: strength ${strength} must be positive`);
  const n = x.shape[x.rank - 1];
  const order = argsort(x, -1, { descending: true });
  const sorted = x.takeAlongAxis(order).div(strength);
  const ranks = arange(n, 0, -1, x.dtype);
  const projected = sorted.sub(isotonic(sorted.sub(ranks)));
  // The inverse of a permutation sorts it.
  return projected.takeAlongAxis(argsort(order));
}
