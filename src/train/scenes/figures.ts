import type { NDArray } from '../../tensor/index.js';
import { escapeHtml } from '../pages/html.js';
import { pngAddress } from '../pages/png.js';

/** A picture at several times its size with marks over it, in units of its pixels. */
export function markedPicture(picture: NDArray<'uint8'>, marks: string, words: string): string {
  const [, height, width] = picture.shape;
  return `<svg class="marked" viewBox="0 0 ${width} ${height}" role="img" aria-label="${escapeHtml(words)}"><image href="${pngAddress(picture)}" width="${width}" height="${height}"/>${marks}</svg>`;
}

/** A text at a point, light with a dark edge, so that it is read on any ground. */
export function textMark(text: string, x: number, y: number, anchor: 'start' | 'middle' = 'start'): string {
  return `<text x="${x}" y="${y}" text-anchor="${anchor}" font-size="6" font-weight="bold" fill="white" stroke="black" stroke-width="1.4" paint-order="stroke">${escapeHtml(text)}</text>`;
}

/** How the line of a box is drawn; not colours, so that it is told in grey. */
const dashes = { solid: '', dashed: ' stroke-dasharray="2.5,1.5"', dotted: ' stroke-dasharray="0.8,1.6"' } as const;

/** A box (left, top, right, bottom), light with a dark edge. */
export function boxMark([left, top, right, bottom]: readonly number[], line: keyof typeof dashes): string {
  const place = `x="${left.toFixed(1)}" y="${top.toFixed(1)}" width="${(right - left).toFixed(1)}" height="${(bottom - top).toFixed(1)}" fill="none"`;
  const dash = dashes[line];
  return `<rect ${place} stroke="black" stroke-width="1.6"${dash}/><rect ${place} stroke="white" stroke-width="0.8"${dash}/>`;
}

/** Which of n examples are shown: up to half of `count` of those with the greatest errors, worst first, then others in order. */
export function worstFirst(errors: readonly number[], count: number): number[] {
  const all = errors.map((_, i) => i);
  const worst = all
    .filter((i) => errors[i] > 0)
    .sort((a, b) => errors[b] - errors[a] || a - b)
    .slice(0, Math.ceil(count / 2));
  const taken = new Set(worst);
  return [...worst, ...all.filter((i) => !taken.has(i))].slice(0, count);
}
