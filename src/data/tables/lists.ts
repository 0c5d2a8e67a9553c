import { type NDArray, showShape } from '../../tensor/index.js';
import type { RankingTable } from './tabular.js';

/** Lists of items, one for each query, filled up to the length of the longest. */
export interface RankedLists {
  /** [lists, items, columns]; zeros where there is no item. */
  readonly features: NDArray<'float32'>;
  /** Grades [lists, items]; zeros where there is no item. */
  readonly relevance: NDArray<'float32'>;
  /** Where there is one, [lists, items]. */
  readonly mask: NDArray<'bool'>;
}

/**
 * The items of each query as a list, in the order that they have in the table; lists in the order of the queries' numbers.
 *
 * @param options `length` of the lists, at least that of the longest. Default: that.
 * @throws RangeError when parts do not fit, or a list is longer.
 */
export function listsOf(
  { features, targets, groups }: Pick<RankingTable, 'features' | 'targets' | 'groups'>,
  { length }: { readonly length?: number } = {},
): RankedLists {
  const [n, columns] = features.shape;
  if (targets.shape.join() !== `${n}` || groups.shape.join() !== `${n}`)
    throw new RangeError(
      `listsOf: features ${showShape(features.shape)}, targets ${showShape(targets.shape)} and groups ${showShape(groups.shape)} must be of as many items`,
    );
  const rows = new Map<number, number[]>();
  for (let i = 0; i < n; i++) {
    const list = rows.get(groups.data[i]);
    if (list) list.push(i);
    else rows.set(groups.data[i], [i]);
  }
  const lists = [...rows].sort(([a], [b]) => a - b).map(([, items]) => items);
  const longest = lists.reduce((most, list) => Math.max(most, list.length), 0);
  const items = length ?? longest;
  if (!(Number.isInteger(items) && items >= longest))
    throw new RangeError(`listsOf: length ${length} must be an integer of at least ${longest}, the longest list`);
  const values = new Float32Array(lists.length * items * columns);
  const relevance = new Float32Array(lists.length * items);
  const mask = new Uint8Array(lists.length * items);
  lists.forEach((list, q) => {
    list.forEach((row, i) => {
      const at = q * items + i;
      values.set(features.data.subarray(row * columns, (row + 1) * columns), at * columns);
      relevance[at] = targets.data[row];
      mask[at] = 1;
    });
  });
  return {
    features: { data: values, shape: [lists.length, items, columns], dtype: 'float32' },
    relevance: { data: relevance, shape: [lists.length, items], dtype: 'float32' },
    mask: { data: mask, shape: [lists.length, items], dtype: 'bool' },
  };
}
