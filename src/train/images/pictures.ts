import { type NDArray, sizeOf } from '../../tensor/index.js';
import { escapeHtml } from '../pages/html.js';
import { pngAddress } from '../pages/png.js';

/** Pixels in [0, 1] as bytes. */
export function bytesOf({ data, shape }: NDArray): NDArray<'uint8'> {
  const bytes = Uint8Array.from(data as Float32Array, (x) => Math.round(255 * Math.min(1, Math.max(0, x))));
  return { data: bytes, shape, dtype: 'uint8' };
}

/** Image i of [n, channels, height, width]. */
export function pictureAt({ data, shape }: NDArray<'uint8'>, i: number): NDArray<'uint8'> {
  const size = sizeOf(shape.slice(1));
  return { data: data.slice(i * size, (i + 1) * size), shape: shape.slice(1), dtype: 'uint8' };
}

/** Images side by side, a row for each example, with what they are above. @param columns images [n, 1 or 3, height, width]. */
export function pictureTable(
  columns: readonly { readonly name: string; readonly images: NDArray<'uint8'> }[],
  words = '',
): string {
  const head = columns.map(({ name }) => `<th scope="col">${escapeHtml(name)}</th>`).join('');
  const rows = Array.from({ length: columns[0].images.shape[0] }, (_, i) => {
    const cells = columns.map(
      ({ name, images }) =>
        `<td><img src="${pngAddress(pictureAt(images, i))}" alt="${escapeHtml(name)} of example ${i + 1}"></td>`,
    );
    return `<tr>${cells.join('')}</tr>`;
  });
  return `<p>${words}</p><div class="wide"><table class="pictures"><thead><tr>${head}</tr></thead><tbody>${rows.join('\n')}</tbody></table></div>`;
}

/** Images in rows, one after the other. */
export function pictureGallery(images: NDArray<'uint8'>, words: string): string {
  const all = Array.from(
    { length: images.shape[0] },
    (_, i) => `<img src="${pngAddress(pictureAt(images, i))}" alt="sample ${i + 1}">`,
  );
  return `<p>${words}</p><div class="samples">${all.join('')}</div>`;
}
