import { foldIn, type Key, split } from '../../runtime/random/index.js';
import type { NDArray } from '../../tensor/index.js';
import { background, developed, paint } from './canvas.js';
import { inkBox, numbersOf, writeDigit } from './pen.js';

export interface ScenesOptions {
  /** How many scenes to draw. */
  readonly count: number;
  readonly key: Key;
  /** Height and width in pixels. Default 48. */
  readonly size?: number;
  /** The fewest and the most digits of a scene. Default 1 and 4. */
  readonly objects?: readonly [fewest: number, most: number];
  /** The smallest and the largest square that a digit is written in, in pixels. Default 40% and 75% of `size`. */
  readonly digitSize?: readonly [smallest: number, largest: number];
}

/** Pictures of several things, and where each of them is. */
export interface Scenes {
  readonly name: string;
  /** [n, 1, size, size], 0 to 255. */
  readonly images: NDArray<'uint8'>;
  /** Class of each pixel, [n, size, size]: 0 where there is nothing, else one more than the index of the object's class. */
  readonly masks: NDArray<'uint8'>;
  /** Left, top, right and bottom of each object, in pixels from the upper left corner, [n, most, 4]; 0 where there is none. */
  readonly boxes: NDArray<'float32'>;
  /** Class index of each object, [n, most]; -1 where there is none. */
  readonly labels: NDArray<'int32'>;
  /** Name of each class of objects. */
  readonly classes: readonly string[];
}

interface Box {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** Places that are tried for a digit before it is left out. */
const tries = 16;
/** Share of the smaller of two boxes that the other may cover. */
const mostCovered = 0.15;

/**
 * Scenes of handwritten-looking digits, drawn by the program: no download, any number of them, the same on every machine.
 *
 * Digits of any class, of different sizes, stand at random places, and may touch: of a digit's box, or a smaller neighbour's, at most 15% are shared. One
 * that finds no place in 16 tries is left out. The ground is darker than the ink and changes evenly across the picture; over everything lies
 * pixel noise. A box is the smallest around the pixels that the digit covers by half or more, and those are its mask; where two digits cover
 * a pixel it belongs to the one drawn last. Scene i depends on the key and on i alone.
 *
 * @throws RangeError for a count that is no non-negative integer, or sizes and numbers that do not fit.
 */
export function scenes(options: ScenesOptions): Scenes {
  const { count, key, size = 48, objects: [fewest, most] = [1, 4] } = options;
  const [smallest, largest] = options.digitSize ?? [Math.round(0.4 * size), Math.round(0.75 * size)];
  if (!Number.isInteger(count) || count < 0)
    throw new RangeError(`scenes: count ${count} must be a non-negative integer`);
  if (!Number.isInteger(size) || size < 16)
    throw new RangeError(`scenes: size ${size} must be an integer of at least 16`);
  if (!(Number.isInteger(fewest) && Number.isInteger(most) && fewest >= 1 && most >= fewest))
    throw new RangeError(`scenes: objects ${fewest} to ${most} must be integers of at least 1 in ascending order`);
  if (
    !(
      Number.isInteger(smallest) &&
      Number.isInteger(largest) &&
      smallest >= 8 &&
      largest >= smallest &&
      largest <= size
    )
  )
    throw new RangeError(
      `scenes: digitSize ${smallest} to ${largest} must be integers from 8 to size ${size} in ascending order`,
    );
  const pixels = size * size;
  const images = new Uint8Array(count * pixels);
  const masks = new Uint8Array(count * pixels);
  const boxes = new Float32Array(count * most * 4);
  const labels = new Int32Array(count * most).fill(-1);
  for (let i = 0; i < count; i++) {
    const [layoutKey, digitKey, noiseKey] = split(foldIn(key, i), 3);
    const random = numbersOf(layoutKey, 8 + most * (2 + 2 * tries));
    const integer = (low: number, high: number) => low + Math.floor((high - low + 1) * random());
    const canvas = background(random, size, size);
    const mask = masks.subarray(i * pixels, (i + 1) * pixels);
    const placed: Box[] = [];
    const wanted = integer(fewest, most);
    for (let j = 0; j < wanted; j++) {
      const [digit, digitSize] = [integer(0, 9), integer(smallest, largest)];
      const written = writeDigit(digit, numbersOf(foldIn(digitKey, j), 96), digitSize);
      const ink = inkBox(written, digitSize);
      const box = placeFor(ink, placed, size, random);
      if (!box) continue;
      labels[i * most + placed.length] = digit;
      boxes.set([box.left, box.top, box.right, box.bottom], (i * most + placed.length) * 4);
      placed.push(box);
      paint(
        written,
        digitSize,
        [box.left - ink[0], box.top - ink[1]],
        { canvas, mask, height: size, width: size },
        digit + 1,
      );
    }
    images.set(developed(canvas, noiseKey, random), i * pixels);
  }
  return {
    name: 'scenes',
    images: { data: images, shape: [count, 1, size, size], dtype: 'uint8' },
    masks: { data: masks, shape: [count, size, size], dtype: 'uint8' },
    boxes: { data: boxes, shape: [count, most, 4], dtype: 'float32' },
    labels: { data: labels, shape: [count, most], dtype: 'int32' },
    classes: Array.from({ length: 10 }, (_, digit) => `${digit}`),
  };
}

/** Where a digit with this box of ink goes; undefined where no try finds room. */
function placeFor(
  [inkLeft, inkTop, inkRight, inkBottom]: readonly number[],
  placed: readonly Box[],
  size: number,
  random: () => number,
): Box | undefined {
  const [width, height] = [inkRight - inkLeft, inkBottom - inkTop];
  if (width === 0 || width > size || height > size) return undefined;
  const places = Array.from({ length: tries }, (): Box => {
    const [left, top] = [size - width, size - height].map((room) => Math.floor((room + 1) * random()));
    return { left, top, right: left + width, bottom: top + height };
  });
  return places.find((box) => placed.every((other) => covered(box, other) <= mostCovered));
}

/** The share of the smaller box that both have. */
function covered(a: Box, b: Box): number {
  const width = Math.max(0, Math.min(a.right, b.right) - Math.max(a.left, b.left));
  const height = Math.max(0, Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top));
  const area = (box: Box) => (box.right - box.left) * (box.bottom - box.top);
  return (width * height) / Math.min(area(a), area(b));
}
