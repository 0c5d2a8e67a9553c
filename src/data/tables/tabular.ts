import type { NDArray } from '../../tensor/index.js';
import { rowsAt } from '../rows.js';
import { featuresOf, labelsOf, targetsOf } from './columns.js';
import type { Table } from './table.js';

/** Numbers to predict, and numbers to predict them from. */
export interface Tabular {
  readonly name: string;
  /** [n, columns]. */
  readonly features: NDArray<'float32'>;
  /** [n]. */
  readonly targets: NDArray<'float32'>;
  /** Names of the features, in their order. */
  readonly columns: readonly string[];
  /** Name of what is predicted. */
  readonly target: string;
  /** Of what is predicted, where it has one. */
  readonly unit?: string;
}

/** Items that belong to queries, their grades of relevance as targets. */
export interface RankingTable extends Tabular {
  /** The query of each item, 0 and up, [n]. */
  readonly groups: NDArray<'int32'>;
}

export interface TabularOptions {
  /** Column that is predicted. */
  readonly target: string;
  /** Columns to predict it from, in this order. Default: all others. */
  readonly columns?: readonly string[];
}

/** A table's columns of numbers. @throws Error naming file, row and column of what is no number. */
export function tabularOf(table: Table, { target, columns }: TabularOptions): Tabular {
  // First, so that a name that is not there is what the message is about.
  const targets = targetsOf(table, target);
  const names = columns ?? table.columns.filter((name) => name !== target);
  if (names.includes(target)) throw new Error(`${table.name}: '${target}' cannot be predicted from itself`);
  return { name: table.name, features: featuresOf(table, names), targets, columns: names, target };
}

/**
 * A table of items, a row each, of which those with one value in the column `group` are of one query.
 *
 * @throws Error naming file, row and column of what is no number, of a grade below 0, and of an empty group.
 */
export function rankingTableOf(
  table: Table,
  { group, target, columns }: TabularOptions & { readonly group: string },
): RankingTable {
  const groups = labelsOf(table, group).labels;
  const names = columns ?? table.columns.filter((name) => name !== target && name !== group);
  const items = tabularOf(table, { target, columns: names });
  const negative = items.targets.data.findIndex((grade) => grade < 0);
  if (negative >= 0)
    throw new Error(
      `${table.name}, row ${negative + 1}, column '${target}': ${items.targets.data[negative]}, but grades of relevance are at least 0`,
    );
  return { ...items, groups };
}

/** The rows at `indices`, in that order. */
export function tabularRows<T extends Tabular>(table: T, indices: ArrayLike<number>): T {
  const { features, targets } = table;
  const groups = (table as Partial<RankingTable>).groups;
  return { ...table, ...rowsAt({ features, targets, ...(groups && { groups }) }, indices) };
}
