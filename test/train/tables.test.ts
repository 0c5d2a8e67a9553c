import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { toNumbers } from '../../src/index.js';
import { isTableFile, rankingTables, regressionTables } from '../../src/train/tables.js';

const folder = mkdtempSync(join(tmpdir(), 'cotangent-train-tables-'));
afterAll(() => rmSync(folder, { recursive: true }));
const file = (name: string, rows: readonly (readonly (string | number)[])[]) => {
  const path = join(folder, name);
  writeFileSync(path, rows.map((row) => row.join(',')).join('\n'));
  return path;
};
const data = file('houses.csv', [
  ['rooms', 'street', 'price', 'area'],
  ...Array.from({ length: 20 }, (_, i) => [i, `street ${i % 3}`, 100 * i, 2 * i]),
]);
const usual = { validation: 0.25, splitSeed: 0 };

describe('tables to train on', () => {
  it('are files of three kinds', () => {
    expect(['a.csv', 'b/c.TSV', 'd.parquet'].every(isTableFile)).toBe(true);
    expect(['mnist', 'photos', 'model.onnx', 'uci/yacht'].some(isTableFile)).toBe(false);
  });

  it('are parted by a seed of their own, or have a file to measure on', async () => {
    const settings = { ...usual, data, target: 'price', columns: ['area', 'rooms'] };
    const { train, test } = await regressionTables(settings);
    expect([train.features.shape, test.features.shape, train.columns]).toEqual([
      [15, 2],
      [5, 2],
      ['area', 'rooms'],
    ]);
    const all = [...toNumbers(train.targets), ...toNumbers(test.targets)].sort((a, b) => a - b);
    expect(all).toEqual(Array.from({ length: 20 }, (_, i) => 100 * i));
    expect(await regressionTables(settings)).toEqual({ train, test });
    const other = await regressionTables({ ...settings, splitSeed: 1 });
    expect(toNumbers(other.test.targets)).not.toEqual(toNumbers(test.targets));
    const few = await regressionTables({ ...settings, trainSize: 4, testSize: 2 });
    expect(toNumbers(few.train.targets)).toEqual(toNumbers(train.targets).slice(0, 4));
    expect(few.test.targets.shape).toEqual([2]);

    const testData = file('more.csv', [
      ['price', 'rooms', 'area'],
      [7, 1, 2],
    ]);
    const split = await regressionTables({ ...settings, testData });
    expect([split.train.targets.shape, toNumbers(split.test.features)]).toEqual([[20], [2, 1]]);
  });

  it('keep the items of a query together', async () => {
    const items = file('items.csv', [
      ['q', 'a', 'grade'],
      ...Array.from({ length: 40 }, (_, i) => [`q${i % 8}`, i, i % 4]),
    ]);
    const settings = { ...usual, data: items, target: 'grade', group: 'q' };
    const { train, test } = await rankingTables(settings);
    expect([train.columns, new Set(train.groups.data).size, new Set(test.groups.data).size]).toEqual([['a'], 6, 2]);
    expect([train.groups.data.length, test.groups.data.length]).toEqual([30, 10]);
    const few = await rankingTables({ ...settings, trainSize: 2 });
    expect(few.train.groups.data.length).toBe(10);
    const drawn = await rankingTables({ ...usual, data: 'queries', trainSize: 10, testSize: 5 });
    expect(new Set(drawn.train.groups.data).size).toBe(10);
    expect(toNumbers(drawn.test.features).slice(0, 3)).not.toEqual(toNumbers(drawn.train.features).slice(0, 3));
  });

  it.each([
    [{ data }, /name the column of .*houses\.csv that is predicted, target: one of 'rooms', 'street', 'price', 'area'/],
    [{ data, target: 'cost' }, /houses\.csv.*has no column 'cost', but 'rooms'/],
    [{ data, target: 'price' }, /houses\.csv, row 1, column 'street': 'street 0'.*can be named: columns$/],
    [{ data: 'uci/concret' }, /^train: no set of UCI is called concret; did you mean concrete\?/],
    [{ data: 'uci/yacht', target: 'x' }, /uci\/yacht has columns and a target of its own/],
    [{ data: join(folder, 'none.csv'), target: 'x' }, /none\.csv: does not exist/],
    [{ data, target: 'price', columns: ['area'], validation: 0.01 }, /share of 0.01 cannot be held out of 20 samples/],
  ])('%j is refused in one line', async (settings, message) => {
    await expect(regressionTables({ ...usual, ...settings })).rejects.toThrow(message);
  });

  it('of items to rank need a column of queries', async () => {
    await expect(rankingTables({ ...usual, data, target: 'price' })).rejects.toThrow(/names the query.*: group/);
  });
});
