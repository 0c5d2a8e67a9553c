import { createReadStream, existsSync } from 'node:fs';
import { basename, extname } from 'node:path';
import { parse } from 'csv-parse';
import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';

/** A value of a table: text from CSV, whatever the type of the column says from Parquet. */
export type Cell = string | number | bigint | boolean | null | undefined | object;

/** Columns of a table, by name, in memory. */
export interface Table {
  /** Of the file. */
  readonly name: string;
  readonly columns: readonly string[];
  readonly rows: number;
  /** @throws Error naming the file and the columns that there are. */
  column(name: string): readonly Cell[];
}

export interface ReadTableOptions {
  /** Columns to keep; the others are not held in memory. Default: all. */
  readonly columns?: readonly string[];
  /** Only so many rows, from the first on. Default: all. */
  readonly limit?: number;
}

/**
 * Reads a table: `.csv`, `.tsv` with names in its first line, or `.parquet`. CSV is read as a stream; of Parquet the columns asked for.
 *
 * @throws Error of one line naming the file, and where it is damaged the line.
 */
export async function readTable(path: string, options: ReadTableOptions = {}): Promise<Table> {
  if (!existsSync(path)) throw new Error(`${path}: does not exist`);
  switch (extname(path).toLowerCase()) {
    case '.csv':
      return delimited(path, ',', options);
    case '.tsv':
      return delimited(path, '\t', options);
    case '.parquet':
      return parquet(path, options);
    default:
      throw new Error(`${path}: must be a .csv, .tsv or .parquet file`);
  }
}

async function delimited(
  path: string,
  delimiter: string,
  { columns, limit = Infinity }: ReadTableOptions,
): Promise<Table> {
  const file = createReadStream(path);
  const parser = parse({ delimiter, bom: true, skip_empty_lines: true });
  file.on('error', (error) => parser.destroy(error));
  let names: string[] | undefined;
  let kept: { readonly name: string; readonly at: number; readonly values: string[] }[] = [];
  let rows = 0;
  try {
    for await (const record of file.pipe(parser) as AsyncIterable<string[]>) {
      if (!names) {
        names = record.map((name) => name.trim());
        checkNames(path, names, columns);
        kept = names.flatMap((name, at) => (columns && !columns.includes(name) ? [] : [{ name, at, values: [] }]));
        continue;
      }
      if (rows >= limit) break;
      for (const { at, values } of kept) values.push(record[at]);
      rows++;
    }
  } catch (error) {
    const message = (error as Error).message.split('\n')[0];
    throw message.startsWith(path) ? (error as Error) : new Error(`${path}: ${message}`);
  } finally {
    file.destroy();
  }
  if (!names) throw new Error(`${path}: is empty, its first line must have the names of the columns`);
  return tableOf(path, new Map(kept.map(({ name, values }) => [name, values])), rows);
}

async function parquet(path: string, { columns, limit = Infinity }: ReadTableOptions): Promise<Table> {
  const named = (error: Error) => {
    throw error.message.startsWith(path)
      ? error
      : new Error(`${path}: no Parquet file that can be read (${error.message})`);
  };
  const file = await asyncBufferFromFile(path);
  const metadata = await parquetMetadataAsync(file).catch(named);
  const count = Number(metadata.num_rows);
  // The first element of the schema is the table itself; those within a group have paths of their own.
  const names = metadata.schema.slice(1).flatMap(({ name, num_children }) => (num_children ? [] : [name]));
  checkNames(path, names, columns);
  const chosen = names.filter((name) => !columns || columns.includes(name));
  const rows = Math.min(count, limit);
  const objects = await parquetReadObjects({ file, metadata, compressors, columns: chosen, rowEnd: rows }).catch(named);
  return tableOf(path, new Map(chosen.map((name) => [name, objects.map((row) => row[name] as Cell)])), rows);
}

function checkNames(path: string, names: readonly string[], wanted: readonly string[] = []): void {
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) throw new Error(`${path}: two columns are called '${twice}'`);
  const missing = wanted.find((name) => !names.includes(name));
  if (missing !== undefined) throw noColumn(path, missing, names);
}

function noColumn(path: string, name: string, names: readonly string[]): Error {
  return new Error(`${path}: has no column '${name}', but ${names.map((other) => `'${other}'`).join(', ')}`);
}

function tableOf(path: string, values: ReadonlyMap<string, readonly Cell[]>, rows: number): Table {
  const columns = [...values.keys()];
  return {
    name: basename(path),
    columns,
    rows,
    column: (name) => {
      const found = values.get(name);
      if (!found) throw noColumn(path, name, columns);
      return found;
    },
  };
}
