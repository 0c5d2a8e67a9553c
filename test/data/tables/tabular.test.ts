import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import {
  holdOut,
  holdOutGroups,
  listsOf,
  rankingTableOf,
  readTable,
  standardizationOf,
  tabularOf,
  tabularRows,
} from '../../../src/data/index.js';
import { ndarray, toNumbers } from '../../../src/index.js';
import { key, permutation } from '../../../src/runtime/random/index.js';

const folder = mkdtempSync(join(tmpdir(), 'cotangent-tabular-'));
afterAll(() => rmSync(folder, { recursive: true }));
const read = (contents: string) => {
  writeFileSync(join(folder, 'table.csv'), contents);
  return readTable(join(folder, 'table.csv'));
};

describe('tabularOf', () => {
  it('takes all other columns of numbers, or those named in their order', async () => {
    const table = await read('height,price,weight\n1,10,4\n2,20,5\n3,30,6\n');
    const all = tabularOf(table, { target: 'price' });
    expect([all.columns, all.features.shape, toNumbers(all.features)]).toEqual([
      ['height', 'weight'],
      [3, 2],
      [1, 4, 2, 5, 3, 6],
    ]);
    expect(toNumbers(all.targets)).toEqual([10, 20, 30]);
    expect(tabularOf(table, { target: 'price', columns: ['weight', 'height'] }).columns).toEqual(['weight', 'height']);
    expect(tabularRows(all, [2, 0])).toMatchObject({
      columns: ['height', 'weight'],
      features: { data: Float32Array.of(3, 6, 1, 4), shape: [2, 2] },
      targets: { data: Float32Array.of(30, 10) },
    });
  });

  it('says which cell is no number, and which column is not there', async () => {
    const table = await read('height,kind,price\n1,cat,10\n');
    expect(() => tabularOf(table, { target: 'price' })).toThrow(/table\.csv, row 1, column 'kind': 'cat', which is no/);
    expect(() => tabularOf(table, { target: 'cost' })).toThrow(/has no column 'cost', but 'height', 'kind', 'price'/);
    expect(() => tabularOf(table, { target: 'price', columns: ['price'] })).toThrow(/'price' cannot be predicted from/);
  });
});

describe('lists of items', () => {
  const text = 'query,a,grade\nx,1,0\ny,2,3\nx,3,1\nx,4,2\n';

  it('have the items of one query in the order of the table, filled up with what the mask leaves out', async () => {
    const items = rankingTableOf(await read(text), { group: 'query', target: 'grade' });
    expect([items.columns, toNumbers(items.groups)]).toEqual([['a'], [0, 1, 0, 0]]);
    const lists = listsOf(items);
    expect([lists.features.shape, toNumbers(lists.features)]).toEqual([
      [2, 3, 1],
      [1, 3, 4, 2, 0, 0],
    ]);
    expect(toNumbers(lists.relevance)).toEqual([0, 1, 2, 3, 0, 0]);
    expect([...lists.mask.data]).toEqual([1, 1, 1, 1, 0, 0]);
    expect(listsOf(items, { length: 5 }).mask.shape).toEqual([2, 5]);
    expect(() => listsOf(items, { length: 2 })).toThrow(/length 2 must be an integer of at least 3, the longest list/);
    const part = tabularRows(items, [1]);
    expect(toNumbers(part.groups)).toEqual([1]);
    expect(listsOf(part).features.shape).toEqual([1, 1, 1]);
    expect(() => listsOf({ ...items, targets: part.targets })).toThrow(/targets \[1\].*must be of as many items/);
  });

  it('have no grades below 0', async () => {
    const table = await read(`${text}y,5,-1\n`);
    expect(() => rankingTableOf(table, { group: 'query', target: 'grade' })).toThrow(
      /row 5, column 'grade': -1, but grades of relevance are at least 0/,
    );
    expect(() => rankingTableOf(table, { group: 'q', target: 'grade' })).toThrow(/has no column 'q'/);
  });
});

describe('holding out', () => {
  it('draws a share without replacement: the first of the permutation, in ascending order', () => {
    const { train, test } = holdOut(10, 0.25, key(3));
    expect([...test]).toEqual([...permutation(key(3), 10).data.slice(0, 3)].sort((a, b) => a - b));
    expect([...train, ...test].sort((a, b) => a - b)).toEqual(Array.from({ length: 10 }, (_, i) => i));
    expect(holdOut(10, 0.25, key(3))).toEqual({ train, test });
    expect(holdOut(1000, 0.25, key(4)).test).not.toEqual(holdOut(1000, 0.25, key(3)).test);
    expect(() => holdOut(3, 0.01, key(0), 'table')).toThrow(/^table: a share of 0.01 cannot be held out of 3 samples/);
    expect(() => holdOut(3, 0.9, key(0))).toThrow(/holdOut: a share of 0.9/);
  });

  it('never parts a group', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: -3, max: 30 }), { minLength: 2, maxLength: 60 }),
        fc.nat(1000),
        (groups, seed) => {
          const count = new Set(groups).size;
          fc.pre(Math.round(0.3 * count) >= 1);
          const { train, test } = holdOutGroups(groups, 0.3, key(seed));
          const [of, held] = [train, test].map((rows) => new Set(Array.from(rows, (i) => groups[i])));
          expect([...of].filter((group) => held.has(group))).toEqual([]);
          expect([held.size, train.length + test.length]).toEqual([Math.round(0.3 * count), groups.length]);
        },
      ),
    );
  });
});

describe('standardizationOf', () => {
  it('makes columns of mean 0 and variance 1, also those far from 0', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -50, max: 50 }), { minLength: 2, maxLength: 40 }), (column) => {
        fc.pre(new Set(column).size > 1);
        const values = ndarray(
          column.flatMap((x) => [x, 1000 + x / 8, 7]),
          { shape: [column.length, 3] },
        );
        const { mean, deviation } = standardizationOf(values);
        const moments = (j: number) => {
          const z = column.map((_, i) => (values.data[3 * i + j] - mean.data[j]) / deviation.data[j]);
          const average = z.reduce((a, b) => a + b) / z.length;
          return [average, z.reduce((a, b) => a + (b - average) ** 2, 0) / z.length];
        };
        for (const j of [0, 1]) {
          expect(Math.abs(moments(j)[0])).toBeLessThan(2e-2 * (j === 0 ? 1e-3 : 1));
          expect(moments(j)[1]).toBeCloseTo(1, 5);
        }
        expect([mean.data[2], deviation.data[2], ...moments(2)]).toEqual([7, 1, 0, 0]);
      }),
    );
  });

  it('takes a column that is the same number everywhere as it is, even where its mean is rounded', () => {
    const tenths = ndarray(new Float32Array(1001).fill(0.998));
    expect(standardizationOf(tenths).deviation.data[0]).toBe(1);
    expect(() => standardizationOf(ndarray(new Float32Array(0), { shape: [0, 2] }))).toThrow(/\[0, 2\] must be \[n\]/);
  });
});
