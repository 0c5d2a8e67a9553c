import { mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/** Why a file cannot be written, in one line that names it: `run/model.onnx: cannot be written: no space left on device`. */
export function unwritable(path: string, error: unknown): Error {
  // The system's `ENOSPC: no space left on device, write` without its code and the call.
  const reason = (error as Error).message.replace(/^[A-Z]+: |, \w+( '.*)?$/g, '');
  return new Error(`${path}: cannot be written: ${reason}`, { cause: error });
}

/**
 * Makes a folder, and those that it lies in where they are not there. Node's own `recursive` never ends in file systems that make no folders and say that they do
 * not exist, as /proc on Linux.
 *
 * @throws the system's error where a folder cannot be made.
 */
export async function makeFolder(path: string): Promise<void> {
  const make = () =>
    mkdir(path).catch(async (error) => {
      const isThere = await stat(path).then(
        (found) => found.isDirectory(),
        () => false,
      );
      if (!isThere) throw error;
    });
  try {
    await make();
  } catch (error) {
    const parent = dirname(path);
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || parent === path) throw error;
    await makeFolder(parent);
    await make();
  }
}

/**
 * Writes a file in one step: readers and crashes see the old contents or the new, never a part. The bytes reach the disk before the
 * name does. What a killed process left half-written is cleared away at the next write.
 *
 * @throws Error of one line naming the file where it cannot be written; what was there stays.
 */
export async function writeFileAtomic(path: string, contents: Uint8Array | string): Promise<void> {
  const folder = dirname(path);
  const temporary = `${path}.tmp`;
  try {
    await makeFolder(folder);
    const handle = await open(temporary, 'w');
    try {
      await handle.writeFile(contents);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {});
    throw unwritable(path, error);
  }
  await syncFolder(folder);
}

/** Makes a rename in a folder last; not every platform can open one. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r').catch(() => undefined);
  await handle?.sync().catch(() => {});
  await handle?.close();
}

/** Deletes the files of these names in a folder; those that are not there are no error. */
export async function removeFiles(folder: string, names: readonly string[]): Promise<void> {
  const present = await readdir(folder).catch(() => [] as string[]);
  for (const name of present) if (names.includes(name.replace(/\.tmp$/, ''))) await rm(join(folder, name));
}

/** The value in a JSON file. @throws Error of one line naming the file when it is absent or no JSON. */
export async function readJson(path: string): Promise<unknown> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new Error(`${path}: ${error.code === 'ENOENT' ? 'does not exist' : error.message}`);
  });
  try {
    return JSON.parse(text);
  } catch {
    throw new Error(`${basename(path)}: not valid JSON (${path})`);
  }
}
