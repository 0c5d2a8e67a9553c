import { type Dataset, mnist } from '../../data/index.js';
import { foldIn, type Key, key, permutation } from '../../runtime/random/index.js';
import { ndarray } from '../../tensor/index.js';
import { type Labelled, withLabelNoise } from './gaussians.js';

const [side, classes] = [14, 100];

/** Length of a picture. */
const numberPixels = 2 * side * side;

/** Numbers that training sees; it never sees the other 30. */
export const seenNumbers = 70;

/** What claims say of {@link twoDigitNumbers}. */
export const twoDigitNumbersData =
  'two-digit numbers from 00 to 99, pictures of two MNIST digits side by side, 14 x 28 pixels: 70 numbers to train on and 30 others, of digits of the test set, to test on, 100 pictures of each';

export interface TwoDigitOptions {
  /** Pictures of each number. Default 100. */
  readonly perClass?: number;
  /** Share of the training labels replaced by one of the other numbers. Default 0. */
  readonly labelNoise?: number;
}

/**
 * Numbers from 00 to 99 as classes to be told apart by embedding, those of the test unseen in training: two digits of MNIST side by side at
 * half their size, of its training set and of its test set. Which numbers and which digits, the seed says.
 */
export async function twoDigitNumbers(
  seed: number,
  { perClass = 100, labelNoise = 0 }: TwoDigitOptions = {},
): Promise<{ readonly train: Labelled; readonly test: Labelled }> {
  const root = key(210_000 + seed);
  const numbers = permutation(foldIn(root, 0), classes).data;
  const [train, test] = await Promise.all(
    (['train', 'test'] as const).map(async (split) => {
      const [from, to] = split === 'train' ? [0, seenNumbers] : [seenNumbers, classes];
      return pictured(await mnist({ split }), foldIn(root, from + 1), numbers.slice(from, to), perClass);
    }),
  );
  const noise = { classes: seenNumbers, share: labelNoise, key: foldIn(root, classes) };
  return { train: { x: train.x, y: withLabelNoise(train.y, noise) }, test };
}

/** So many pictures of each number, labelled by its place among them. */
function pictured({ images, labels }: Dataset, own: Key, numbers: ArrayLike<number>, perClass: number): Labelled {
  const order = permutation(own, labels.shape[0]).data;
  const places = Array.from({ length: 10 }, (_, digit) => order.filter((i) => labels.data[i] === digit));
  const next = new Array<number>(10).fill(0);
  const n = numbers.length * perClass;
  const x = new Float32Array(n * numberPixels);
  for (let i = 0; i < n; i++) {
    const number = numbers[Math.floor(i / perClass)];
    [Math.floor(number / 10), number % 10].forEach((digit, half) => {
      const image = places[digit][next[digit]++ % places[digit].length] * 4 * side * side;
      for (let row = 0; row < side; row++)
        for (let column = 0; column < side; column++) {
          const corner = image + 4 * side * row + 2 * column;
          const sum = [0, 1, 2 * side, 2 * side + 1].reduce((total, at) => total + images.data[corner + at], 0);
          x[i * numberPixels + 2 * side * row + side * half + column] = (sum / 4 / 255 - 0.1307) / 0.3081;
        }
    });
  }
  const y = Int32Array.from({ length: n }, (_, i) => Math.floor(i / perClass));
  return { x: ndarray(x, { shape: [n, numberPixels] }), y: ndarray(y) };
}
