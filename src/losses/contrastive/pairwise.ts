import { scan } from '../../numerics/index.js';
import { arange, full, isTensor, showShape, type Tensor } from '../../tensor/index.js';
import { mapTree } from '../../tensor/tree.js';
import { requireFloats } from '../checks.js';

export interface PairwiseOptions {
  /**
   * Compare so many rows at a time with all others, and compute each part again for the derivative: memory grows with the number of embeddings
   * rather than with its square. Default: all at once.
   */
  readonly chunk?: number;
}

/**
 * Something of every row of x with respect to all rows of y, from their inner products: all at once, or part by part in a loop, with equal
 * values. What a pairwise loss is written with.
 *
 * Chunks multiply no more often than all at once where the derivative by what comes of the rows is known before it: where a loss is their sum
 * or mean, or any function of that.
 *
 * @param x [n, d]; y [m, d].
 * @param ofRows from inner products [rows, m] and the numbers of the rows, int32 [rows], to one number a row, [rows].
 * @returns [n].
 */
export function overPairs(
  who: string,
  x: Tensor,
  y: Tensor,
  ofRows: (products: Tensor, rows: Tensor) => Tensor,
  options?: PairwiseOptions,
): Tensor {
  // No rows: no numbers.
  return x.shape[0] === 0 ? x.sum(1) : treeOverPairs(who, x, y, ofRows, options);
}

/** {@link overPairs} of a tree of numbers a row, where there are rows. */
export function treeOverPairs<T>(
  who: string,
  x: Tensor,
  y: Tensor,
  ofRows: (products: Tensor, rows: Tensor) => T,
  { chunk }: PairwiseOptions = {},
): T {
  const [n, d] = x.shape;
  const transposed = y.transpose();
  if (chunk === undefined || chunk >= n) return ofRows(x.matmul(transposed), arange(n));
  if (!Number.isInteger(chunk) || chunk < 1) throw new RangeError(`${who}: chunk ${chunk} must be a positive integer`);
  const parts = Math.ceil(n / chunk);
  const missing = parts * chunk - n;
  // Rows that fill up the last part are the last row again; what comes of them is cut off.
  const rows = arange(parts * chunk).minimum(n - 1);
  const padded = missing > 0 ? x.gather(rows) : x;
  const [, results] = scan(
    (carry: readonly Tensor[], part: { x: Tensor; rows: Tensor }) =>
      [carry, ofRows(part.x.matmul(transposed), part.rows)] as const,
    [],
    { x: padded.reshape([parts, chunk, d]), rows: rows.reshape([parts, chunk]) },
    { unroll: false },
  );
  return mapTree(results, (ofRow: Tensor) => ofRow.reshape([parts * chunk]).slice([[0, n]])) as T;
}

/** @throws TypeError or RangeError unless both are embeddings, floats [n, d] of one dtype and shape. */
export function requirePairs(who: string, x: Tensor, y: Tensor): void {
  requireFloats(who, { x, y });
  if (x.rank !== 2 || x.shape.join() !== y.shape.join())
    throw new RangeError(`${who}: x ${showShape(x.shape)} and y ${showShape(y.shape)} must be one shape [n, d]`);
}

/** @throws RangeError unless the temperature is a positive number or a scalar. */
export function requireTemperature(who: string, temperature: number | Tensor): void {
  if (isTensor(temperature)) {
    if (temperature.rank !== 0)
      throw new RangeError(`${who}: temperature ${showShape(temperature.shape)} must be a scalar`);
  } else if (!(temperature > 0)) throw new RangeError(`${who}: temperature ${temperature} must be positive`);
}

/** Rows of length 1, unless asked to leave them; a zero vector stays zero. */
export const unitRows = (x: Tensor, normalize: boolean): Tensor => (normalize ? x.normalize(-1) : x);

/** Scores [rows, m] with -1e30 where a row, by its number, meets itself: no part of a sum of exponentials, with any finite score beside it. */
export function withoutSelf(scores: Tensor, rows: Tensor): Tensor {
  return scores.scatterElements(rows.expandDims(1), full([rows.size, 1], -1e30, scores.dtype), 1);
}

/** The scores [rows, 1] of each row, by its number, with its own column. */
export function ownScores(scores: Tensor, rows: Tensor): Tensor {
  return scores.takeAlongAxis(rows.expandDims(1), 1);
}
