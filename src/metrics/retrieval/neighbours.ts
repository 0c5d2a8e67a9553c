import { showShape } from '../../tensor/index.js';
import { labelsOf, numbersOf, type Values } from '../values.js';

/** Embeddings [m, d] with a label each, [m]. */
export interface Labelled {
  readonly embeddings: Values;
  readonly labels: Values;
}

export interface NeighbourOptions {
  /** What near means: a large cosine (that with a zero vector is 0), or a small Euclidean distance. Default `cosine`. */
  readonly by?: 'cosine' | 'euclidean';
  /** What is searched. Default: the queries themselves, each without itself. */
  readonly reference?: Labelled;
}

/** A query, and how near each of the reference is to it: cosines, or minus squared distances. */
export interface Query {
  readonly label: number;
  /** -Infinity where the reference is the query itself. */
  readonly nearness: Float64Array;
  /** Labels of the reference. */
  readonly labels: Float64Array;
}

/** How near the reference is to each query; n m d operations for n queries. @throws RangeError where shapes do not fit. */
export function* queriesOf(who: string, queries: Values, labels: Values, options: NeighbourOptions): Generator<Query> {
  const { by = 'cosine', reference } = options;
  const x = matrix(who, 'embeddings', queries, by);
  const y = reference ? matrix(who, 'reference', reference.embeddings, by) : x;
  if (x.d !== y.d)
    throw new RangeError(`${who}: embeddings [${x.n}, ${x.d}] and reference [${y.n}, ${y.d}] must have one length`);
  const own = labelsOf(who, labels, x.n);
  const others = reference ? labelsOf(who, reference.labels, y.n) : own;
  for (let i = 0; i < x.n; i++) {
    const nearness = nearnessOf(x, i, y, by);
    if (!reference) nearness[i] = -Infinity;
    yield { label: own[i], nearness, labels: others };
  }
}

/** Positions of the `count` nearest of a query's reference, all there are when they are fewer; nearest first, equally near ones in their order. */
export function nearest({ nearness }: Query, count: number): number[] {
  const found: number[] = [];
  for (let j = 0; j < nearness.length; j++) {
    const full = found.length === count;
    if (nearness[j] === -Infinity || (full && nearness[j] <= nearness[found[count - 1]])) continue;
    let at = full ? count - 1 : found.length;
    for (; at > 0 && nearness[found[at - 1]] < nearness[j]; at--) found[at] = found[at - 1];
    found[at] = j;
  }
  return found;
}

interface Matrix {
  readonly data: Float64Array;
  readonly n: number;
  readonly d: number;
}

function matrix(who: string, name: string, values: Values, by: 'cosine' | 'euclidean'): Matrix {
  const { data, shape } = numbersOf(values);
  if (shape.length !== 2) throw new RangeError(`${who}: ${name} ${showShape(shape)} must be [n, d]`);
  if (!data.every(Number.isFinite)) throw new RangeError(`${who}: ${name} ${showShape(shape)} must be finite`);
  const [n, d] = shape;
  if (by === 'euclidean') return { data, n, d };
  const unit = data.slice();
  for (let i = 0; i < n; i++) {
    const row = unit.subarray(i * d, (i + 1) * d);
    const length = Math.hypot(...row) || 1;
    for (let k = 0; k < d; k++) row[k] /= length;
  }
  return { data: unit, n, d };
}

function nearnessOf(x: Matrix, i: number, y: Matrix, by: 'cosine' | 'euclidean'): Float64Array {
  const [{ d }, row, near] = [x, x.data.subarray(i * x.d, (i + 1) * x.d), new Float64Array(y.n)];
  const all = y.data;
  for (let j = 0, at = 0; j < y.n; j++, at += d) {
    let total = 0;
    if (by === 'cosine') for (let k = 0; k < d; k++) total += row[k] * all[at + k];
    else for (let k = 0; k < d; k++) total -= (row[k] - all[at + k]) ** 2;
    near[j] = total;
  }
  return near;
}
