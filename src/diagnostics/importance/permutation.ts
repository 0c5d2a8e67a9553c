import { foldIn, type Key, permutation } from '../../runtime/random/index.js';
import { type NDArray, showShape } from '../../tensor/index.js';

export interface PermutationImportanceOptions {
  readonly key: Key;
  /** Orders that are drawn for each column. Default 5. */
  readonly repeats?: number;
}

/**
 * What each column of a table is worth to a model: by how much a measure of it grows where the column's numbers are in random order, and so belong to
 * other rows,
 *
 *   I_j = mean over orders of e(x with column j permuted) - e(x),
 *
 * e being an error. 0 for a column that the model does not look at. Of columns that say the same each may seem worth little. Breiman 2001, random
 * forests.
 *
 * @param features [n, columns]; n of 2 or more that were not trained on.
 * @param evaluate the error on features; their rows are those of `features`, in order.
 * @returns [columns], in the unit of the error; below 0 where the measure fell, by chance.
 * @throws RangeError where features or repeats do not fit.
 */
export async function permutationImportance(
  features: NDArray<'float32'>,
  evaluate: (features: NDArray<'float32'>) => number | Promise<number>,
  { key, repeats = 5 }: PermutationImportanceOptions,
): Promise<number[]> {
  const [n, columns] = features.shape;
  if (features.shape.length !== 2 || n < 2)
    throw new RangeError(
      `permutationImportance: features ${showShape(features.shape)} must be [n, columns], n 2 or more`,
    );
  if (!Number.isInteger(repeats) || repeats < 1)
    throw new RangeError(`permutationImportance: repeats ${repeats} must be a positive integer`);
  const before = await evaluate(features);
  const importances: number[] = [];
  for (let j = 0; j < columns; j++) {
    let sum = 0;
    for (let r = 0; r < repeats; r++) {
      const order = permutation(foldIn(foldIn(key, j), r), n).data;
      const data = features.data.slice();
      for (let i = 0; i < n; i++) data[i * columns + j] = features.data[order[i] * columns + j];
      sum += await evaluate({ ...features, data });
    }
    importances.push(sum / repeats - before);
  }
  return importances;
}
