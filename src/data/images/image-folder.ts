import { readdir } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';
import { foldIn, type Key, permutation } from '../../runtime/random/index.js';
import { showShape } from '../../tensor/index.js';
import type { Dataset } from '../dataset.js';

export interface ImageFolderOptions {
  /** Height and width that every image is brought to. */
  readonly size: readonly [height: number, width: number];
  /** 3 for red, green and blue (default), 1 for grey. */
  readonly channels?: 1 | 3;
  /**
   * Share of the image that is kept, along each side, by the crop in its middle: 0.875 resizes to 256 where 224 are kept. In (0, 1].
   * Default 1.
   */
  readonly cropShare?: number;
  /** Share of each class's images that is held out where the folder has no split of its own, at least one image. Default 0.2. */
  readonly validation?: number;
  /** Draws which images are held out. */
  readonly key: Key;
  /** Called after each image. */
  readonly onProgress?: (done: number, total: number) => void;
}

/** Most bytes of pixels that are kept in memory. */
const mostBytes = 4 * 2 ** 30;
const extensions = new Set(['.jpg', '.jpeg', '.png', '.webp']);
const heldOutNames = ['val', 'valid', 'validation', 'test'];

interface Picture {
  readonly path: string;
  readonly label: number;
}

/**
 * Images in a folder with a subfolder a class, named by it: JPEG, PNG and WebP. Where the folder has a subfolder `train` and one of `val`,
 * `valid`, `validation`, `test`, those have the classes and are the split; otherwise a share of each class is held out.
 *
 * Each image is turned as its camera noted, laid on black where it is transparent, resized (Lanczos) to cover the size asked for, and
 * cropped in its middle. Pixels stay bytes, decoded once: n * channels * height * width bytes in memory.
 *
 * @returns images [n, channels, height, width], classes in alphabetical order, their order of files likewise.
 * @throws Error of one line naming the folder or file: one that is missing, has no images or fewer than two classes, another class in the
 * split than in training, an image that cannot be decoded.
 */
export async function imageFolder(
  folder: string,
  options: ImageFolderOptions,
): Promise<{ readonly train: Dataset; readonly test: Dataset }> {
  const { cropShare = 1, validation = 0.2, key, onProgress = () => {} } = options;
  if (!(cropShare > 0 && cropShare <= 1))
    throw new RangeError(`imageFolder: cropShare ${cropShare} must lie in (0, 1]`);
  if (!(validation > 0 && validation < 1))
    throw new RangeError(`imageFolder: validation ${validation} must lie in (0, 1)`);
  const { classes, train, test } = await pictures(folder, validation, key);
  const total = train.length + test.length;
  let done = 0;
  const decode = (name: string, list: readonly Picture[]) =>
    decoded(`${basename(folder)} ${name}`, list, classes, options, () => onProgress(++done, total));
  return { train: await decode('train', train), test: await decode('test', test) };
}

async function pictures(
  folder: string,
  validation: number,
  key: Key,
): Promise<{ classes: string[]; train: Picture[]; test: Picture[] }> {
  const top = await subfolders(folder);
  const heldOut = heldOutNames.find((name) => top.includes(name));
  if (top.includes('train') && heldOut !== undefined) {
    const train = await listed(join(folder, 'train'));
    const test = await listed(join(folder, heldOut));
    const unknown = test.classes.find((name) => !train.classes.includes(name));
    if (unknown !== undefined)
      throw new Error(`${join(folder, heldOut)}: the class ${unknown} is not in ${join(folder, 'train')}`);
    const labels = test.classes.map((name) => train.classes.indexOf(name));
    return {
      ...train,
      train: train.files,
      test: test.files.map(({ path, label }) => ({ path, label: labels[label] })),
    };
  }
  const { classes, files } = await listed(folder);
  const [train, test]: [Picture[], Picture[]] = [[], []];
  classes.forEach((name, label) => {
    const own = files.filter((file) => file.label === label);
    if (own.length < 2) throw new Error(`${join(folder, name)}: one image is too few, as some are held out`);
    const held = Math.min(own.length - 1, Math.max(1, Math.round(validation * own.length)));
    const chosen = new Set(permutation(foldIn(key, label), own.length).data.subarray(0, held));
    own.forEach((file, i) => (chosen.has(i) ? test : train).push(file));
  });
  return { classes, train, test };
}

