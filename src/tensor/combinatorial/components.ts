import { hostOp } from '../ops/host.js';
import { showShape } from '../shape.js';
import type { Tensor } from '../tensor.js';

/** Sets that merge: union by size, with path halving (Tarjan and van Leeuwen 1984). */
export class UnionFind {
  readonly #parent: Int32Array;
  readonly #size: Int32Array;

  constructor(count: number) {
    this.#parent = Int32Array.from({ length: count }, (_, i) => i);
    this.#size = new Int32Array(count).fill(1);
  }

  /** The set of an element, by the number of one of its members. */
  find(element: number): number {
    const parent = this.#parent;
    let at = element;
    while (parent[at] !== at) {
      parent[at] = parent[parent[at]];
      at = parent[at];
    }
    return at;
  }

  /** Merges two sets; whether they were two. */
  union(a: number, b: number): boolean {
    let [x, y] = [this.find(a), this.find(b)];
    if (x === y) return false;
    if (this.#size[x] < this.#size[y]) [x, y] = [y, x];
    this.#parent[y] = x;
    this.#size[x] += this.#size[y];
    return true;
  }
}

const componentsOp = hostOp<{ count: number }>({
  name: 'ConnectedComponents',
  infer: (_, { count }) => ({ shape: [count], dtype: 'int32' }),
  run: ([{ data, shape }], { count }) => {
    const sets = new UnionFind(count);
    for (let e = 0; e < shape[0]; e++) {
      const [a, b] = [Number(data[2 * e]), Number(data[2 * e + 1])];
      if (!(a >= 0 && a < count && b >= 0 && b < count))
        throw new RangeError(`connectedComponents: edge ${e} joins ${a} and ${b}, beyond the ${count} vertices`);
      sets.union(a, b);
    }
    const labels = new Map<number, number>();
    const result = Int32Array.from({ length: count }, (_, v) => {
      const set = sets.find(v);
      if (!labels.has(set)) labels.set(set, labels.size);
      return labels.get(set) as number;
    });
    return [{ data: result, shape: [count], dtype: 'int32' }];
  },
});

/**
 * The component of each of `count` vertices in the undirected graph with the given edges [edges, 2]: int32 [count], numbered from 0 in the order
 * of their first vertices. No derivative.
 */
export function connectedComponents(edges: Tensor, count: number): Tensor {
  if ((edges.dtype !== 'int32' && edges.dtype !== 'int64') || edges.rank !== 2 || edges.shape[1] !== 2) {
    throw new RangeError(
      `connectedComponents: edges ${edges.dtype}${showShape(edges.shape)} must be integers [edges, 2]`,
    );
  }
  return componentsOp([edges], { count })[0];
}
