import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, describe, expect, it } from 'vitest';
import { digits, imageFolder } from '../../../src/data/index.js';
import { key } from '../../../src/runtime/random/index.js';
import { writeImageFolder } from '../../support/image-folder.js';

const root = mkdtempSync(join(tmpdir(), 'cotangent-images-'));
afterAll(() => rmSync(root, { recursive: true }));
const drawn = digits({ count: 50, key: key(1) });
const grey = { size: [28, 28], channels: 1, key: key(0) } as const;

describe('imageFolder', () => {
  it('gives lossless images back, holding out a share of each class that the key draws', async () => {
    const folder = join(root, 'digits');
    await writeImageFolder(folder, drawn, (label) => label < 3);
    const { train, test } = await imageFolder(folder, { ...grey, validation: 0.4 });
    expect([train.images.shape, test.images.shape, train.classes]).toEqual([
      [9, 1, 28, 28],
      [6, 1, 28, 28],
      ['0', '1', '2'],
    ]);
    expect(Array.from(test.labels.data)).toEqual([0, 0, 1, 1, 2, 2]);
    const known = new Set(
      Array.from(
        { length: 50 },
        (_, i) => `${drawn.labels.data[i]} ${drawn.images.data.slice(i * 784, (i + 1) * 784)}`,
      ),
    );
    const seen = new Set<string>();
    for (const { images, labels } of [train, test])
      for (let i = 0; i < labels.shape[0]; i++)
        seen.add(`${labels.data[i]} ${images.data.slice(i * 784, (i + 1) * 784)}`);
    expect(seen.size).toBe(15);
    for (const image of seen) expect(known.has(image)).toBe(true);
    expect(await imageFolder(folder, { ...grey, validation: 0.4 })).toEqual({ train, test });
    expect((await imageFolder(folder, { ...grey, validation: 0.4, key: key(1) })).test.images).not.toEqual(test.images);
  });

  it('takes a split that is there, and classes by name', async () => {
    const folder = join(root, 'split');
    await writeImageFolder(join(folder, 'train'), drawn, (label, i) => label > 6 && i < 40, 'jpg');
    await writeImageFolder(join(folder, 'val'), drawn, (label, i) => label > 7 && i >= 40, 'webp');
    const { train, test } = await imageFolder(folder, grey);
    expect([train.labels.shape, train.classes]).toEqual([[12], ['7', '8', '9']]);
    expect([Array.from(test.labels.data), test.classes]).toEqual([
      [1, 2],
      ['7', '8', '9'],
    ]);
    const original = drawn.images.data.subarray(drawn.labels.data.indexOf(8, 40) * 784).subarray(0, 784);
    const error = original.reduce((sum, v, k) => sum + Math.abs(v - test.images.data[k]), 0) / 784;
    expect(error).toBeLessThan(8);
    await writeImageFolder(join(folder, 'val'), drawn, (label) => label === 0);
    await expect(imageFolder(folder, grey)).rejects.toThrow(/val: the class 0 is not in .*train/);
  });

  it('turns, flattens, resizes and crops', async () => {
    const folder = join(root, 'colours');
    for (const name of ['a', 'b']) mkdirSync(join(folder, 'train', name), { recursive: true });
    for (const name of ['a', 'b']) mkdirSync(join(folder, 'test', name), { recursive: true });
    const stripes = (channels: 3 | 4, alpha = 255) =>
      // Red left of green, 16 wide and 8 high.
      sharp(
        Uint8Array.from({ length: 16 * 8 * channels }, (_, k) => {
          const right = Math.floor(k / channels) % 16 >= 8;
          return [right ? 0 : 255, right ? 255 : 0, 0, alpha][k % channels];
        }),
        { raw: { width: 16, height: 8, channels } },
      );
    await stripes(3)
      .png()
      .toFile(join(folder, 'train', 'a', 'wide.png'));
    await stripes(4, 0)
      .png()
      .toFile(join(folder, 'train', 'b', 'clear.PNG'));
    await stripes(3)
      .withMetadata({ orientation: 6 })
      .jpeg({ quality: 100, chromaSubsampling: '4:4:4' })
      .toFile(join(folder, 'test', 'a', 'turned.jpeg'));
    await stripes(3)
      .webp({ lossless: true })
      .toFile(join(folder, 'test', 'b', 'plain.webp'));
    const { train, test } = await imageFolder(folder, { size: [8, 8], key: key(0) });
    const at = ({ images }: typeof train, i: number, y: number, x: number) =>
      [0, 1, 2].map((c) => images.data[((i * 3 + c) * 8 + y) * 8 + x]);
    // The middle of the wide image: red on the left, green on the right.
    expect([at(train, 0, 4, 0), at(train, 0, 4, 7)]).toEqual([
      [255, 0, 0],
      [0, 255, 0],
    ]);
    expect(at(train, 1, 4, 4)).toEqual([0, 0, 0]);
    // Turned by a quarter, red lies above green.
    const [above, below] = [at(test, 0, 0, 4), at(test, 0, 7, 4)];
    expect(above[0]).toBeGreaterThan(240);
    expect(above[1]).toBeLessThan(15);
    expect(below[1]).toBeGreaterThan(240);
    // Half of each side is 4 of 8 pixels, all within the middle.
    const cropped = await imageFolder(folder, { size: [4, 4], cropShare: 0.5, key: key(0) });
    expect(Array.from(cropped.train.images.data.slice(0, 4))).toEqual(Array.from(train.images.data.slice(18, 22)));
  });

  it('says what is wrong, naming the folder or file', async () => {
    const folder = join(root, 'wrong');
    await expect(imageFolder(folder, grey)).rejects.toThrow(/wrong: does not exist/);
    mkdirSync(join(folder, 'a'), { recursive: true });
    await expect(imageFolder(folder, grey)).rejects.toThrow(/at least two classes, has 1/);
    mkdirSync(join(folder, 'b'));
    await expect(imageFolder(folder, grey)).rejects.toThrow(/a: has no \.jpg, \.png or \.webp images/);
    for (const name of ['a', 'b']) writeFileSync(join(folder, name, 'x.png'), 'junk');
    await expect(imageFolder(folder, grey)).rejects.toThrow(/a: one image is too few/);
    for (const name of ['a', 'b']) writeFileSync(join(folder, name, 'y.png'), 'junk');
    await expect(imageFolder(folder, grey)).rejects.toThrow(/[xy]\.png: cannot be decoded \(/);
    await expect(imageFolder(folder, { ...grey, validation: 1 })).rejects.toThrow(/validation 1/);
    await expect(imageFolder(folder, { ...grey, cropShare: 0 })).rejects.toThrow(/cropShare 0/);
    await expect(imageFolder(folder, { ...grey, size: [60_000, 60_000] })).rejects.toThrow(
      /GB, more than the 4 GB kept/,
    );
  });
});
