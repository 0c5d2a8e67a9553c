import { uniform } from '../../runtime/random/index.js';
import { full, isFloat, type Shape, showShape, type Tensor } from '../../tensor/index.js';

/** @throws TypeError unless images are floats, RangeError unless they are [n, channels, height, width]. */
export function requireImages(who: string, images: Tensor): void {
  if (!isFloat(images.dtype)) throw new TypeError(`${who}: images must be float32 or float64, not ${images.dtype}`);
  if (images.rank !== 4 || images.size === 0)
    throw new RangeError(`${who}: images ${showShape(images.shape)} must be [n, channels, height, width]`);
}

/** A number for each image, [n] to [n, 1, 1, 1]. */
export const perImage = (values: Tensor): Tensor => values.reshape([values.shape[0], 1, 1, 1]);

/** From the first number to the second, between which numbers are drawn evenly; both alike stand for that one number. */
export type Range = readonly [low: number, high: number];

/** @throws RangeError naming the option `name` unless it is two numbers in order, within bounds. */
export function requireRange(
  who: string,
  name: string,
  [from, to]: Range,
  { low = -Infinity, high = Infinity, open = false }: { low?: number; high?: number; open?: boolean } = {},
): void {
  const inside = (open ? from > low : from >= low) && to <= high;
  if (from <= to && inside && Number.isFinite(to - from)) return;
  const bounds = [
    ...(low === -Infinity ? [] : [`${open ? 'above' : 'at least'} ${low}`]),
    ...(high === Infinity ? [] : [`at most ${high}`]),
  ];
  throw new RangeError(
    `${who}: ${name} [${from}, ${to}] must be two numbers in order${bounds.map((b) => `, ${b}`).join('')}`,
  );
}

/** Numbers drawn evenly within a range. */
export function drawWithin(
  key: Tensor,
  shape: Shape,
  [low, high]: Range,
  dtype: 'float32' | 'float64' = 'float32',
): Tensor {
  return low === high ? full(shape, low, dtype) : uniform(key, shape, { low, high, dtype });
}
