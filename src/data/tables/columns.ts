import type { NDArray } from '../../tensor/index.js';
import type { Cell, Table } from './table.js';

/** Columns of numbers as a matrix [rows, columns]. @throws Error naming file, row and column of what is no number. */
export function featuresOf(table: Table, columns: readonly string[]): NDArray<'float32'> {
  if (columns.length === 0) throw new Error(`${table.name}: no columns to take features from`);
  const data = new Float32Array(table.rows * columns.length);
  columns.forEach((name, j) => {
    table.column(name).forEach((cell, i) => {
      data[i * columns.length + j] = numberOf(table, i, name, cell);
    });
  });
  return { data, shape: [table.rows, columns.length], dtype: 'float32' };
}

/** A column of numbers [rows]. @throws Error naming file, row and column of what is no number. */
export function targetsOf(table: Table, column: string): NDArray<'float32'> {
  const data = Float32Array.from(table.column(column), (cell, i) => numberOf(table, i, column, cell));
  return { data, shape: [table.rows], dtype: 'float32' };
}

/**
 * A column of classes as indices [rows], with the classes' names: whole numbers in order of size, anything else in alphabetical order.
 *
 * @param known the classes there are, in their order. Default: those of the column.
 * @throws Error naming file, row and column of a cell that is empty, or none of the known classes.
 */
export function labelsOf(
  table: Table,
  column: string,
  known?: readonly string[],
): { labels: NDArray<'int32'>; classes: readonly string[] } {
  const names = table.column(column).map((cell, i) => textOf(table, i, column, cell));
  const numeric = names.every((name) => /^[+-]?\d+$/.test(name));
  const order = (a: string, b: string) => (numeric ? Number(a) - Number(b) : a < b ? -1 : 1);
  const classes = known ?? [...new Set(names)].sort(order);
  const indices = new Map(classes.map((name, i) => [name, i]));
  const data = Int32Array.from(names, (name, i) => {
    const index = indices.get(name);
    if (index === undefined)
      throw at(table, i, column, `'${name}', which is none of the classes ${classes.join(', ')}`);
    return index;
  });
  return { labels: { data, shape: [names.length], dtype: 'int32' }, classes };
}

/** A column of texts; empty ones stay empty. @throws Error naming file, row and column of what is no text. */
export function textsOf(table: Table, column: string): string[] {
  return table.column(column).map((cell, i) => {
    if (typeof cell === 'string') return cell;
    throw at(table, i, column, `${cell === null || cell === undefined ? 'missing' : show(cell)}, which is no text`);
  });
}

function numberOf(table: Table, row: number, column: string, cell: Cell): number {
  const blank = cell === null || cell === undefined || (typeof cell === 'string' && cell.trim() === '');
  const value = blank || typeof cell === 'object' ? Number.NaN : Number(cell);
  if (Number.isFinite(value)) return value;
  throw at(table, row, column, blank ? 'empty, which is no number' : `${show(cell)}, which is no finite number`);
}

function textOf(table: Table, row: number, column: string, cell: Cell): string {
  const text = cell === null || cell === undefined || typeof cell === 'object' ? '' : `${cell}`.trim();
  if (text !== '') return text;
  throw at(table, row, column, 'empty, which is no class');
}

/** Rows are counted from 1, the line of names left out. */
function at(table: Table, row: number, column: string, what: string): Error {
  return new Error(`${table.name}, row ${row + 1}, column '${column}': ${what}`);
}

function show(cell: Cell): string {
  const text = typeof cell === 'string' ? `'${cell}'` : `${cell}`;
  return text.length > 40 ? `${text.slice(0, 40)}...` : text;
}
