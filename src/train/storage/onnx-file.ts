import { readFileSync, realpathSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, isAbsolute, join, relative, sep } from 'node:path';
import { type ImportedModel, type ImportOptions, importOnnx } from '../../import/index.js';

/**
 * Reads external data that lies beside a model file, or in folders below it; each file once.
 *
 * @throws Error naming a location that leads out of the model's folder, whether by its path or by a link, or that is not there.
 */
export function externalDataBeside(path: string): (location: string) => Uint8Array {
  const read = new Map<string, Uint8Array>();
  return (location) => {
    const known = read.get(location);
    if (known) return known;
    const bytes = readFileSync(inside(dirname(path), location));
    read.set(location, bytes);
    return bytes;
  };
}

function inside(folder: string, location: string): string {
  const leaves = (from: string, to: string) => {
    const way = relative(from, to);
    return way === '..' || way.startsWith(`..${sep}`) || isAbsolute(way);
  };
  const refused = () => new Error(`external data '${location}' leads out of the model's folder`);
  if (isAbsolute(location) || location.includes('\\') || location.includes('\0')) throw refused();
  const path = join(folder, location);
  if (leaves(folder, path)) throw refused();
  let real: string;
  try {
    real = realpathSync(path);
  } catch (error) {
    throw new Error(`external data '${location}' cannot be read: ${(error as NodeJS.ErrnoException).code}`);
  }
  if (leaves(realpathSync(folder), real)) throw refused();
  return real;
}

/**
 * {@link importOnnx} of a file; its external data is read from the files that it names, relative to its folder.
 *
 * @throws Error where a file is not there, or external data lies outside of the folder; errors of `importOnnx`.
 */
export async function importOnnxFile(
  path: string,
  options: Pick<ImportOptions, 'float16'> = {},
): Promise<ImportedModel> {
  const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    throw new Error(`${path}: ${error.code === 'ENOENT' ? 'does not exist' : error.message}`);
  });
  return importOnnx(bytes, { ...options, externalData: externalDataBeside(path) });
}
