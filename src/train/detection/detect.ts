import { boxOverlaps, cocoThresholds, type ImageDetections, meanAveragePrecision } from '../../metrics/index.js';
import type { NDArray, Tensor } from '../../tensor/index.js';
import { readGrid } from './grid.js';
import { nonMaximumSuppression } from './suppression.js';

/** What was found in a picture, the surest first. */
export interface Detections {
  /** Left, top, right, bottom in pixels. */
  readonly boxes: readonly (readonly number[])[];
  readonly scores: readonly number[];
  readonly labels: readonly number[];
}

/** What a detector says of the cells of pictures, ready to be chosen from. */
export function candidatesOf(answers: Tensor): {
  readonly boxes: Tensor;
  readonly scores: Tensor;
  readonly labels: Tensor;
} {
  const { boxes, confidence, logits } = readGrid(answers);
  const probabilities = logits.softmax(-1);
  return {
    /** [n, cells, 4], in pixels. */
    boxes,
    /** The probability that an object is there times that of its class, [n, cells]. */
    scores: confidence.sigmoid().mul(probabilities.max(-1)),
    /** [n, cells]. */
    labels: logits.argmax(-1),
  };
}

/** Cells with lower scores say nothing. */
const leastScore = 0.05;

/** The detections of each picture from what its cells say, by non-maximum suppression. */
export function detectionsOf(candidates: {
  readonly boxes: NDArray;
  readonly scores: NDArray;
  readonly labels: NDArray;
}): Detections[] {
  const [n, cells] = candidates.scores.shape;
  return Array.from({ length: n }, (_, i) => {
    const [scores, labels] = [candidates.scores, candidates.labels].map(({ data }) =>
      Array.from(data.subarray(i * cells, (i + 1) * cells) as Float32Array),
    );
    const boxes = Array.from({ length: cells }, (_, c) =>
      Array.from(candidates.boxes.data.subarray((i * cells + c) * 4, (i * cells + c + 1) * 4) as Float32Array),
    );
    const kept = nonMaximumSuppression(boxes, scores, { labels, leastScore });
    return {
      boxes: kept.map((k) => boxes[k]),
      scores: kept.map((k) => scores[k]),
      labels: kept.map((k) => labels[k]),
    };
  });
}

/** What is there in a picture. */
export type Objects = Pick<Detections, 'boxes' | 'labels'>;

/** The objects of each scene. */
export function objectsOf({ boxes, labels }: { readonly boxes: NDArray; readonly labels: NDArray }): Objects[] {
  const [n, most] = labels.shape;
  return Array.from({ length: n }, (_, i) => {
    const there = Array.from({ length: most }, (_, j) => i * most + j).filter((at) => Number(labels.data[at]) >= 0);
    return {
      boxes: there.map((at) => Array.from(boxes.data.subarray(4 * at, 4 * at + 4) as Float32Array)),
      labels: there.map((at) => Number(labels.data[at])),
    };
  });
}

/** Mean average precision at an IoU of 0.5, and over IoUs from 0.5 to 0.95. */
export function detectionMeasures(found: readonly Detections[], there: readonly Objects[]) {
  const images = found.map(
    ({ boxes, scores, labels }, i): ImageDetections => ({
      scores,
      labels,
      overlaps: boxOverlaps(boxes, there[i].boxes),
      targetLabels: there[i].labels,
    }),
  );
  return {
    meanAveragePrecision: meanAveragePrecision(images),
    meanAveragePrecisionTo95: meanAveragePrecision(images, { thresholds: cocoThresholds }),
  };
}
