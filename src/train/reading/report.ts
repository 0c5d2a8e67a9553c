import type { Strings } from '../../data/index.js';
import { characterErrorRate } from '../../metrics/index.js';
import { pictureAt } from '../images/pictures.js';
import { escapeHtml } from '../pages/html.js';
import { markedPicture, worstFirst } from '../scenes/figures.js';

/** Pictures of strings with what was read: those with the most errors first. */
export function stringPictures(
  { images }: Pick<Strings, 'images'>,
  read: readonly string[],
  there: readonly string[],
  count = 24,
): string {
  const errors = read.map((text, i) => characterErrorRate(text, there[i]));
  const figures = worstFirst(errors, count).map((i) => {
    const right = read[i] === there[i];
    const said = escapeHtml(read[i]) || 'nothing';
    const words = right ? said : `&#10007; ${said}, is ${escapeHtml(there[i])}`;
    const picture = markedPicture(pictureAt(images, i), '', `picture of ${there[i]}, read as ${said}`);
    return `<figure class="${right ? 'right' : 'wrong'}">${picture}<figcaption>${words}</figcaption></figure>`;
  });
  return `<p>Pictures of the test set with what was read, those with the most wrong characters first, marked &#10007;.</p><div class="gallery strings">${figures.join('\n')}</div>`;
}
