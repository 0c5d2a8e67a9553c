import { showShape, type Tensor } from '../../tensor/index.js';

/**
 * State kept for every example of a data set (a moving average of its predictions, its weight, its last loss): a table whose row i belongs to
 * example i, read and written at the indices that a loader's batches carry. The table goes in and out of a step like any other state.
 */

function requireRows(who: string, table: Tensor, indices: Tensor, rows?: Tensor): void {
  if (indices.rank !== 1 || (indices.dtype !== 'int32' && indices.dtype !== 'int64'))
    throw new RangeError(`${who}: indices ${indices.dtype}${showShape(indices.shape)} must be integers [batch]`);
  const expected = [indices.shape[0], ...table.shape.slice(1)];
  if (rows && rows.shape.join() !== expected.join())
    throw new RangeError(
      `${who}: rows ${showShape(rows.shape)} must be ${showShape(expected)} for the table ${showShape(table.shape)}`,
    );
}

/** The rows [batch, ...] of the examples `indices` [batch]. Gradients go to the rows read. */
export function readExamples(table: Tensor, indices: Tensor): Tensor {
  requireRows('readExamples', table, indices);
  return table.gather(indices);
}

/** The table with `rows` [batch, ...] in the place of those of `indices`. Of an example that occurs more than once in a batch one row stays. */
export function writeExamples(table: Tensor, indices: Tensor, rows: Tensor): Tensor {
  requireRows('writeExamples', table, indices, rows);
  return table.scatterND(indices.expandDims(-1), rows);
}

/**
 * The table with the rows of `indices` moved towards `rows`: momentum * old + (1 - momentum) * new.
 *
 * @param momentum in [0, 1]; 0 replaces.
 */
export function averageExamples(table: Tensor, indices: Tensor, rows: Tensor, momentum: number): Tensor {
  if (!(momentum >= 0 && momentum <= 1))
    throw new RangeError(`averageExamples: momentum ${momentum} must be in [0, 1]`);
  requireRows('averageExamples', table, indices, rows);
  const old = table.gather(indices);
  return writeExamples(table, indices, old.mul(momentum).add(rows.mul(1 - momentum)));
}
