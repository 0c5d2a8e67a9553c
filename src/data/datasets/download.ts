import { randomUUID } from 'node:crypto';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { readIfPresent, unpack } from './files.js';

export interface DownloadProgress {
  readonly file: string;
  /** Bytes so far. */
  readonly received: number;
  /** Bytes in all, where the server says so. */
  readonly total: number | undefined;
}

/** A file that may be fetched from several places and is known by the SHA-256 of its unpacked contents. */
export interface RemoteFile {
  readonly name: string;
  /** Tried in this order; none where downloading is off. */
  readonly mirrors: readonly string[];
  readonly sha256: string;
}

/** A file as a mirror sent it, and what is in it. */
interface Download {
  readonly bytes: Uint8Array;
  readonly contents: Uint8Array;
}

/**
 * The unpacked contents of a file: from the cache folder, else from the first mirror that delivers it whole. What is cached is verified
 * first and put in place in one step, so a broken download leaves nothing behind.
 *
 * @throws Error of one line when what is cached is damaged, when no mirror delivers the file, or when it cannot be kept.
 */
export async function cached(
  file: RemoteFile,
  folder: string,
  onProgress: (progress: DownloadProgress) => void = () => {},
): Promise<Uint8Array> {
  const path = join(folder, file.name);
  const present = await readIfPresent(path);
  if (present) return unpack(present, { name: path, sha256: file.sha256, advice: 'delete it and try again' });
  if (file.mirrors.length === 0) throw new Error(`${path}: absent, and downloading is off`);
  const { bytes, contents } = await fromMirrors(file, onProgress);
  await put(path, bytes);
  return contents;
}

async function fromMirrors(file: RemoteFile, onProgress: (progress: DownloadProgress) => void): Promise<Download> {
  const failures: string[] = [];
  for (const mirror of file.mirrors) {
    const url = new URL(file.name, mirror).href;
    try {
      const bytes = await fetchAll(url, file.name, onProgress);
      return { bytes, contents: unpack(bytes, { name: 'download', sha256: file.sha256 }) };
    } catch (error) {
      const { message, cause } = error as Error;
      failures.push(`${url}: ${cause instanceof Error ? cause.message : message}`);
    }
  }
  throw new Error(`${file.name}: no mirror delivered it (${failures.join('; ')})`);
}

async function fetchAll(
  url: string,
  file: string,
  onProgress: (progress: DownloadProgress) => void,
): Promise<Uint8Array> {
  const response = await fetch(url);
  if (!response.ok || !response.body) {
    await response.body?.cancel();
    throw new Error(`the server answered ${response.status}`);
  }
  const length = response.headers.get('content-length');
  const total = length === null ? undefined : Number(length);
  const chunks: Uint8Array[] = [];
  let received = 0;
  for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
    chunks.push(chunk);
    received += chunk.length;
    onProgress({ file, received, total });
  }
  return Buffer.concat(chunks);
}

async function put(path: string, bytes: Uint8Array): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  // Its own name for each call: two that fetch the same file at once must not write into one another's.
  const temporary = `${path}.${randomUUID()}.tmp`;
  try {
    const handle = await open(temporary, 'w');
    try {
      await handle.writeFile(bytes);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, path);
  } finally {
    await rm(temporary, { force: true });
  }
}
