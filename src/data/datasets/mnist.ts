import { homedir } from 'node:os';
import { join } from 'node:path';
import { castArray, type NDArray } from '../../tensor/index.js';
import type { Dataset } from '../dataset.js';
import { cached, type DownloadProgress } from './download.js';
import { localFolder, readIfPresent, unpack } from './files.js';
import { decodeIdx } from './idx.js';

export interface MnistOptions {
  readonly split: 'train' | 'test';
  /** Folder that holds the four files, gzipped or not. Default: the subfolder `mnist` of the folder that COTANGENT_DATA names. */
  readonly folder?: string;
  /** Where downloads are kept. Default: `cotangent/mnist` in the user's cache folder. */
  readonly cache?: string;
  /** Whether files that are neither in a folder nor in the cache may be downloaded. Default true. */
  readonly download?: boolean;
  /** Places to download from, each ending in a slash. */
  readonly mirrors?: readonly string[];
  readonly onProgress?: (progress: DownloadProgress) => void;
}

const defaultMirrors = [
  'https://ossci-datasets.s3.amazonaws.com/mnist/',
  'https://storage.googleapis.com/cvdf-datasets/mnist/',
];

/** SHA-256 of the unpacked files. */
const checksums = {
  'train-images-idx3-ubyte': 'ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db',
  'train-labels-idx1-ubyte': '65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5',
  't10k-images-idx3-ubyte': '0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7',
  't10k-labels-idx1-ubyte': 'ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2',
} as const;

type FileName = keyof typeof checksums;

/**
 * MNIST: 60,000 training and 10,000 test images of handwritten digits, 28 by 28. LeCun, Bottou, Bengio and Haffner 1998.
 *
 * Read from a local folder where there is one, else downloaded once and kept. All files are verified.
 *
 * @throws Error of one line that names the file when one is absent, damaged or cannot be downloaded.
 */
export async function mnist(options: MnistOptions): Promise<Dataset> {
  const prefix = options.split === 'train' ? 'train' : 't10k';
  const [pixels, labels] = await Promise.all([
    decoded(`${prefix}-images-idx3-ubyte`, options),
    decoded(`${prefix}-labels-idx1-ubyte`, options),
  ]);
  const [n, height, width] = pixels.shape;
  return {
    name: `mnist ${options.split}`,
    images: { ...pixels, shape: [n, 1, height, width] },
    labels: castArray(labels, 'int32'),
    classes: Array.from({ length: 10 }, (_, i) => `${i}`),
  };
}

/** A verified file, so its elements are known to be unsigned bytes. */
async function decoded(name: FileName, options: MnistOptions): Promise<NDArray<'uint8'>> {
  return castArray(decodeIdx(await contents(name, options), name), 'uint8');
}

async function contents(name: FileName, options: MnistOptions): Promise<Uint8Array> {
  const { folder = localFolder('mnist'), download = true, onProgress } = options;
  const sha256 = checksums[name];
  if (folder === undefined) {
    const cache = options.cache ?? join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'cotangent', 'mnist');
    const mirrors = download ? (options.mirrors ?? defaultMirrors) : [];
    return cached({ name: `${name}.gz`, mirrors, sha256 }, cache, onProgress);
  }
  for (const path of [join(folder, `${name}.gz`), join(folder, name)]) {
    const bytes = await readIfPresent(path);
    if (bytes) return unpack(bytes, { name: path, sha256, advice: 'replace it by the original' });
  }
  throw new Error(
    `mnist: ${name}(.gz) is not in ${folder}; put the four files there, or name no folder to download them`,
  );
}
