import { concat, showShape, type Tensor } from '../../tensor/index.js';
import { squaredDistances } from '../transport/sinkhorn.js';

export interface NearestOptions {
  /** Queries compared at a time: memory grows with this times the number of points. Default 1024. */
  readonly chunk?: number;
}

/**
 * The `k` points y [m, d] nearest to each query x [n, d]: squared distances, ascending, and positions (int64), both [n, k]. Queries are taken
 * in chunks, so that not all n x m distances exist at once.
 */
export function nearestNeighbours(
  x: Tensor,
  y: Tensor,
  k: number,
  { chunk = 1024 }: NearestOptions = {},
): [distances: Tensor, positions: Tensor] {
  if (x.rank !== 2 || y.rank !== 2)
    throw new RangeError(
      `nearestNeighbours: x ${showShape(x.shape)} and y ${showShape(y.shape)} must be [points, features]`,
    );
  if (!Number.isInteger(k) || k < 1 || k > y.shape[0])
    throw new RangeError(`nearestNeighbours: k ${k} must be an integer from 1 to ${y.shape[0]}`);
  if (!Number.isInteger(chunk) || chunk < 1)
    throw new RangeError(`nearestNeighbours: chunk ${chunk} must be a positive integer`);
  const parts: [Tensor, Tensor][] = [];
  for (let start = 0; start < Math.max(1, x.shape[0]); start += chunk) {
    parts.push(squaredDistances(x.slice([[start, start + chunk]]), y).topK(k, -1, { largest: false }));
  }
  return [concat(parts.map(([distances]) => distances)), concat(parts.map(([, positions]) => positions))];
}