/** The entries of a folder that are folders, sorted; hidden ones left out. */
async function subfolders(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    throw new Error(`${folder}: ${error.code === 'ENOENT' ? 'does not exist' : 'cannot be read as a folder'}`);
  });
  return sorted(entries.filter((entry) => entry.isDirectory() && !entry.name.startsWith('.')).map(({ name }) => name));
}

async function listed(folder: string): Promise<{ classes: string[]; files: Picture[] }> {
  const classes = await subfolders(folder);
  if (classes.length < 2)
    throw new Error(`${folder}: must have a subfolder for each of at least two classes, has ${classes.length}`);
  const files: Picture[] = [];
  for (const [label, name] of classes.entries()) {
    const images = sorted(await readdir(join(folder, name))).filter((file) =>
      extensions.has(extname(file).toLowerCase()),
    );
    if (images.length === 0) throw new Error(`${join(folder, name)}: has no .jpg, .png or .webp images`);
    for (const file of images) files.push({ path: join(folder, name, file), label });
  }
  return { classes, files };
}

/** By code units: the same order on every machine, whatever its language. */
function sorted(names: readonly string[]): string[] {
  return [...names].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
}

async function decoded(
  name: string,
  files: readonly Picture[],
  classes: readonly string[],
  options: ImageFolderOptions,
  onDone: () => void,
): Promise<Dataset> {
  const { size, channels = 3 } = options;
  const [height, width] = size;
  const plane = height * width;
  const shape = [files.length, channels, height, width];
  const bytes = files.length * channels * plane;
  if (bytes > mostBytes)
    throw new Error(
      `${name}: images ${showShape(shape)} take ${(bytes / 2 ** 30).toFixed(1)} GB, more than the 4 GB kept`,
    );
  const images = new Uint8Array(bytes);
  let next = 0;
  const worker = async () => {
    while (next < files.length) {
      const i = next++;
      const pixels = await pixelsOf(files[i].path, options);
      // From pixels with their channels side by side to one plane a channel.
      const to = i * channels * plane;
      for (let c = 0; c < channels; c++)
        for (let k = 0; k < plane; k++) images[to + c * plane + k] = pixels[k * channels + c];
      onDone();
    }
  };
  await Promise.all(Array.from({ length: 4 }, worker));
  return {
    name,
    images: { data: images, shape, dtype: 'uint8' },
    labels: { data: Int32Array.from(files, (file) => file.label), shape: [files.length], dtype: 'int32' },
    classes,
  };
}

async function pixelsOf(path: string, { size, channels = 3, cropShare = 1 }: ImageFolderOptions): Promise<Uint8Array> {
  const [height, width] = size;
  const [above, beside] = size.map((n) => Math.round(n / cropShare));
  try {
    const { default: sharp } = await import('sharp');
    const { data, info } = await sharp(path)
      .rotate()
      .flatten()
      .resize({ height: above, width: beside, fit: 'cover' })
      .extract({
        left: Math.floor((beside - width) / 2),
        top: Math.floor((above - height) / 2),
        width,
        height,
      })
      .toColourspace(channels === 1 ? 'b-w' : 'srgb')
      .raw({ depth: 'uchar' })
      .toBuffer({ resolveWithObject: true });
    if (info.channels === channels) return data;
    throw new Error(`${info.channels} channels instead of ${channels}`);
  } catch (error) {
    throw new Error(`${path}: cannot be decoded (${(error as Error).message.split('\n')[0]})`);
  }
}
