import { foldIn, type Key, normal, randint, split } from '../../runtime/random/index.js';
import type { RankingTable } from '../tables/tabular.js';

export interface QueriesOptions {
  /** How many queries to draw. */
  readonly count: number;
  readonly key: Key;
  /** The fewest and the most items of a query. Default 5 and 20. */
  readonly items?: readonly [fewest: number, most: number];
}

/** What each feature adds to the hidden score; the last two say nothing. */
const weights: readonly number[] = [0.8, -0.6, 0.5, 0.4, -0.3, 0.2, 0, 0];
const columns = weights.map((_, j) => `feature ${j}`);
/** Of hidden scores: where the grades 1, 2, 3 and 4 begin. Three in five items have grade 0, one in twenty has grade 4. */
const cuts = [0.25, 1.25, 2.25, 3.25] as const;

/**
 * Items to be ranked, drawn by the program: no download, any number of queries, the same on every machine.
 *
 * Features x are standard normal; an item's hidden score is the sum of w_j x_j, plus max(0, x_0) x_2, plus a number that all items of the query share and
 * no feature tells, of deviation 1, plus noise of deviation 0.3. Grades, 0 to 4, say between which fixed marks it lies. So the grade itself can
 * be foretold badly, the order within a query well. Query i depends on the key and on i alone.
 *
 * @throws RangeError for a count that is no non-negative integer, or items that are not 1 or more.
 */
export function queries({ count, key, items: [fewest, most] = [5, 20] }: QueriesOptions): RankingTable {
  if (!Number.isInteger(count) || count < 0)
    throw new RangeError(`queries: count ${count} must be a non-negative integer`);
  if (!(Number.isInteger(fewest) && Number.isInteger(most) && fewest >= 1 && most >= fewest))
    throw new RangeError(`queries: items ${fewest} to ${most} must be integers of at least 1 in ascending order`);
  const [features, grades, groups]: number[][] = [[], [], []];
  for (let query = 0; query < count; query++) {
    const [lengthKey, featureKey, noiseKey] = split(foldIn(key, query), 3);
    const length = randint(lengthKey, [], { low: fewest, high: most + 1 }).data[0];
    const x = normal(featureKey, [length, columns.length]).data;
    const [shared, ...noise] = normal(noiseKey, [length + 1]).data;
    for (let i = 0; i < length; i++) {
      const row = x.subarray(i * columns.length, (i + 1) * columns.length);
      const told = weights.reduce((sum, w, j) => sum + w * row[j], 0) + Math.max(0, row[0]) * row[2];
      const score = told + shared + 0.3 * noise[i];
      features.push(...row);
      grades.push(cuts.filter((cut) => score >= cut).length);
      groups.push(query);
    }
  }
  const n = grades.length;
  return {
    name: 'queries',
    features: { data: Float32Array.from(features), shape: [n, columns.length], dtype: 'float32' },
    targets: { data: Float32Array.from(grades), shape: [n], dtype: 'float32' },
    groups: { data: Int32Array.from(groups), shape: [n], dtype: 'int32' },
    columns,
    target: 'relevance',
  };
}
