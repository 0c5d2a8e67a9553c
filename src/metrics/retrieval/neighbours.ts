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

/** A query with what is searched for it, nearest first; equally near ones in their order. */
export interface Ranking {
  readonly label: number;
  /** Positions in the reference. */
  readonly order: Int32Array;
  /** Labels in that order. */
  readonly labels: Float64Array;
  /** How near each is, in that order: cosines, or minus squared distances. */
  readonly nearness: Float64Array;
}

/** The reference in the order of its nearness to each query. @throws RangeError where shapes do not fit. */
export function* rankings(who: string, queries: Values, labels: Values, options: NeighbourOptions): Generator<Ranking> {
  const { by = 'cosine', reference } = options;
  const [x, y] = [
    matrix(who, 'embeddings', queries, by),
    matrix(who, 'reference', reference?.embeddings ?? queries, by),
  ];
  if (x.d !== y.d)
    throw new RangeError(`${who}: embeddings [${x.n}, ${x.d}] and reference [${y.n}, ${y.d}] must have one length`);
  const own = labelsOf(who, labels, x.n);
  const others = reference ? labelsOf(who, reference.labels, y.n) : own;
  for (let i = 0; i < x.n; i++) {
    const near = nearnessOf(x, i, y, by);
    const order = Int32Array.from({ length: y.n }, (_, j) => j)
      .filter((j) => reference !== undefined || j !== i)
      .sort((a, b) => near[b] - near[a] || a - b);
    yield {
      label: own[i],
      order,
      labels: Float64Array.from(order, (j) => others[j]),
      nearness: Float64Array.from(order, (j) => near[j]),
    };
  }
}

interface Matrix {
  readonly data: Float64Array;
  readonly n: number;
  readonly d: number;
}

function matrix(who: string, name: string, values: Values, by: 'cosine' | 'euclidean'): Matrix {
  const { data, shape } = numbersOf(values);
  if (shape.length !== 2) throw new RangeError(`${who}: ${name} ${showShape(shape)} must be [n, d]`);
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
  const near = new Float64Array(y.n);
  for (let j = 0; j < y.n; j++) {
    let total = 0;
    for (let k = 0; k < x.d; k++) {
      const a = x.data[i * x.d + k];
      const b = y.data[j * y.d + k];
      total += by === 'cosine' ? a * b : -((a - b) ** 2);
    }
    near[j] = total;
  }
  return near;
}
