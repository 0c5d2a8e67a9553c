import { crc32, deflateSync } from 'node:zlib';
import type { NDArray } from '../../tensor/index.js';

function chunk(type: string, body: Uint8Array): Buffer {
  const tagged = Buffer.concat([Buffer.from(type, 'latin1'), body]);
  const framed = Buffer.alloc(tagged.length + 8);
  framed.writeUInt32BE(body.length, 0);
  tagged.copy(framed, 4);
  framed.writeUInt32BE(crc32(tagged), tagged.length + 4);
  return framed;
}

/** A picture [channels, height, width], of one channel (grey) or three (red, green, blue), as a PNG file. */
export function encodePng({ data, shape }: NDArray<'uint8'>): Uint8Array {
  const [channels, height, width] = shape;
  if (shape.length !== 3 || (channels !== 1 && channels !== 3))
    throw new RangeError(`encodePng: image [${shape.join(', ')}] must be [1 or 3, height, width]`);
  const rows = Buffer.alloc(height * (1 + width * channels));
  for (let y = 0; y < height; y++) {
    const start = y * (1 + width * channels) + 1;
    for (let x = 0; x < width; x++)
      for (let c = 0; c < channels; c++) rows[start + x * channels + c] = data[(c * height + y) * width + x];
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, channels === 1 ? 0 : 2, 0, 0, 0], 8);
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(rows)),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

/** The picture as an address that can stand in a page. */
export function pngAddress(image: NDArray<'uint8'>): string {
  return `data:image/png;base64,${Buffer.from(encodePng(image)).toString('base64')}`;
}
