import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { featuresOf, labelsOf, readTable, targetsOf, textsOf } from '../../../src/data/index.js';
import { toNumbers } from '../../../src/index.js';

const folder = mkdtempSync(join(tmpdir(), 'cotangent-tables-'));
afterAll(() => rmSync(folder, { recursive: true }));
const file = (name: string, contents: string | Uint8Array) => {
  writeFileSync(join(folder, name), contents);
  return join(folder, name);
};
const csv = file(
  'table.csv',
  '\ufeffheight,count, kind ,note\n1.5,1,cat,good\n2.25,1e3,dog,"two\nlines, ""quoted"""\n\n-3,3,cat,\n',
);
const parquet = fileURLToPath(new URL('../../golden/table.parquet', import.meta.url));

describe('readTable', () => {
  it('reads CSV: quotes, empty lines, names with spaces around, a mark at the start', async () => {
    const table = await readTable(csv);
    expect([table.name, table.columns, table.rows]).toEqual(['table.csv', ['height', 'count', 'kind', 'note'], 3]);
    expect(table.column('note')).toEqual(['good', 'two\nlines, "quoted"', '']);
    const some = await readTable(csv, { columns: ['kind'], limit: 2 });
    expect([some.columns, some.rows, some.column('kind')]).toEqual([['kind'], 2, ['cat', 'dog']]);
    expect((await readTable(file('t.tsv', 'a\tb\n1\t2,5\n'))).column('b')).toEqual(['2,5']);
  });

  it('reads Parquet as PyArrow writes it', async () => {
    const table = await readTable(parquet);
    expect([table.columns, table.rows]).toEqual([['height', 'count', 'kind', 'note'], 4]);
    expect(toNumbers(featuresOf(table, ['height', 'count']))).toEqual([1.5, 1, 2.25, 2 ** 40, -3, 3, 0.5, 4]);
    expect(labelsOf(table, 'kind')).toMatchObject({ classes: ['bird', 'cat', 'dog'] });
    const some = await readTable(parquet, { columns: ['note'], limit: 2 });
    expect([some.columns, textsOf(some, 'note')]).toEqual([['note'], ['good', 'bad']]);
    expect(() => textsOf(table, 'note')).toThrow(/table\.parquet, row 3, column 'note': missing, which is no text/);
  });

  it('says what is wrong', async () => {
    await expect(readTable(join(folder, 'none.csv'))).rejects.toThrow(/none\.csv: does not exist/);
    await expect(readTable(file('table.xlsx', ''))).rejects.toThrow(/must be a \.csv, \.tsv or \.parquet file/);
    await expect(readTable(file('empty.csv', ''))).rejects.toThrow(/empty\.csv: is empty/);
    await expect(readTable(csv, { columns: ['label'] })).rejects.toThrow(
      /has no column 'label', but 'height', 'count'/,
    );
    await expect(readTable(file('twice.csv', 'a,a\n1,2\n'))).rejects.toThrow(/two columns are called 'a'/);
    await expect(readTable(file('short.csv', 'a,b\n1,2\n3\n'))).rejects.toThrow(
      /short\.csv: Invalid Record Length.*line 3/,
    );
    await expect(readTable(file('junk.parquet', 'PAR1 no'))).rejects.toThrow(/junk\.parquet: no Parquet file/);
    expect(() => featuresOf({ name: 't', columns: [], rows: 0, column: () => [] }, [])).toThrow(/no columns/);
    const table = await readTable(csv);
    expect(() => table.column('label')).toThrow(/has no column 'label'/);
  });
});

describe('columns', () => {
  it('of numbers are matrices and targets, of anything else classes', async () => {
    const table = await readTable(csv);
    const features = featuresOf(table, ['count', 'height']);
    expect([features.shape, toNumbers(features)]).toEqual([
      [3, 2],
      [1, 1.5, 1000, 2.25, 3, -3],
    ]);
    expect(toNumbers(targetsOf(table, 'height'))).toEqual([1.5, 2.25, -3]);
    const { labels, classes } = labelsOf(table, 'kind');
    expect([classes, toNumbers(labels)]).toEqual([
      ['cat', 'dog'],
      [0, 1, 0],
    ]);
    expect(toNumbers(labelsOf(table, 'kind', ['dog', 'cat']).labels)).toEqual([1, 0, 1]);
    expect(() => labelsOf(table, 'kind', ['cat'])).toThrow(
      /row 2, column 'kind': 'dog', which is none of the classes cat/,
    );
    const numbered = await readTable(file('numbered.csv', 'y\n10\n2\n-1\n2\n'));
    expect(labelsOf(numbered, 'y')).toMatchObject({ classes: ['-1', '2', '10'] });
    expect(toNumbers(labelsOf(numbered, 'y').labels)).toEqual([2, 1, 0, 1]);
  });

  it('name the row and the column of what does not fit', async () => {
    const table = await readTable(csv);
    expect(() => featuresOf(table, ['height', 'kind'])).toThrow(
      /^table\.csv, row 1, column 'kind': 'cat', which is no finite number/,
    );
    expect(() => targetsOf(table, 'note')).toThrow(/row 1/);
    expect(() => labelsOf(table, 'note')).toThrow(/table\.csv, row 3, column 'note': empty, which is no class/);
  });
});
