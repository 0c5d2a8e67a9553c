import type { Scenes } from '../../data/index.js';
import type { NDArray } from '../../tensor/index.js';
import { pictureAt } from '../images/pictures.js';
import { escapeHtml } from '../pages/html.js';
import { markedPicture, textMark, worstFirst } from '../scenes/figures.js';

/** Of the classes, in turn; what is printed on them tells them apart in grey. */
const colours = [
  [240, 200, 80],
  [90, 170, 220],
  [230, 140, 110],
  [120, 190, 130],
  [190, 150, 210],
  [200, 200, 200],
  [150, 200, 200],
  [220, 170, 190],
  [170, 170, 110],
  [160, 160, 230],
] as const;
/** Regions of fewer pixels have no room for a name. */
const leastNamed = 8;

/** Scenes with what is there, what was predicted, and where that is wrong: those with the most wrong pixels first. */
export function maskPictures(
  { images, masks, classes }: Pick<Scenes, 'images' | 'masks' | 'classes'>,
  predicted: NDArray<'uint8'>,
  count = 12,
): string {
  const [n, height, width] = masks.shape;
  const size = height * width;
  const of = (all: NDArray<'uint8'>, i: number) => all.data.subarray(i * size, (i + 1) * size);
  const errors = Array.from({ length: n }, (_, i) => of(masks, i).filter((v, k) => v !== of(predicted, i)[k]).length);
  const rows = worstFirst(errors, count).map((i) => {
    const [there, said] = [of(masks, i), of(predicted, i)];
    const cells = [
      markedPicture(pictureAt(images, i), '', `scene ${i + 1}`),
      maskPicture(there, height, width, classes, `what is there in scene ${i + 1}`),
      maskPicture(said, height, width, classes, `what was predicted of scene ${i + 1}`),
      markedPicture(wrongPixels(there, said, height, width), '', `wrong pixels of scene ${i + 1}`),
    ];
    return `<tr>${cells.map((cell) => `<td>${cell}</td>`).join('')}<td>${errors[i]}</td></tr>`;
  });
  const heads = ['scene', 'what is there', 'predicted', 'wrong (black)', 'wrong pixels'];
  return `<p>Scenes of the test set, those with the most wrong pixels first; each region carries the name of its class.</p><div class="wide"><table class="pictures"><thead><tr>${heads.map((head) => `<th scope="col">${escapeHtml(head)}</th>`).join('')}</tr></thead><tbody>${rows.join('\n')}</tbody></table></div>`;
}

/** Classes of pixels in colours, with their names in the middle of each region. */
function maskPicture(
  mask: Uint8Array,
  height: number,
  width: number,
  classes: readonly string[],
  words: string,
): string {
  const size = height * width;
  const data = new Uint8Array(3 * size).fill(255);
  mask.forEach((label, at) => {
    if (label > 0)
      colours[(label - 1) % colours.length].forEach((value, channel) => {
        data[channel * size + at] = value;
      });
  });
  const names = regions(mask, height, width)
    .filter(({ pixels }) => pixels >= leastNamed)
    .map(({ label, x, y }) => textMark(classes[label - 1], x, y + 2, 'middle'));
  return markedPicture({ data, shape: [3, height, width], dtype: 'uint8' }, names.join(''), words);
}

interface Region {
  readonly label: number;
  readonly pixels: number;
  /** Of its middle. */
  readonly x: number;
  readonly y: number;
}

/** Pixels of one class, not 0, that hang together by sides or corners. */
export function regions(mask: ArrayLike<number>, height: number, width: number): Region[] {
  const seen = new Uint8Array(height * width);
  const found: Region[] = [];
  for (let start = 0; start < seen.length; start++) {
    const label = mask[start];
    if (label === 0 || seen[start]) continue;
    const waiting = [start];
    seen[start] = 1;
    let [pixels, x, y] = [0, 0, 0];
    for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
      const [row, column] = [Math.floor(at / width), at % width];
      pixels++;
      x += column + 0.5;
      y += row + 0.5;
      for (let i = Math.max(0, row - 1); i <= Math.min(height - 1, row + 1); i++)
        for (let j = Math.max(0, column - 1); j <= Math.min(width - 1, column + 1); j++) {
          const next = i * width + j;
          if (seen[next] || mask[next] !== label) continue;
          seen[next] = 1;
          waiting.push(next);
        }
    }
    found.push({ label, pixels, x: x / pixels, y: y / pixels });
  }
  return found;
}

/** Black where a pixel was taken for another class than it is of. */
export function wrongPixels(there: Uint8Array, said: Uint8Array, height: number, width: number): NDArray<'uint8'> {
  // What is there and right in grey, so that wrong pixels have their place.
  const data = there.map((label, at) => (label !== said[at] ? 0 : label > 0 ? 205 : 255));
  return { data, shape: [1, height, width], dtype: 'uint8' };
}
