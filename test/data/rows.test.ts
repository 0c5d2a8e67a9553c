import { describe, expect, it } from 'vitest';
import { rowLoader, rowsAt } from '../../src/data/index.js';
import { ndarray, toNumbers } from '../../src/index.js';
import { foldIn, key, permutation } from '../../src/runtime/random/index.js';

const columns = {
  x: ndarray([
    [0, 1],
    [2, 3],
    [4, 5],
    [6, 7],
    [8, 9],
  ]),
  y: ndarray([0, 1, 2, 3, 4], { dtype: 'int64' }),
};

describe('rowLoader', () => {
  it('gives every row once an epoch, in an order of the key and the epoch, from any batch on', async () => {
    const read = async (epoch: number, startBatch = 0) => {
      const rows: number[] = [];
      for await (const { x, y } of rowLoader(columns, { batchSize: 2, key: key(3) }).epoch(epoch, { startBatch })) {
        expect(toNumbers(x)).toEqual(toNumbers(y).flatMap((i) => [2 * i, 2 * i + 1]));
        rows.push(...toNumbers(y));
      }
      return rows;
    };
    expect(await read(1)).toEqual(toNumbers(permutation(foldIn(key(3), 1), 5)));
    expect(await read(1, 1)).toEqual((await read(1)).slice(2));
    expect(await read(0)).not.toEqual(await read(1));
  });

  it('keeps or drops what is left', async () => {
    const sizes = async (last: 'keep' | 'drop') => {
      const found: number[] = [];
      for await (const { x } of rowLoader(columns, { batchSize: 2, key: key(0), shuffle: false, last }).epoch(0))
        found.push(x.shape[0]);
      return found;
    };
    expect([await sizes('keep'), await sizes('drop')]).toEqual([
      [2, 2, 1],
      [2, 2],
    ]);
    expect(rowLoader(columns, { batchSize: 2, key: key(0), last: 'drop' }).batchesPerEpoch).toBe(2);
  });

  it('says what does not fit', () => {
    expect(() => rowLoader({ ...columns, z: ndarray([1]) }, { batchSize: 1, key: key(0) })).toThrow(
      /x has 5 rows, y has 5 rows, z has 1 rows/,
    );
    expect(() => rowLoader(columns, { batchSize: 0, key: key(0) })).toThrow(/batchSize 0/);
    expect(() => rowLoader(columns, { batchSize: 6, key: key(0), last: 'drop' })).toThrow(
      /5 rows are too few for a batch of 6/,
    );
    expect(() => rowsAt(columns, [5])).toThrow(/index 5 is not in \[0, 5\)/);
  });
});
