import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { cifar10 } from '../../../src/data/index.js';

const scratch = mkdtempSync(join(tmpdir(), 'cotangent-cifar10-'));
afterAll(() => rmSync(scratch, { recursive: true }));

/** A folder with these files, packed where the name says so; each label becomes a record whose pixels are label + position. */
function folderOf(files: Record<string, number[]>): string {
  const folder = mkdtempSync(join(scratch, 'set-'));
  for (const [name, labels] of Object.entries(files)) {
    const bytes = Uint8Array.from(
      labels.flatMap((label) => [label, ...Array.from({ length: 3072 }, (_, i) => label + i)]),
    );
    writeFileSync(join(folder, name), name.endsWith('.gz') ? gzipSync(bytes) : bytes);
  }
  return folder;
}

describe('CIFAR-10', () => {
  it('is read from all files of the split, in the order of their names, packed or not', async () => {
    const folder = folderOf({
      'data_batch_2.bin.gz': [7],
      'data_batch_1.bin': [3, 0],
      'data_batch_1.bin.gz': [3, 0],
      'test_batch.bin': [9],
    });
    const train = await cifar10({ split: 'train', folder });
    expect(train.images.shape).toEqual([3, 3, 32, 32]);
    expect([...train.labels.data]).toEqual([3, 0, 7]);
    expect([...train.images.data.slice(0, 3)]).toEqual([3, 4, 5]);
    expect([...train.images.data.slice(2 * 3072, 2 * 3072 + 3)]).toEqual([7, 8, 9]);
    expect(train.classes[3]).toBe('cat');
    expect([...(await cifar10({ split: 'test', folder })).labels.data]).toEqual([9]);
  });

  it('is refused in one line when files are absent or damaged', async () => {
    const read = (files: Record<string, number[]>) => cifar10({ split: 'test', folder: folderOf(files) });
    await expect(read({ 'data_batch_1.bin': [1] })).rejects.toThrow(/^cifar10: no test files \(.bin or .bin.gz\) in /);
    await expect(cifar10({ split: 'test', folder: join(scratch, 'none') })).rejects.toThrow(/^cifar10: no test files/);
    await expect(read({ 'test.bin': [4, 10] })).rejects.toThrow(
      /test.bin: record 1 has label 10, not one of 10 classes/,
    );
    const folder = folderOf({});
    writeFileSync(join(folder, 'test.bin'), new Uint8Array(3074));
    await expect(cifar10({ split: 'test', folder })).rejects.toThrow(
      /test.bin: 3074 bytes are no whole number of records/,
    );
    writeFileSync(join(folder, 'test.bin'), gzipSync(new Uint8Array(3073)).subarray(0, 20));
    await expect(cifar10({ split: 'test', folder })).rejects.toThrow(/test.bin: damaged archive .*; replace it/);
  });

  it.skipIf(!process.env.COTANGENT_DATA)(
    'is balanced (where COTANGENT_DATA names the folder of data sets)',
    async () => {
      for (const [split, each] of [
        ['train', 1500],
        ['test', 500],
      ] as const) {
        const { images, labels } = await cifar10({ split });
        expect(images.shape).toEqual([10 * each, 3, 32, 32]);
        const counts = new Array<number>(10).fill(0);
        for (const label of labels.data) counts[label]++;
        expect(counts).toEqual(new Array(10).fill(each));
      }
    },
  );
});
