import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { backgroundAssembler } from '../../src/data/assembler.node.js';
import { loader } from '../../src/data/index.js';
import { ndarray, toNumbers } from '../../src/index.js';
import { foldIn, key, permutation } from '../../src/runtime/random/index.js';
import { toy } from './toy.js';

describe('the loader', () => {
  const collect = async (options: Partial<Parameters<typeof loader>[1]>, epoch = 0, startBatch = 0) => {
    const made = loader(toy, { batchSize: 5, key: key(1), ...options });
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
    const made = loader(toy, { batchSize: 2, key: key(0), prefetch: 4 });
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
    expect(() => loader(toy, { batchSize: 24, key: key(0), last: 'drop' })).toThrow(
      /toy has 23 samples, too few for a batch of 24/,
    );
    expect(() => loader(toy, { batchSize: 0, key: key(0) })).toThrow(/batchSize 0/);
  });

  it('gives the order of the key and the epoch, whatever the size of the batches and where one starts', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 30 }),
        fc.integer({ min: 0, max: 5 }),
        fc.nat(3),
        async (batchSize, epoch, startBatch) => {
          const order = toNumbers(permutation(foldIn(key(1), epoch), 23));
          const start = Math.min(startBatch, Math.ceil(23 / batchSize));
          const batches = await collect({ batchSize, prefetch: 0 }, epoch, start);
          expect(batches.flatMap((b) => toNumbers(b.indices))).toEqual(order.slice(start * batchSize));
        },
      ),
      { numRuns: 30 },
    );
  });

  it('fills up the last batch from the start of the epoch, and says how many count', async () => {
    const [kept, padded] = [await collect({}), await collect({ last: 'pad' })];
    expect(padded.slice(0, 4)).toEqual(kept.slice(0, 4));
    expect(kept.map((b) => b.valid)).toEqual([5, 5, 5, 5, 3]);
    expect(padded.map((b) => b.valid)).toEqual([5, 5, 5, 5, 3]);
    expect(padded[4].images.shape).toEqual([5, 1, 2, 2]);
    expect(toNumbers(padded[4].indices)).toEqual([
      ...toNumbers(kept[4].indices),
      ...toNumbers(kept[0].indices).slice(0, 2),
    ]);
    const [one] = await collect({ batchSize: 50, last: 'pad', shuffle: false });
    expect(toNumbers(one.indices)).toEqual(Array.from({ length: 50 }, (_, i) => i % 23));
    expect(one.valid).toBe(23);
  });

  it('centres and scales each channel, in the background as here', async () => {
    const colour = { ...toy, images: { ...toy.images, shape: [23, 2, 1, 2] } };
    for (const prefetch of [0, 1]) {
      const options = { batchSize: 23, key: key(0), shuffle: false, prefetch, mean: [0, 0.5], deviation: [1, 0.25] };
      const made = loader(colour, options);
      for await (const { images } of made.epoch(0)) {
        expect(images.shape).toEqual([23, 2, 1, 2]);
        expect([...images.data.slice(4, 8)]).toEqual(
          [4 / 255, 5 / 255, (6 / 255 - 0.5) / 0.25, (7 / 255 - 0.5) / 0.25].map(Math.fround),
        );
      }
      await made.close();
    }
  });

  it('refuses epochs, batches and data sets that are none', () => {
    const made = loader(toy, { batchSize: 5, key: key(0), prefetch: 0 });
    expect(() => made.epoch(-1)).toThrow(/loader: epoch -1 must be a non-negative integer/);
    expect(() => made.epoch(0, { startBatch: 6 })).toThrow(/loader: startBatch 6 must be an integer from 0 to 5/);
    expect(() => made.epoch(0, { startBatch: 0.5 })).toThrow(/startBatch 0.5/);
    expect(() => loader({ ...toy, labels: ndarray(new Int32Array(22)) }, { batchSize: 1, key: key(0) })).toThrow(
      /loader: toy must have images .* not \[23, 1, 2, 2\] and \[22\]/,
    );
  });
});

describe('the background thread', () => {
  const values = Float32Array.from({ length: 256 }, (_, byte) => byte);
  const samples = { images: new Uint8Array(4), labels: new Int32Array(1), channels: 1, plane: 4, values };

  it('hands its errors to whoever waits, and goes on', async () => {
    const assembler = backgroundAssembler({ ...samples, plane: -1 });
    for (let i = 0; i < 2; i++)
      await expect(assembler.assemble(Int32Array.of(0))).rejects.toThrow(/^loader: Invalid typed array length/);
    await assembler.close();
  });

  it('refuses what is asked of it once it has ended, and what it had not finished', async () => {
    const assembler = backgroundAssembler(samples);
    const unfinished = assembler.assemble(Int32Array.of(0));
    const closing = assembler.close();
    await expect(unfinished).rejects.toThrow(/^loader: closed$/);
    await closing;
    await expect(assembler.assemble(Int32Array.of(0))).rejects.toThrow(/^loader: closed$/);
  });

  it('ends the epoch that is under way when the loader is closed, and the next one starts anew', async () => {
    const made = loader(toy, { batchSize: 2, key: key(0), prefetch: 1 });
    const epoch = made.epoch(0);
    await epoch.next();
    await made.close();
    await expect(
      (async () => {
        for await (const _ of epoch);
      })(),
    ).rejects.toThrow(/^loader: closed$/);
    expect((await made.epoch(0).next()).value?.valid).toBe(2);
    await made.close();
  });

  it('runs from the compiled package, and lets the process end when nobody closes it', async () => {
    const dist = new URL('../../dist/', import.meta.url).href;
    const program = `
      const { digits, loader } = await import('${dist}data/index.js');
      const { key } = await import('${dist}runtime/random/index.js');
      const made = loader(digits({ count: 40, key: key(0) }), { batchSize: 4, key: key(0), prefetch: 3 });
      for await (const batch of made.epoch(0)) {
        console.log(batch.labels.shape[0]);
        break;
      }`;
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', program], {
      cwd: fileURLToPath(new URL('../..', import.meta.url)),
      timeout: 30_000,
    });
    expect(stdout).toBe('4\n');
  });

  it('lets whoever closes it in the midst of an epoch go on', async () => {
    const dist = new URL('../../dist/', import.meta.url).href;
    const program = `
      const { digits, loader } = await import('${dist}data/index.js');
      const { key } = await import('${dist}runtime/random/index.js');
      const data = digits({ count: 40, key: key(0) });
      for (let i = 0; i < 12; i++) {
        const made = loader(data, { batchSize: 2, key: key(0) });
        await made.epoch(0).next();
        await made.close();
      }
      console.log('closed');`;
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', program], {
      cwd: fileURLToPath(new URL('../..', import.meta.url)),
      timeout: 30_000,
    });
    expect(stdout).toBe('closed\n');
  });
});
