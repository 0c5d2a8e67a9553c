import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import type { Dataset } from '../../src/data/index.js';

/** Writes images of a data set as files, a subfolder a class; `keep` says which. */
export async function writeImageFolder(
  folder: string,
  { images, labels, classes }: Dataset,
  keep: (label: number, i: number) => boolean = () => true,
  extension: 'png' | 'jpg' | 'webp' = 'png',
): Promise<void> {
  const [n, channels, height, width] = images.shape;
  const plane = height * width;
  const writes: Promise<unknown>[] = [];
  for (let i = 0; i < n; i++) {
    if (!keep(labels.data[i], i)) continue;
    const into = join(folder, classes[labels.data[i]]);
    mkdirSync(into, { recursive: true });
    const pixels = Uint8Array.from(
      { length: plane * channels },
      (_, k) => images.data[i * plane * channels + (k % channels) * plane + Math.floor(k / channels)],
    );
    writes.push(
      sharp(pixels, { raw: { width, height, channels: channels as 1 | 3 } }).toFile(
        join(into, `${`${i}`.padStart(5, '0')}.${extension}`),
      ),
    );
  }
  await Promise.all(writes);
}
