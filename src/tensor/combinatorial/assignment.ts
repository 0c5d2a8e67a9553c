import { isFloat } from '../dtype.js';
import { hostOp } from '../ops/host.js';
import { showShape, sizeOf } from '../shape.js';
import type { Tensor } from '../tensor.js';

/**
 * The column of each row in an assignment of least total cost, each column to one row at most: shortest augmenting paths with potentials
 * (Jonker and Volgenant 1987), O(rows^2 columns).
 *
 * @param cost rows x columns, rows no more than columns, row-major.
 */
export function assignRows(cost: ArrayLike<number>, rows: number, columns: number): Int32Array {
  const rowPrice = new Float64Array(rows);
  const columnPrice = new Float64Array(columns);
  const rowOf = new Int32Array(columns).fill(-1);
  for (let start = 0; start < rows; start++) {
    const reached = new Float64Array(columns).fill(Infinity);
    const before = new Int32Array(columns).fill(-1);
    const done = new Uint8Array(columns);
    let row = start;
    let through = -1;
    let length = 0;
    for (;;) {
      let next = -1;
      for (let j = 0; j < columns; j++) {
        if (done[j]) continue;
        const candidate = length + cost[row * columns + j] - rowPrice[row] - columnPrice[j];
        if (candidate < reached[j]) {
          reached[j] = candidate;
          before[j] = through;
        }
        if (next < 0 || reached[j] < reached[next]) next = j;
      }
      if (!(reached[next] < Infinity)) throw new RangeError('linearSumAssignment: no assignment of finite cost');
      through = next;
      length = reached[next];
      if (rowOf[next] < 0) break;
      done[next] = 1;
      row = rowOf[next];
    }
    for (let j = 0; j < columns; j++) {
      if (!done[j]) continue;
      columnPrice[j] += reached[j] - length;
      rowPrice[rowOf[j]] += length - reached[j];
    }
    rowPrice[start] += length;
    for (let j = through; j >= 0; j = before[j]) rowOf[j] = before[j] >= 0 ? rowOf[before[j]] : start;
  }
  const result = new Int32Array(rows);
  for (let j = 0; j < columns; j++) if (rowOf[j] >= 0) result[rowOf[j]] = j;
  return result;
}

const assignmentOp = hostOp({
  name: 'LinearSumAssignment',
  stacked: true,
  infer: ([cost]) => ({ shape: cost.shape.slice(0, -1), dtype: 'int32' }),
  run: ([{ data, shape }]) => {
    const [rows, columns] = shape.slice(-2);
    const result = new Int32Array(sizeOf(shape.slice(0, -1)));
    for (let i = 0; i * rows < result.length; i++) {
      const cost = data.subarray(i * rows * columns, (i + 1) * rows * columns) as Float64Array;
      result.set(assignRows(cost, rows, columns), i * rows);
    }
    return [{ data: result, shape: shape.slice(0, -1), dtype: 'int32' }];
  },
});

/**
 * The column assigned to each row, [..., rows] int32, in the assignment of least total cost for matrices cost [..., rows, columns] with no more
 * rows than columns. No derivative: gather the costs at the columns to have one.
 *
 * @throws RangeError when running, where no assignment has a finite cost.
 */
export function linearSumAssignment(cost: Tensor): Tensor {
  if (!isFloat(cost.dtype) || cost.rank < 2 || cost.shape[cost.rank - 2] > cost.shape[cost.rank - 1]) {
    throw new RangeError(
      `linearSumAssignment: cost ${cost.dtype}${showShape(cost.shape)} must be float [..., rows, columns], no more rows than columns`,
    );
  }
  return assignmentOp([cost], {})[0];
}
