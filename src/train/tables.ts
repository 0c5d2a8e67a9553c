import { extname } from 'node:path';
import {
  holdOut,
  holdOutGroups,
  queries,
  type RankingTable,
  rankingTableOf,
  readTable,
  type Tabular,
  tabularOf,
  tabularRows,
  type UciName,
  uci,
  uciNames,
} from '../data/index.js';
import { foldIn, key } from '../runtime/random/index.js';
import { nearest } from './options/nearest.js';

/** What a configuration says of tables. */
export interface TableSettings {
  /** `uci/` and the name of a set, `queries`, or a file: .csv, .tsv or .parquet. */
  readonly data: string;
  /** Column that is predicted; sets that are known by name have theirs. */
  readonly target?: string;
  /** Columns to predict it from. Default: all others. */
  readonly columns?: readonly string[];
  /** Column that names the query of each item. */
  readonly group?: string;
  /** A table to measure on. Default: a share of `data`. */
  readonly testData?: string;
  /** Share of the rows, or of the queries, that is held out to measure on. Default 0.2. */
  readonly validation?: number;
  /** Seed of what is held out, which does not change with that of the training. Default 0. */
  readonly splitSeed?: number;
  /** Use only so many training rows, or queries. */
  readonly trainSize?: number;
  readonly testSize?: number;
}

/** What is trained on and what is measured on. */
export interface Split<T> {
  readonly train: T;
  readonly test: T;
}

const files = ['.csv', '.tsv', '.parquet'];

/** Whether data of this name are a file that holds a table. */
export const isTableFile = (data: string): boolean => files.includes(extname(data).toLowerCase());

/** Of the drawn queries: data must not change with the seed of the training. */
const drawnQueries = key(0);

/** Rows to predict numbers from. @throws Error of one line naming file, row and column of what does not fit. */
export async function regressionTables(settings: TableSettings): Promise<Split<Tabular>> {
  const { data, validation = 0.2, splitSeed = 0, trainSize, testSize } = settings;
  const all = await regressionTable(settings);
  const { train, test } =
    settings.testData === undefined
      ? parted(all, holdOut(all.targets.shape[0], validation, key(splitSeed), `train: ${data}`))
      : { train: all, test: await fileOf({ ...settings, columns: all.columns }, settings.testData, tabularOf) };
  return { train: firstRows(train, trainSize), test: firstRows(test, testSize) };
}

async function regressionTable(settings: TableSettings): Promise<Tabular> {
  const { data, columns, target } = settings;
  if (!data.startsWith('uci/')) return fileOf(settings, data, tabularOf);
  const name = data.slice('uci/'.length);
  const known: readonly string[] = uciNames;
  if (!known.includes(name))
    throw new Error(`train: no set of UCI is called ${name}; did you mean ${nearest(name, known).join(', ')}?`);
  if (columns !== undefined || target !== undefined)
    throw new Error(`train: ${data} has columns and a target of its own; leave out columns and target`);
  return uci({ set: name as UciName });
}

/** Items to rank, of queries that are whole on one side. @throws as {@link regressionTables}. */
export async function rankingTables(settings: TableSettings): Promise<Split<RankingTable>> {
  const { data, group, validation = 0.2, splitSeed = 0, trainSize, testSize } = settings;
  if (data === 'queries') {
    const draw = (count: number, part: number) => queries({ count, key: foldIn(drawnQueries, part) });
    return { train: draw(trainSize ?? 1000, 0), test: draw(testSize ?? 300, 1) };
  }
  if (group === undefined) throw new Error('train: ranking needs the column that names the query of each item: group');
  const read = (columns: readonly string[] | undefined, file: string) =>
    fileOf({ ...settings, columns }, file, (table, options) => rankingTableOf(table, { ...options, group }));
  const all = await read(settings.columns, data);
  const { train, test } =
    settings.testData === undefined
      ? parted(all, holdOutGroups(all.groups.data, validation, key(splitSeed), `train: the queries of ${data}`))
      : { train: all, test: await read(all.columns, settings.testData) };
  return { train: firstQueries(train, trainSize), test: firstQueries(test, testSize) };
}

type Table = Awaited<ReturnType<typeof readTable>>;

async function fileOf<T>(
  { target, columns, group }: TableSettings,
  file: string,
  take: (table: Table, options: { readonly target: string; readonly columns?: readonly string[] }) => T,
): Promise<T> {
  const wanted = target !== undefined && columns && [...columns, target, ...(group === undefined ? [] : [group])];
  const table = await readTable(file, wanted ? { columns: wanted } : {});
  if (target === undefined)
    throw new Error(
      `train: name the column of ${file} that is predicted, target: one of ${table.columns.map((name) => `'${name}'`).join(', ')}`,
    );
  try {
    return take(table, { target, ...(columns && { columns }) });
  } catch (error) {
    const { message } = error as Error;
    const named = columns === undefined && message.includes('which is no');
    throw new Error(`train: ${message}${named ? '; those that are numbers can be named: columns' : ''}`);
  }
}

const parted = <T extends Tabular>(all: T, { train, test }: Split<ArrayLike<number>>): Split<T> => ({
  train: tabularRows(all, train),
  test: tabularRows(all, test),
});

const rowsWhere = (n: number, fits: (i: number) => boolean) => Array.from({ length: n }, (_, i) => i).filter(fits);

function firstRows<T extends Tabular>(table: T, count: number | undefined): T {
  return count === undefined
    ? table
    : tabularRows(
        table,
        rowsWhere(table.targets.shape[0], (i) => i < count),
      );
}

function firstQueries(table: RankingTable, count: number | undefined): RankingTable {
  if (count === undefined) return table;
  const first = new Set([...new Set(table.groups.data)].slice(0, count));
  return tabularRows(
    table,
    rowsWhere(table.groups.data.length, (i) => first.has(table.groups.data[i])),
  );
}
