import {
  castArray,
  isNDArray,
  type NDArray,
  type NestedNumbers,
  ndarray,
  type Shape,
  showShape,
} from '../tensor/index.js';

/** Concrete numbers: what a compiled program returns, or nested lists. */
export type Values = NDArray | NestedNumbers;

export interface Numbers {
  readonly data: Float64Array;
  readonly shape: Shape;
}

/** Values in float64. */
export function numbersOf(values: Values): Numbers {
  return isNDArray(values) ? castArray(values, 'float64') : ndarray(values, { dtype: 'float64' });
}

/** Two arguments of one shape. @throws RangeError naming `who` and both shapes. */
export function pairOf(who: string, predictions: Values, targets: Values): [Numbers, Numbers] {
  const [p, t] = [numbersOf(predictions), numbersOf(targets)];
  if (p.shape.join() !== t.shape.join())
    throw new RangeError(
      `${who}: predictions ${showShape(p.shape)} and targets ${showShape(t.shape)} must have one shape`,
    );
  return [p, t];
}

/** Rows of a matrix. @throws RangeError naming `who` and `name` unless it is one. */
export function rowsOf(who: string, name: string, values: Values): Float64Array[] {
  const { data, shape } = numbersOf(values);
  if (shape.length !== 2) throw new RangeError(`${who}: ${name} ${showShape(shape)} must have two axes`);
  return Array.from({ length: shape[0] }, (_, i) => data.subarray(i * shape[1], (i + 1) * shape[1]));
}

export function sum(values: ArrayLike<number>): number {
  let total = 0;
  for (let i = 0; i < values.length; i++) total += values[i];
  return total;
}

/** The mean; of no values `empty`, 0 unless told. */
export function mean(values: ArrayLike<number>, empty = 0): number {
  return values.length === 0 ? empty : sum(values) / values.length;
}

/** a / b; `zeroDivision` where b is 0. */
export const ratio = (a: number, b: number, zeroDivision = 0): number => (b === 0 ? zeroDivision : a / b);

/** Labels, one for each of n rows of scores of classes. @throws RangeError naming `who` unless they are [n] and integers from 0 to classes - 1. */
export function classLabelsOf(who: string, labels: Values, n: number, classes: number): Float64Array {
  const y = labelsOf(who, labels, n);
  const wrong = y.find((label) => !(Number.isInteger(label) && label >= 0 && label < classes));
  if (wrong !== undefined)
    throw new RangeError(
      `${who}: label ${wrong} must be an integer from 0 to ${classes - 1}, the rows having ${classes}`,
    );
  return y;
}

/** Labels, one for each of n rows. @throws RangeError naming `who` unless they are [n]. */
export function labelsOf(who: string, labels: Values, n: number): Float64Array {
  const { data, shape } = numbersOf(labels);
  if (shape.length !== 1 || shape[0] !== n) throw new RangeError(`${who}: labels ${showShape(shape)} must be [${n}]`);
  return data;
}
