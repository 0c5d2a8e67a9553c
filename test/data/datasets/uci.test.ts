import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { uci, uciNames } from '../../../src/data/index.js';
import { toNumbers } from '../../../src/index.js';

const folder = mkdtempSync(join(tmpdir(), 'cotangent-uci-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('the regression sets of UCI', () => {
  it('are read from text, packed or not, with any white space', async () => {
    writeFileSync(join(folder, 'power-plant.txt'), '8.34\t40.77 \t1010.84\t90.01\t480.48 \n\n1 2 3 4 5\r\n');
    const read = await uci({ set: 'power-plant', folder });
    expect([read.name, read.target, read.unit, read.columns.length]).toEqual([
      'uci/power-plant',
      'electrical output',
      'MW',
      4,
    ]);
    expect(toNumbers(read.targets)).toEqual([Math.fround(480.48), 5]);
    expect(toNumbers(read.features).slice(4)).toEqual([1, 2, 3, 4]);
    // The packed file comes first, and what follows the target is left out.
    const row = Array.from({ length: 18 }, (_, i) => i).join(' ');
    writeFileSync(join(folder, 'naval-propulsion-plant.txt.gz'), gzipSync(row));
    const naval = await uci({ set: 'naval-propulsion-plant', folder });
    expect([naval.features.shape, toNumbers(naval.targets)]).toEqual([[1, 16], [16]]);
  });

  it('are refused in one line when absent or damaged', async () => {
    await expect(uci({ set: 'yacht', folder })).rejects.toThrow(/^uci: yacht\.txt\(\.gz\) is not in /);
    writeFileSync(join(folder, 'yacht.txt'), '1 2 3 4 5 6 7\n1 2 3 4 5 6\n');
    await expect(uci({ set: 'yacht', folder })).rejects.toThrow(/yacht\.txt: line 2 must have 7 numbers/);
    writeFileSync(join(folder, 'yacht.txt'), '1 2 3 4 5 6 seven\n');
    await expect(uci({ set: 'yacht', folder })).rejects.toThrow(/yacht\.txt: line 1 must have 7 numbers/);
    writeFileSync(join(folder, 'yacht.txt'), '\n');
    await expect(uci({ set: 'yacht', folder })).rejects.toThrow(/yacht\.txt: is empty/);
  });

  it.skipIf(!process.env.COTANGENT_DATA)(
    'have as many samples as are published (where COTANGENT_DATA names the folder of data sets)',
    async () => {
      const sizes = await Promise.all(
        uciNames.map(async (set) => {
          const { features, targets, columns } = await uci({ set });
          expect([features.shape, columns.length]).toEqual([[targets.shape[0], columns.length], new Set(columns).size]);
          return [set, ...features.shape];
        }),
      );
      expect(sizes).toEqual([
        ['boston-housing', 506, 13],
        ['concrete', 1030, 8],
        ['energy', 768, 8],
        ['kin8nm', 8192, 8],
        ['naval-propulsion-plant', 11934, 16],
        ['power-plant', 9568, 4],
        ['wine-quality-red', 1599, 11],
        ['yacht', 308, 6],
      ]);
      const concrete = await uci({ set: 'concrete' });
      expect(toNumbers(concrete.features).slice(0, 8)).toEqual([540, 0, 0, 162, 2.5, 1040, 676, 28]);
      expect(concrete.targets.data[0]).toBe(Math.fround(79.99));
    },
  );
});
