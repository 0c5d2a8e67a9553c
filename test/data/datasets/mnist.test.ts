import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { mnist } from '../../../src/data/index.js';

const data = process.env.COTANGENT_DATA;
const local = join(data ?? '', 'mnist');
const files = ['t10k-images-idx3-ubyte.gz', 't10k-labels-idx1-ubyte.gz'];

describe.skipIf(!data)('MNIST (where COTANGENT_DATA names the folder of data sets)', () => {
  const scratch = mkdtempSync(join(tmpdir(), 'cotangent-mnist-'));
  const requests: string[] = [];
  let server: Server;
  let mirror = '';

  beforeAll(async () => {
    server = createServer((request, response) => {
      requests.push(request.url ?? '');
      response.end(readFileSync(join(local, (request.url ?? '').slice(1))));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    mirror = `http://127.0.0.1:${(server.address() as { port: number }).port}/`;
  });
  afterEach(() => vi.unstubAllEnvs());
  afterAll(() => {
    server.close();
    rmSync(scratch, { recursive: true });
  });

  it('has its images and labels', async () => {
    const test = await mnist({ split: 'test' });
    expect(test.images.shape).toEqual([10_000, 1, 28, 28]);
    expect([...test.labels.data.slice(0, 10)]).toEqual([7, 2, 1, 0, 4, 1, 4, 9, 5, 9]);
    expect(test.images.data.reduce((a, b) => a + b, 0) / test.images.data.length / 255).toBeCloseTo(0.1325, 3);
    expect((await mnist({ split: 'train' })).labels.shape).toEqual([60_000]);
  });

  it('is downloaded into the cache of the user once, where no folder is named', async () => {
    vi.stubEnv('COTANGENT_DATA', '');
    vi.stubEnv('XDG_CACHE_HOME', scratch);
    const seen = new Set<string>();
    const options = { split: 'test', mirrors: [mirror] } as const;
    const first = await mnist({ ...options, onProgress: ({ file }) => seen.add(file) });
    expect([...seen].sort()).toEqual(files);
    expect(readdirSync(join(scratch, 'cotangent', 'mnist')).sort()).toEqual(files);
    expect([...requests].sort()).toEqual(files.map((name) => `/${name}`));
    const second = await mnist({ ...options, download: false });
    expect(Buffer.compare(second.images.data, first.images.data)).toBe(0);
    expect(second.labels).toEqual(first.labels);
    expect(requests).toHaveLength(2);
  });

  it('is not downloaded where that is off, nor where a folder is named that lacks it', async () => {
    vi.stubEnv('COTANGENT_DATA', '');
    const cache = join(scratch, 'none');
    const before = requests.length;
    await expect(mnist({ split: 'test', cache, mirrors: [mirror], download: false })).rejects.toThrow(
      /t10k-\S+-ubyte.gz: absent, and downloading is off$/,
    );
    await expect(mnist({ split: 'test', folder: cache, mirrors: [mirror] })).rejects.toThrow(
      /^mnist: t10k-\S+-ubyte\(.gz\) is not in .*none; /,
    );
    expect(requests).toHaveLength(before);
  });

  it('is read unpacked too, and refused when a single byte differs', async () => {
    const folder = mkdtempSync(join(scratch, 'folder-'));
    const [images, labels] = files;
    copyFileSync(join(local, images), join(folder, images));
    const bytes = gunzipSync(readFileSync(join(local, labels)));
    const plain = join(folder, labels.replace('.gz', ''));
    writeFileSync(plain, bytes);
    expect((await mnist({ split: 'test', folder })).labels.data[0]).toBe(7);
    bytes[100] ^= 1;
    writeFileSync(plain, bytes);
    await expect(mnist({ split: 'test', folder })).rejects.toThrow(
      /t10k-labels-idx1-ubyte: SHA-256 is [^\n]*; replace it by the original$/,
    );
  });
});
