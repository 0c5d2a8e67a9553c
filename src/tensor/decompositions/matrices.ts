import { Matrix } from 'ml-matrix';
import type { NDArray } from '../array.js';
import { allocate, type DType, isFloat } from '../dtype.js';
import { eye } from '../ops/constant.js';
import { type Shape, showShape, sizeOf } from '../shape.js';
import type { Tensor } from '../tensor.js';

/**
 * Runs a function on each matrix of a stack: the last two axes of every input are a matrix, the axes before them (equal for all) the stack.
 * Computed in double precision whatever the dtype.
 *
 * @param shapes of the results for one matrix; a vector or a number is a result of fewer axes.
 */
export function eachMatrix(
  inputs: readonly NDArray[],
  shapes: readonly Shape[],
  fn: (...matrices: Matrix[]) => readonly (Matrix | readonly number[] | number)[],
): NDArray[] {
  const [first] = inputs;
  const stack = first.shape.slice(0, -2);
  const results = shapes.map((shape) => ({
    data: allocate(first.dtype, sizeOf(stack) * sizeOf(shape)) as Float64Array,
    shape: [...stack, ...shape],
    dtype: first.dtype,
  }));
  for (let i = 0; i < sizeOf(stack); i++) {
    const values = fn(...inputs.map((input) => matrixAt(input, i)));
    values.forEach((value, k) => {
      const size = sizeOf(shapes[k]);
      const flat = typeof value === 'number' ? [value] : value instanceof Matrix ? value.to1DArray() : value;
      results[k].data.set(flat, i * size);
    });
  }
  return results as unknown as NDArray[];
}

function matrixAt({ data, shape }: NDArray, i: number): Matrix {
  const [rows, columns] = shape.slice(-2);
  const size = rows * columns;
  return Matrix.from1DArray(rows, columns, Array.from(data.subarray(i * size, (i + 1) * size) as Float64Array));
}

/** @throws unless `x` is a stack of float matrices, square where asked. */
export function requireMatrices(who: string, x: Tensor, { square = false } = {}): void {
  if (!isFloat(x.dtype)) throw new TypeError(`${who}: a must be float32 or float64, not ${x.dtype}`);
  if (x.rank < 2 || (square && x.shape[x.rank - 1] !== x.shape[x.rank - 2])) {
    throw new RangeError(
      `${who}: a ${showShape(x.shape)} must be ${square ? 'square matrices [..., n, n]' : 'matrices [..., m, n]'}`,
    );
  }
}

/** The specification of a result for the stack of `x`. */
export function stacked(
  x: { readonly shape: Shape; readonly dtype: DType },
  shape: Shape,
): { shape: Shape; dtype: DType } {
  return { shape: [...x.shape.slice(0, -2), ...shape], dtype: x.dtype };
}

/** The transpose of each matrix. */
export function transposed(x: Tensor): Tensor {
  return x.swapAxes(-1, -2);
}

/** Vectors [..., n] as diagonal matrices [..., n, n]. */
export function diagonalMatrix(x: Tensor): Tensor {
  const n = x.shape[x.rank - 1];
  return eye(n, n, x.dtype).mul(x.expandDims(-1));
}
