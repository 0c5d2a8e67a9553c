import { type NDArray, showShape } from '../../tensor/index.js';

/** Means and standard deviations of columns, [columns]. */
export interface Standardization {
  readonly mean: NDArray<'float32'>;
  /** Above 0: 1 for a column whose numbers are all the same, which then becomes zeros. */
  readonly deviation: NDArray<'float32'>;
}

/**
 * What makes columns of mean 0 and variance 1, as (x - mean) / deviation, the variance taken over n. Summed in float64.
 *
 * @param values [n, columns], or [n] for a single one.
 * @throws RangeError when there are no rows.
 */
export function standardizationOf({ data, shape }: NDArray<'float32'>): Standardization {
  const [n, columns = 1] = shape;
  if (n === 0 || shape.length > 2 || shape.length < 1)
    throw new RangeError(`standardizationOf: values ${showShape(shape)} must be [n] or [n, columns], and some`);
  const mean = new Float32Array(columns);
  const deviation = new Float32Array(columns);
  for (let j = 0; j < columns; j++) {
    let [sum, squares, least, most] = [0, 0, Infinity, -Infinity];
    for (let i = 0; i < n; i++) {
      const value = data[i * columns + j];
      sum += value;
      [least, most] = [Math.min(least, value), Math.max(most, value)];
    }
    for (let i = 0; i < n; i++) squares += (data[i * columns + j] - sum / n) ** 2;
    mean[j] = sum / n;
    // Of a column of one number the rounding of its mean would be the spread.
    deviation[j] = least === most ? 1 : Math.sqrt(squares / n);
  }
  return {
    mean: { data: mean, shape: [columns], dtype: 'float32' },
    deviation: { data: deviation, shape: [columns], dtype: 'float32' },
  };
}
