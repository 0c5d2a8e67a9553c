import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cached } from '../../src/data/datasets/download.js';
import { type Dataset, decodeIdx, digits, encodeIdx, head, loader, mnist, subset } from '../../src/data/index.js';
import { ndarray, toNumbers } from '../../src/index.js';
import { key } from '../../src/runtime/random/index.js';

describe('IDX files', () => {
  it('come back as they were written', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 3 }),
        fc.integer({ min: 0, max: 255 }),
        (shape, value) => {
          const array = ndarray(new Uint8Array(shape.reduce((a, b) => a * b, 1)).fill(value), { shape });
          expect(decodeIdx(encodeIdx(array))).toEqual(array);
        },
      ),
    );
  });

  it.each<[string, number[], RegExp]>([
    ['no IDX file', [1, 2, 3, 4], /f: not an IDX file/],
    ['another element type', [0, 0, 13, 1, 0, 0, 0, 1, 0, 0, 0, 0], /f: element type 0xd is not unsigned bytes/],
    ['a short header', [0, 0, 8, 2, 0, 0, 0, 1], /f: cut short in its header/],
    ['too few bytes', [0, 0, 8, 1, 0, 0, 0, 3, 1, 2], /f: cut short: \[3\] needs 3 bytes, the file has 2/],
    ['too many bytes', [0, 0, 8, 1, 0, 0, 0, 1, 1, 2], /f: too long/],
  ])('refuse %s', (_, bytes, message) => {
    expect(() => decodeIdx(Uint8Array.from(bytes), 'f')).toThrow(message);
  });
});

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
    expect(error).toMatch(/^file.gz: no mirror delivered it \(.*the server answered 404; .*SHA-256 is .*\)$/);
    expect(() => readdirSync(empty)).toThrow();
  });
});

describe.skipIf(!process.env.COTANGENT_DATA)('MNIST', () => {
  it('has its images and labels', async () => {
    const test = await mnist({ split: 'test' });
    expect(test.images.shape).toEqual([10_000, 1, 28, 28]);
    expect([...test.labels.data.slice(0, 10)]).toEqual([7, 2, 1, 0, 4, 1, 4, 9, 5, 9]);
    expect(test.images.data.reduce((a, b) => a + b, 0) / test.images.data.length / 255).toBeCloseTo(0.1325, 3);
  });
});

describe('drawn digits', () => {
  it('depend on key and position alone, hold each digit once in ten, and look like ink on dark paper', () => {
    const many = digits({ count: 60, key: key(4) });
    const few = digits({ count: 25, key: key(4) });
    expect(few.images.data).toEqual(many.images.data.slice(0, 25 * 784));
    expect(digits({ count: 25, key: key(5) }).images.data).not.toEqual(few.images.data);
    for (let block = 0; block < 6; block++)
      expect([...many.labels.data.slice(10 * block, 10 * block + 10)].sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    for (let i = 0; i < 60; i++) {
      const image = many.images.data.subarray(i * 784, (i + 1) * 784);
      const ink = image.filter((v) => v > 128).length / 784;
      expect(ink).toBeGreaterThan(0.015);
      expect(ink).toBeLessThan(0.4);
    }
    expect(digits({ count: 1, key: key(0), size: 16 }).images.shape).toEqual([1, 1, 16, 16]);
    expect(() => digits({ count: 1, key: key(0), size: 2 })).toThrow(/size 2/);
  });
});

describe('the loader', () => {
  const data: Dataset = {
    name: 'toy',
    images: ndarray(
      Uint8Array.from({ length: 23 * 4 }, (_, i) => i),
      { shape: [23, 1, 2, 2] },
    ),
    labels: ndarray(Int32Array.from({ length: 23 }, (_, i) => i % 3)),
    classes: ['a', 'b', 'c'],
  };
  const collect = async (options: Partial<Parameters<typeof loader>[1]>, epoch = 0, startBatch = 0) => {
    const made = loader(data, { batchSize: 5, key: key(1), ...options });
    const batches = [];
    for await (const batch of made.epoch(epoch, { startBatch })) batches.push(batch);
    await made.close();
    return batches;
  };

  it('gives every sample once an epoch, with its own image and label', async () => {
    const batches = await collect({});
    expect(batches.map((b) => b.labels.shape[0])).toEqual([5, 5, 5, 5, 3]);
    expect(batches.flatMap((b) => toNumbers(b.indices)).sort((a, b) => a - b)).toEqual(
      Array.from({ length: 23 }, (_, i) => i),
    );
    for (const { images, labels, indices } of batches) {
      toNumbers(indices).forEach((index, i) => {
        expect(labels.data[i]).toBe(index % 3);
        expect([...images.data.slice(4 * i, 4 * i + 4)]).toEqual(
          [0, 1, 2, 3].map((k) => Math.fround((4 * index + k) / 255)),
        );
      });
    }
  });

  it('makes the same batches in the background, ahead or not at all ahead', async () => {
    const inline = await collect({ prefetch: 0 });
    for (const prefetch of [1, 3, 50]) expect(await collect({ prefetch })).toEqual(inline);
  });

  it('orders epochs differently, and follows from the key', async () => {
    const indices = async (...args: Parameters<typeof collect>) =>
      (await collect(...args)).flatMap((b) => toNumbers(b.indices));
    expect(await indices({}, 0)).toEqual(await indices({}, 0));
    expect(await indices({}, 0)).not.toEqual(await indices({}, 1));
    expect(await indices({ key: key(2) }, 0)).not.toEqual(await indices({}, 0));
    expect(await indices({ shuffle: false })).toEqual(Array.from({ length: 23 }, (_, i) => i));
    expect(await indices({ last: 'drop' })).toHaveLength(20);
    expect(await indices({}, 0, 3)).toEqual((await indices({}, 0)).slice(15));
  });

  it('can be left early and used again', async () => {
    const made = loader(data, { batchSize: 2, key: key(0), prefetch: 4 });
    for await (const batch of made.epoch(0)) {
      expect(batch.labels.shape).toEqual([2]);
      break;
    }
    let count = 0;
    for await (const _ of made.epoch(1)) count++;
    expect(count).toBe(12);
    await made.close();
    await made.close();
  });

  it('refuses what leaves no batch', () => {
    expect(() => loader(data, { batchSize: 24, key: key(0), last: 'drop' })).toThrow(
      /toy has 23 samples, too few for a batch of 24/,
    );
    expect(() => loader(data, { batchSize: 0, key: key(0) })).toThrow(/batchSize 0/);
  });

  it('subset and head take what they are told', () => {
    expect(toNumbers(subset(data, [22, 0]).images)).toEqual([88, 89, 90, 91, 0, 1, 2, 3]);
    expect(head(data, 99).labels.shape).toEqual([23]);
    expect(() => subset(data, [23])).toThrow(/index 23 is out of range for the 23 samples of toy/);
  });
});
