import type { Scenes } from '../../data/index.js';
import { boxOverlaps } from '../../metrics/index.js';
import { pictureAt } from '../images/pictures.js';
import { escapeHtml } from '../pages/html.js';
import { boxMark, markedPicture, textMark, worstFirst } from '../scenes/figures.js';
import { type Detections, type Objects, objectsOf } from './detect.js';

/** Detections that are shown: those that are likelier than not. */
export const leastShown = 0.5;

/** What of a picture was found rightly: the object of each detection, by its number, or -1. Each object once, the surest detection first. */
export function matched(
  { boxes, labels }: Omit<Detections, 'scores'>,
  there: Objects,
  { least = 0.5, anyClass = false }: { readonly least?: number; readonly anyClass?: boolean } = {},
): number[] {
  const overlaps = boxOverlaps(boxes, there.boxes).data;
  const overlap = (i: number, j: number) => overlaps[i * there.labels.length + j];
  const free = new Set(there.labels.keys());
  return labels.map((label, i) => {
    const fitting = [...free].filter((j) => (anyClass || there.labels[j] === label) && overlap(i, j) >= least);
    const best = fitting.sort((a, b) => overlap(i, b) - overlap(i, a))[0];
    if (best === undefined) return -1;
    free.delete(best);
    return best;
  });
}

/** The detections that are shown, as they are the surest first. */
export function surest({ boxes, scores, labels }: Detections): Detections {
  const sure = scores.filter((score) => score >= leastShown).length;
  return { boxes: boxes.slice(0, sure), scores: scores.slice(0, sure), labels: labels.slice(0, sure) };
}

/** Scenes with what was found in them: those with the most errors first. */
export function boxPictures(scenes: Scenes, found: readonly Detections[], count = 18): string {
  const objects = objectsOf(scenes);
  const shown = found.map((all, i) => {
    const detections = surest(all);
    const right = matched(detections, objects[i]);
    const missed = objects[i].labels.flatMap((_, j) => (right.includes(j) ? [] : [j]));
    return { detections, right, missed, errors: missed.length + right.filter((j) => j < 0).length };
  });
  const named = (label: number) => scenes.classes[label];
  const order = worstFirst(
    shown.map(({ errors }) => errors),
    count,
  );
  const figures = order.map((i) => {
    const { detections, right, missed, errors } = shown[i];
    const marks = detections.boxes.map((box, k) => {
      const text = `${right[k] < 0 ? '✗' : ''}${named(detections.labels[k])}`;
      return (
        boxMark(box, right[k] < 0 ? 'dashed' : 'solid') + textMark(text, Math.max(0, box[0]), Math.max(6, box[1] - 0.5))
      );
    });
    const lost = missed.map((j) => boxMark(objects[i].boxes[j], 'dotted'));
    const list = (labels: readonly number[]) => labels.map(named).join(' ') || 'nothing';
    const [is, said] = [list(objects[i].labels), list(detections.labels)];
    const caption = `${errors > 0 ? '&#10007; ' : ''}found ${escapeHtml(said)}${missed.length > 0 ? `; missed ${escapeHtml(list(missed.map((j) => objects[i].labels[j])))}` : ''}`;
    const picture = markedPicture(
      pictureAt(scenes.images, i),
      [...lost, ...marks].join(''),
      `scene of ${is}; found ${said}`,
    );
    return `<figure class="${errors > 0 ? 'wrong' : 'right'}">${picture}<figcaption>${caption}</figcaption></figure>`;
  });
  return `<p>Scenes of the test set, those with the most errors first, with what was found at a score of ${leastShown} or more. Dashed boxes with &#10007; are of no object, of another class, or overlap with it by an IoU of less than 0.5; dotted boxes are of objects that were missed.</p><div class="gallery scenes">${figures.join('\n')}</div>`;
}
