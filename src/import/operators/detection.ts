import { constant, type NDArray, type Tensor } from '../../tensor/index.js';
import type { OnnxOperator, OperatorCall } from '../operator.js';

type Box = readonly [low0: number, low1: number, high0: number, high1: number];

/** Corners in order, from two corners or from centre and size. */
function boxesOf({ data, shape: [, count] }: NDArray, batch: number, centred: boolean): Box[] {
  return Array.from({ length: count }, (_, i) => {
    const at = (k: number) => Number(data[(batch * count + i) * 4 + k]);
    if (centred) {
      const [x, y, halfWidth, halfHeight] = [at(0), at(1), at(2) / 2, at(3) / 2];
      return [x - halfWidth, y - halfHeight, x + halfWidth, y + halfHeight];
    }
    const ordered = (a: number, b: number) => [Math.min(a, b), Math.max(a, b)];
    const [[low0, high0], [low1, high1]] = [ordered(at(0), at(2)), ordered(at(1), at(3))];
    return [low0, low1, high0, high1];
  });
}

/** Intersection over union; 0 where a box has no area. */
function overlap(a: Box, b: Box): number {
  const side = (k: 0 | 1) => Math.max(0, Math.min(a[k + 2], b[k + 2]) - Math.max(a[k], b[k]));
  const area = (box: Box) => (box[2] - box[0]) * (box[3] - box[1]);
  const common = side(0) * side(1);
  return area(a) <= 0 || area(b) <= 0 || common <= 0 ? 0 : common / (area(a) + area(b) - common);
}

/** Box after box of descending score, those left out that overlap one taken: rows of batch, class, box. */
function suppress(call: OperatorCall): Tensor {
  const [boxes, scores] = [call.concrete(0), call.concrete(1)];
  const [batches, classes, count] = scores.shape;
  const most = call.number(2) ?? 0;
  const mostOverlap = call.number(3) ?? 0;
  const leastScore = call.number(4) ?? Number.NEGATIVE_INFINITY;
  const kept: number[] = [];
  for (let batch = 0; batch < batches; batch++) {
    const corners = boxesOf(boxes, batch, call.integer('center_point_box', 0) === 1);
    for (let label = 0; label < classes; label++) {
      const score = (i: number) => Number(scores.data[(batch * classes + label) * count + i]);
      const order = corners
        .map((_, i) => i)
        .filter((i) => score(i) > leastScore)
        .sort((a, b) => score(b) - score(a));
      const taken: number[] = [];
      for (const i of order) {
        if (taken.length >= most) break;
        if (taken.every((j) => overlap(corners[i], corners[j]) <= mostOverlap)) taken.push(i);
      }
      for (const i of taken) kept.push(batch, label, i);
    }
  }
  return constant({ data: BigInt64Array.from(kept, BigInt), shape: [kept.length / 3, 3], dtype: 'int64' });
}

/** What detectors end with. */
export const detection: readonly OnnxOperator[] = [
  {
    type: 'NonMaxSuppression',
    gradient: 'none',
    since: 10,
    controls: 'all',
    note: 'of boxes that are known when the model is applied, as how many it keeps decides shapes; elsewhere ask for what feeds it',
    build: suppress,
  },
];
