import { foldIn, type Key, randint, uniform } from '../../runtime/random/index.js';
import { hostOp, type NDArray, segmentSum, showShape, type Tensor } from '../../tensor/index.js';

export interface KMeansOptions {
  /** Number of clusters, from 1 to the number of points. */
  readonly clusters: number;
  /** Where the first centres are drawn from. */
  readonly key: Key;
  /** At most this many rounds; it ends when no point changes its cluster. Default 100. */
  readonly iterations?: number;
}

/** A clustering of n points. */
export interface Clusters {
  /** The cluster of each point, int32 [n], from 0. */
  readonly assignments: Tensor;
  /** The mean of each cluster's points, [clusters, d]; gradients go to the points, with the assignments held fixed. */
  readonly centres: Tensor;
  /** Sum of squared distances of the points to the centres of their clusters. */
  readonly inertia: Tensor;
}

/**
 * Clusters points x [n, d] by Lloyd's algorithm from centres drawn by k-means++ (Arthur and Vassilvitskii 2007): the first at random, each
 * next one with a probability proportional to its squared distance from those before. A cluster that loses all points takes the point
 * farthest from its centre. Runs on the host.
 *
 * @throws RangeError when x is no list of points, or there are fewer points than clusters.
 */
export function kMeans(x: Tensor, { clusters, key, iterations = 100 }: KMeansOptions): Clusters {
  if (x.rank !== 2) throw new RangeError(`kMeans: x ${showShape(x.shape)} must be [points, features]`);
  if (!Number.isInteger(clusters) || clusters < 1 || clusters > x.shape[0])
    throw new RangeError(`kMeans: clusters ${clusters} must be an integer from 1 to the ${x.shape[0]} points`);
  if (!Number.isInteger(iterations) || iterations < 1)
    throw new RangeError(`kMeans: iterations ${iterations} must be a positive integer`);
  const first = Number(randint(foldIn(key, 0), [], { high: x.shape[0] }).data[0]);
  const draws = Array.from(uniform(foldIn(key, 1), [clusters], { dtype: 'float64' }).data as Float64Array);
  const [assignments] = lloyd([x.stopGradient()], { first, draws, iterations });
  return { assignments, ...summaryOf(x, assignments, clusters) };
}

/** The means of the points of each cluster, and the sum of their squared distances from them. */
function summaryOf(x: Tensor, assignments: Tensor, clusters: number): Pick<Clusters, 'centres' | 'inertia'> {
  const counts = segmentSum(x.onesLike().slice([null, [0, 1]]), assignments, clusters);
  const centres = segmentSum(x, assignments, clusters).div(counts);
  return { centres, inertia: x.sub(centres.gather(assignments)).square().sum() };
}

const lloyd = hostOp<{ first: number; draws: readonly number[]; iterations: number }>({
  name: 'KMeans',
  infer: ([x]) => ({ shape: [x.shape[0]], dtype: 'int32' }),
  run: ([x], { first, draws, iterations }) => {
    const points = new Points(x);
    let centres = points.spread(first, draws);
    let assignments = points.assign(centres);
    for (let i = 1; i < iterations; i++) {
      centres = points.means(assignments, draws.length, centres);
      const next = points.assign(centres);
      if (next.every((cluster, k) => cluster === assignments[k])) break;
      assignments = next;
    }
    return [{ data: filled(assignments, draws.length), shape: [points.count], dtype: 'int32' }];
  },
});

/** The assignment with a point in every cluster: one that has none, as where points coincide, takes one from a cluster of several. */
function filled(assignments: Int32Array, clusters: number): Int32Array {
  const counts = new Int32Array(clusters);
  for (const cluster of assignments) counts[cluster]++;
  for (let empty = counts.indexOf(0); empty >= 0; empty = counts.indexOf(0)) {
    const taken = assignments.findIndex((cluster) => counts[cluster] > 1);
    counts[assignments[taken]]--;
    counts[empty]++;
    assignments[taken] = empty;
  }
  return assignments;
}

/** Points in space, as rows of one array. */
class Points {
  readonly count: number;
  readonly #size: number;
  readonly #values: Float64Array;

  constructor({ data, shape }: NDArray) {
    [this.count, this.#size] = shape;
    this.#values = Float64Array.from(data as Float32Array);
  }

  /** The squared distance, or some number of at least `limit` as soon as it is clear that it is no less. */
  #squaredDistance(point: number, centres: Float64Array, centre: number, limit = Infinity): number {
    const [values, size] = [this.#values, this.#size];
    const [from, to] = [point * size, centre * size];
    let total = 0;
    for (let k = 0; k < size; ) {
      for (const end = Math.min(size, k + 8); k < end; k++) {
        const difference = values[from + k] - centres[to + k];
        total += difference * difference;
      }
      if (total >= limit) break;
    }
    return total;
  }

  #copy(point: number, centres: Float64Array, centre: number): void {
    const row = this.#values.subarray(point * this.#size, (point + 1) * this.#size);
    centres.set(row, centre * this.#size);
  }

  /** Centres by k-means++; `draws` are uniform in [0, 1). */
  spread(first: number, draws: readonly number[]): Float64Array {
    const centres = new Float64Array(draws.length * this.#size);
    const nearest = new Float64Array(this.count).fill(Infinity);
    let chosen = first;
    for (let c = 0; c < draws.length; c++) {
      this.#copy(chosen, centres, c);
      let total = 0;
      for (let i = 0; i < this.count; i++) {
        nearest[i] = Math.min(nearest[i], this.#squaredDistance(i, centres, c));
        total += nearest[i];
      }
      let left = draws[c] * total;
      chosen = nearest.findIndex((d) => {
        left -= d;
        return left < 0;
      });
      // All points coincide with centres already.
      if (chosen < 0) chosen = first;
    }
    return centres;
  }

  /** The nearest centre of each point, the first of several equally near. */
  assign(centres: Float64Array): Int32Array {
    const clusters = centres.length / this.#size;
    return Int32Array.from({ length: this.count }, (_, i) => {
      let [best, least] = [0, Infinity];
      for (let c = 0; c < clusters; c++) {
        const distance = this.#squaredDistance(i, centres, c, least);
        if (distance < least) [best, least] = [c, distance];
      }
      return best;
    });
  }

  /** The mean of each cluster; an empty one takes the point farthest from its centre in `before`. */
  means(assignments: Int32Array, clusters: number, before: Float64Array): Float64Array {
    const sums = new Float64Array(clusters * this.#size);
    const counts = new Int32Array(clusters);
    assignments.forEach((cluster, i) => {
      counts[cluster]++;
      for (let k = 0; k < this.#size; k++) sums[cluster * this.#size + k] += this.#values[i * this.#size + k];
    });
    const distances = Array.from(assignments, (cluster, i) => this.#squaredDistance(i, before, cluster));
    counts.forEach((count, cluster) => {
      if (count > 0) {
        for (let k = 0; k < this.#size; k++) sums[cluster * this.#size + k] /= count;
        return;
      }
      const farthest = distances.indexOf(Math.max(...distances));
      distances[farthest] = -1;
      this.#copy(farthest, sums, cluster);
    });
    return sums;
  }
}
