import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Dataset } from '../dataset.js';
import { localFolder, unpack } from './files.js';

export interface Cifar10Options {
  readonly split: 'train' | 'test';
  /** Folder that holds the binary files, gzipped or not. Default: the subfolder `cifar10` of the folder that COTANGENT_DATA names. */
  readonly folder?: string;
}

const shape = [3, 32, 32] as const;
const pixels = 3 * 32 * 32;
/** A record is the label and the planes of red, green and blue, row by row. */
const record = 1 + pixels;

const classes = ['airplane', 'automobile', 'bird', 'cat', 'deer', 'dog', 'frog', 'horse', 'ship', 'truck'] as const;

/** The official files are data_batch_1.bin to data_batch_5.bin and test_batch.bin; parts of the set may be train*.bin and test*.bin. */
const fileNames = { train: /^(?:data_batch|train).*\.bin(?:\.gz)?$/, test: /^test.*\.bin(?:\.gz)?$/ } as const;

/**
 * CIFAR-10 from a local folder: photographs of ten classes, 32 by 32 in colour, in the set's "binary version"; all files of the split
 * in the order of their names. Krizhevsky 2009, Learning multiple layers of features from tiny images.
 *
 * @returns images [n, 3, 32, 32] in red, green, blue, and labels 0 to 9.
 * @throws Error of one line that names the folder or file when one is absent or damaged.
 */
export async function cifar10({ split, folder = localFolder('cifar10') }: Cifar10Options): Promise<Dataset> {
  if (folder === undefined) throw new Error('cifar10: name a folder, here or in COTANGENT_DATA');
  const parts = await Promise.all((await filesOf(split, folder)).map(readRecords));
  const n = parts.reduce((total, part) => total + part.length / record, 0);
  const images = new Uint8Array(n * pixels);
  const labels = new Int32Array(n);
  let i = 0;
  for (const part of parts) {
    for (let at = 0; at < part.length; at += record, i++) {
      labels[i] = part[at];
      images.set(part.subarray(at + 1, at + record), i * pixels);
    }
  }
  return {
    name: `cifar10 ${split}`,
    images: { data: images, shape: [n, ...shape], dtype: 'uint8' },
    labels: { data: labels, shape: [n], dtype: 'int32' },
    classes,
  };
}

async function filesOf(split: 'train' | 'test', folder: string): Promise<string[]> {
  const present = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  const names = present.filter((name) => fileNames[split].test(name)).sort();
  // A file that is there both packed and unpacked counts once.
  const wanted = names.filter((name) => !name.endsWith('.gz') || !names.includes(basename(name, '.gz')));
  if (wanted.length === 0) throw new Error(`cifar10: no ${split} files (.bin or .bin.gz) in ${folder}`);
  return wanted.map((name) => join(folder, name));
}

async function readRecords(path: string): Promise<Uint8Array> {
  const records = unpack(await readFile(path), { name: path, advice: 'replace it by the original' });
  if (records.length === 0 || records.length % record !== 0)
    throw new Error(`${path}: ${records.length} bytes are no whole number of records of ${record}; is it cut short?`);
  for (let at = 0; at < records.length; at += record)
    if (records[at] >= classes.length)
      throw new Error(`${path}: record ${at / record} has label ${records[at]}, not one of ${classes.length} classes`);
  return records;
}
