import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

/** How to name a file in messages, and what it must hold. */
export interface Expected {
  /** Path or address. */
  readonly name: string;
  /** Of the unpacked contents; any contents will do without it. */
  readonly sha256?: string;
  /** What to do about a file that is damaged. */
  readonly advice?: string;
}

/**
 * The contents of a gzipped or plain file.
 *
 * @throws Error of one line when the archive is damaged or the contents are not those expected.
 */
export function unpack(bytes: Uint8Array, { name, sha256, advice }: Expected): Uint8Array {
  const fail = (what: string) => new Error(`${name}: ${what}${advice ? `; ${advice}` : ''}`);
  let contents = bytes;
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) {
    try {
      contents = gunzipSync(bytes);
    } catch (error) {
      throw fail(`damaged archive (${(error as Error).message})`);
    }
  }
  if (sha256 !== undefined) {
    const actual = createHash('sha256').update(contents).digest('hex');
    if (actual !== sha256) throw fail(`SHA-256 is ${actual.slice(0, 12)}..., expected ${sha256.slice(0, 12)}...`);
  }
  // Not a Node Buffer: its methods differ from those of the array that it seems to be.
  return new Uint8Array(contents.buffer, contents.byteOffset, contents.byteLength);
}

/** The bytes of a file, undefined when there is none. Whatever else keeps it from being read is an error. */
export async function readIfPresent(path: string): Promise<Uint8Array | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw error;
  }
}

/** The subfolder of a data set in the folder that COTANGENT_DATA names; undefined where that is not set. */
export function localFolder(name: string): string | undefined {
  const data = process.env.COTANGENT_DATA;
  return data ? join(data, name) : undefined;
}
