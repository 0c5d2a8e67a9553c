import { boxOverlaps, type Values } from '../../metrics/index.js';
import { isNDArray } from '../../tensor/index.js';

export interface SuppressionOptions {
  /** Class of each box; boxes of different classes do not suppress each other. Default: all of one. */
  readonly labels?: ArrayLike<number>;
  /** IoU above which a box is suppressed by a better one. Default 0.5. */
  readonly overlap?: number;
  /** Boxes with lower scores are left out. Default 0. */
  readonly leastScore?: number;
  /** Boxes that are kept at most. Default 100. */
  readonly most?: number;
}

/**
 * Non-maximum suppression: boxes by descending score, each kept unless one that is kept already, of the same class, overlaps with it by more than
 * a threshold.
 *
 * @param boxes left, top, right, bottom, [n, 4]; `scores` one for each.
 * @returns the places of what is kept, best first.
 * @throws RangeError where there are not as many scores, or labels, as boxes.
 */
export function nonMaximumSuppression(
  boxes: Values,
  scores: ArrayLike<number>,
  options: SuppressionOptions = {},
): number[] {
  const { labels, overlap = 0.5, leastScore = 0, most = 100 } = options;
  const n = isNDArray(boxes) ? boxes.shape[0] : (boxes as readonly unknown[]).length;
  if (scores.length !== n || (labels && labels.length !== n))
    throw new RangeError(
      `nonMaximumSuppression: ${n} boxes, ${scores.length} scores${labels ? ` and ${labels.length} labels` : ''}`,
    );
  const overlaps = boxOverlaps(boxes, boxes).data;
  const ranked = Array.from({ length: n }, (_, i) => i)
    .filter((i) => scores[i] >= leastScore)
    .sort((a, b) => scores[b] - scores[a] || a - b);
  const kept: number[] = [];
  for (const i of ranked) {
    if (kept.length === most) break;
    const better = (j: number) => (!labels || labels[i] === labels[j]) && overlaps[i * n + j] > overlap;
    if (!kept.some(better)) kept.push(i);
  }
  return kept;
}
