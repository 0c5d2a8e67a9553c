import { createHash } from 'node:crypto';
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { gunzipSync } from 'node:zlib';

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
  readonly mirrors: readonly string[];
  readonly sha256: string;
}

/** The contents of a gzipped or plain file. @throws Error of one line when the archive is damaged. */
export function unpack(bytes: Uint8Array, name: string): Uint8Array {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  try {
    return new Uint8Array(gunzipSync(bytes));
  } catch (error) {
    throw new Error(`${name}: damaged archive (${(error as Error).message}); delete it and try again`);
  }
}

/** @throws Error of one line unless the bytes have that SHA-256. */
export function verify(bytes: Uint8Array, sha256: string, name: string): void {
  const actual = createHash('sha256').update(bytes).digest('hex');
  if (actual !== sha256)
    throw new Error(
      `${name}: SHA-256 is ${actual.slice(0, 12)}..., expected ${sha256.slice(0, 12)}...; delete it and try again`,
    );
}

/**
 * The unpacked contents of a file: from the cache folder, else from the first mirror that delivers it whole. What is cached is verified
 * first and put in place in one step, so a broken download leaves nothing behind.
 */
export async function cached(
  file: RemoteFile,
  folder: string,
  onProgress: (progress: DownloadProgress) => void = () => {},
): Promise<Uint8Array> {
  const path = join(folder, file.name);
  const present = await readFile(path).catch(() => undefined);
  if (present) {
    const contents = unpack(present, path);
    verify(contents, file.sha256, path);
    return contents;
  }
  const failures: string[] = [];
  for (const mirror of file.mirrors) {
    const url = new URL(file.name, mirror).href;
    try {
      const bytes = await fetchAll(url, file.name, onProgress);
      const contents = unpack(bytes, url);
      verify(contents, file.sha256, url);
      await put(path, bytes);
      return contents;
    } catch (error) {
      const { message, cause } = error as Error;
      failures.push(`${url}: ${cause instanceof Error ? cause.message : message}`);
    }
  }
  throw new Error(`${basename(path)}: no mirror delivered it (${failures.join('; ')})`);
}

async function fetchAll(
  url: string,
  file: string,
  onProgress: (progress: DownloadProgress) => void,
): Promise<Uint8Array> {
  const response = await fetch(url);
  if (!response.ok || !response.body) throw new Error(`the server answered ${response.status}`);
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
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    const handle = await open(temporary, 'w');
    await handle.writeFile(bytes);
    await handle.sync();
    await handle.close();
    await rename(temporary, path);
  } finally {
    await rm(temporary, { force: true });
  }
}
