import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cached } from '../../../src/data/datasets/download.js';

describe('downloads', () => {
  const contents = new TextEncoder().encode('the contents '.repeat(1000));
  const archive = gzipSync(contents);
  const file = (mirrors: string[]) => ({
    name: 'file.gz',
    mirrors,
    sha256: createHash('sha256').update(contents).digest('hex'),
  });
  const cache = mkdtempSync(join(tmpdir(), 'cotangent-cache-'));
  let server: Server;
  let base = '';
  let requests: string[] = [];

  beforeAll(async () => {
    server = createServer((request, response) => {
      requests.push(request.url ?? '');
      if (request.url?.startsWith('/good')) response.setHeader('content-length', archive.length).end(archive);
      else if (request.url?.startsWith('/short')) response.end(archive.subarray(0, 60));
      else if (request.url?.startsWith('/wrong')) response.end(gzipSync(Buffer.from('something else')));
      else if (request.url?.startsWith('/breaks'))
        response
          .writeHead(200, { 'content-length': archive.length })
          .write(archive.subarray(0, 10), () => response.destroy());
      else response.writeHead(404).end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    base = `http://127.0.0.1:${(server.address() as { port: number }).port}`;
  });
  afterAll(() => {
    server.close();
    rmSync(cache, { recursive: true });
  });

  it('take the next mirror when one fails, and nothing but the whole file is kept', async () => {
    const progress: number[] = [];
    const got = await cached(
      file([`${base}/none/`, `${base}/short/`, `${base}/wrong/`, `${base}/breaks/`, `${base}/good/`]),
      cache,
      (p) => progress.push(p.received / (p.total ?? Number.NaN)),
    );
    expect(got).toEqual(contents);
    expect(requests).toEqual(['/none/file.gz', '/short/file.gz', '/wrong/file.gz', '/breaks/file.gz', '/good/file.gz']);
    expect(progress.at(-1)).toBe(1);
    expect(readdirSync(cache)).toEqual(['file.gz']);
    requests = [];
    expect(await cached(file([`${base}/good/`]), cache)).toEqual(contents);
    expect(requests).toEqual([]);
  });

  it('say in one line what every mirror answered', async () => {
    const empty = join(cache, 'sub');
    const error = await cached(file([`${base}/none/`, `${base}/wrong/`]), empty).catch((e: Error) => e.message);
    expect(error).toMatch(
      /^file.gz: no mirror delivered it \(http\S+none\/file.gz: the server answered 404; http\S+wrong\/file.gz: download: SHA-256 is [^\n]*\)$/,
    );
    expect(() => readdirSync(empty)).toThrow();
  });

  it('keep a file once when two ask for it at the same time', async () => {
    const twice = join(cache, 'twice');
    const got = await Promise.all([1, 2, 3].map(() => cached(file([`${base}/good/`]), twice)));
    expect(got).toEqual([contents, contents, contents]);
    expect(readdirSync(twice)).toEqual(['file.gz']);
  });

  it('say what is wrong with the cache, and leave it alone', async () => {
    const damaged = join(cache, 'damaged');
    mkdirSync(damaged);
    for (const [bytes, message] of [
      [archive.subarray(0, 50), /file.gz: damaged archive \(.*\); delete it and try again$/],
      [contents.subarray(1), /file.gz: SHA-256 is [^\n]*; delete it and try again$/],
    ] as const) {
      writeFileSync(join(damaged, 'file.gz'), bytes);
      await expect(cached(file([`${base}/good/`]), damaged)).rejects.toThrow(message);
      expect(new Uint8Array(readFileSync(join(damaged, 'file.gz')))).toEqual(new Uint8Array(bytes));
    }
    await expect(cached(file([]), join(cache, 'nothing'))).rejects.toThrow(/file.gz: absent, and downloading is off$/);
  });

  it('do not blame the mirrors when the cache cannot be written', async () => {
    const occupied = join(cache, 'occupied');
    writeFileSync(occupied, '');
    requests = [];
    await expect(cached(file([`${base}/good/`, `${base}/good/`]), occupied)).rejects.toThrow(/EEXIST|ENOTDIR/);
    expect(requests).toEqual(['/good/file.gz']);
  });
});
