import { randint, split } from '../../runtime/random/index.js';
import { arange, padReflect, padReplicate, type Tensor } from '../../tensor/index.js';
import { requireImages } from './checks.js';

export interface CropOptions {
  /** Pixels that are added on each side before the window is cut. Default 4, as is usual for CIFAR. */
  readonly padding?: number;
  /** What they are. Default `zeros`. */
  readonly border?: 'zeros' | 'reflect' | 'replicate';
  /** Height and width of the window. Default: those of the images. */
  readonly size?: readonly [height: number, width: number];
}

/**
 * A window of each image, anywhere in the image with a border added to it: each place is equally likely. He et al. 2016.
 *
 * @param images [n, channels, height, width], any range.
 * @returns [n, channels, ...size].
 * @throws TypeError or RangeError for other images, RangeError for a padding that is no whole number or a window that does not fit.
 */
export function randomCrop(images: Tensor, key: Tensor, options: CropOptions = {}): Tensor {
  requireImages('randomCrop', images);
  const { padding = 4, border = 'zeros', size = images.shape.slice(2) } = options;
  if (!Number.isInteger(padding) || padding < 0)
    throw new RangeError(`randomCrop: padding ${padding} must be a whole number`);
  const [n, channels, ...lengths] = images.shape;
  const padded = withBorder(images, padding, border);
  const most = lengths.map((length) => length + 2 * padding);
  if (size.some((length, i) => !Number.isInteger(length) || length < 1 || length > most[i]))
    throw new RangeError(`randomCrop: a window [${size}] does not fit into padded images [${most}]`);
  const [forRows, forColumns] = split(key);
  const positions = (k: Tensor, i: number) =>
    randint(k, [n], { high: most[i] - size[i] + 1 })
      .expandDims(1)
      .add(arange(size[i]));
  const rows = positions(forRows, 0).reshape([n, 1, size[0], 1]).broadcastTo([n, channels, size[0], most[1]]);
  const columns = positions(forColumns, 1).reshape([n, 1, 1, size[1]]).broadcastTo([n, channels, size[0], size[1]]);
  return padded.takeAlongAxis(rows, 2).takeAlongAxis(columns, 3);
}

function withBorder(images: Tensor, padding: number, border: 'zeros' | 'reflect' | 'replicate'): Tensor {
  const widths: [number, number][] = [
    [padding, padding],
    [padding, padding],
  ];
  if (border === 'reflect') return padReflect(images, widths);
  if (border === 'replicate') return padReplicate(images, widths);
  return images.pad([[0, 0], [0, 0], ...widths]);
}
