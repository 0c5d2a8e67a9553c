import { type NDArray, ndarray, showShape } from '../../tensor/index.js';
import { labelsOf, mean, numbersOf, ratio, rowsOf, type Values } from '../values.js';

/** What a detector found in one image, and what is there. */
export interface ImageDetections {
  /** [detections]. */
  readonly scores: Values;
  /** IoU of each detection with each target, [detections, targets]: {@link boxOverlaps}, {@link maskOverlaps} or your own. */
  readonly overlaps: Values;
  /** Class of each detection, [detections]. Default: all of one. */
  readonly labels?: Values;
  /** Class of each target, [targets]. Default: all of one. */
  readonly targetLabels?: Values;
}

/** IoU of boxes (left, top, right, bottom) [n, 4] with boxes [m, 4]: [n, m]. Empty boxes overlap with nothing. */
export function boxOverlaps(boxes: Values, others: Values): NDArray<'float64'> {
  const [a, b] = [boxes, others].map((x) => boxRows(x));
  const area = ([left, top, right, bottom]: Float64Array) => Math.max(0, right - left) * Math.max(0, bottom - top);
  return matrix(a, b, (p, q) => {
    const width = Math.max(0, Math.min(p[2], q[2]) - Math.max(p[0], q[0]));
    const height = Math.max(0, Math.min(p[3], q[3]) - Math.max(p[1], q[1]));
    return ratio(width * height, area(p) + area(q) - width * height);
  });
}

function boxRows(boxes: Values): Float64Array[] {
  const { data, shape } = numbersOf(boxes);
  if (data.length === 0) return [];
  if (shape.length !== 2 || shape[1] !== 4)
    throw new RangeError(`boxOverlaps: boxes ${showShape(shape)} must be [n, 4]`);
  return rowsOf('boxOverlaps', 'boxes', boxes);
}

/**
 * IoU of masks [n, ...pixels] with masks [m, ...pixels], set where above 0: [n, m].
 *
 * @throws RangeError where arguments or options do not fit.
 */
export function maskOverlaps(masks: Values, others: Values): NDArray<'float64'> {
  const rows = (values: Values) => {
    const { data, shape } = numbersOf(values);
    const pixels = data.length / Math.max(1, shape[0]);
    return Array.from({ length: shape[0] }, (_, i) => data.subarray(i * pixels, (i + 1) * pixels));
  };
  return matrix(rows(masks), rows(others), (p, q) => {
    if (p.length !== q.length) throw new RangeError(`maskOverlaps: masks of ${p.length} and ${q.length} pixels`);
    let [both, either] = [0, 0];
    for (let i = 0; i < p.length; i++) {
      if (p[i] > 0 && q[i] > 0) both++;
      if (p[i] > 0 || q[i] > 0) either++;
    }
    return ratio(both, either);
  });
}

function matrix<T>(a: readonly T[], b: readonly T[], entry: (p: T, q: T) => number): NDArray<'float64'> {
  const data = Float64Array.from(a.flatMap((p) => b.map((q) => entry(p, q))));
  return ndarray(data, { dtype: 'float64', shape: [a.length, b.length] });
}

interface Image {
  readonly scores: Float64Array;
  readonly labels: Float64Array;
  readonly targetLabels: Float64Array;
  readonly overlap: (detection: number, target: number) => number;
}

function imageOf(who: string, image: ImageDetections): Image {
  const scores = numbersOf(image.scores).data;
  const { data, shape } = numbersOf(image.overlaps);
  const targets = shape.length > 1 ? shape[1] : image.targetLabels ? numbersOf(image.targetLabels).data.length : 0;
  if (data.length !== scores.length * targets)
    throw new RangeError(`${who}: overlaps ${showShape(shape)} must be [${scores.length} detections, targets]`);
  return {
    scores,
    labels: image.labels ? labelsOf(who, image.labels, scores.length) : new Float64Array(scores.length),
    targetLabels: image.targetLabels ? labelsOf(who, image.targetLabels, targets) : new Float64Array(targets),
    overlap: (i, j) => data[i * targets + j],
  };
}

interface Hits {
  /** Whether each detection of the class found a target that no better one had, by descending score. */
  readonly hit: boolean[];
  readonly targets: number;
}

/** Each detection, best first, takes the target it overlaps with most of those that are left, if by the threshold. */
function match(images: readonly Image[], label: number, threshold: number, most: number): Hits {
  const found: { score: number; hit: boolean }[] = [];
  let targets = 0;
  for (const { scores, labels, targetLabels, overlap } of images) {
    const free = new Set(Array.from(targetLabels.keys()).filter((j) => targetLabels[j] === label));
    targets += free.size;
    const ranked = Array.from(scores.keys())
      .filter((i) => labels[i] === label)
      .sort((a, b) => scores[b] - scores[a])
      .slice(0, most);
    for (const i of ranked) {
      let best = -1;
      for (const j of free) if (overlap(i, j) >= threshold && (best < 0 || overlap(i, j) > overlap(i, best))) best = j;
      found.push({ score: scores[i], hit: free.delete(best) });
    }
  }
  return { hit: found.sort((a, b) => b.score - a.score).map(({ hit }) => hit), targets };
}

/** The area under precision over recall, precision made to fall. */
function area({ hit, targets }: Hits, interpolation: DetectionOptions['interpolation'] = '101-point'): number {
  const curve: { precision: number; recall: number }[] = [];
  let right = 0;
  hit.forEach((h, i) => {
    if (h) right++;
    curve.push({ precision: right / (i + 1), recall: right / targets });
  });
  for (let i = curve.length - 2; i >= 0; i--)
    curve[i] = { ...curve[i], precision: Math.max(curve[i].precision, curve[i + 1].precision) };
  if (interpolation === 'all-point')
    return curve.reduce(
      (total, { precision, recall }, i) => total + (recall - (curve[i - 1]?.recall ?? 0)) * precision,
      0,
    );
  const points = interpolation === '11-point' ? 11 : 101;
  return mean(
    // A little slack, so that a recall of 0.3 counts as having reached 3 / 10.
    Array.from({ length: points }, (_, i) => curve.find((c) => c.recall >= i / (points - 1) - 1e-12)?.precision ?? 0),
  );
}

export interface DetectionOptions {
  /** Least IoU of a match. Default [0.5]. COCO's average is over `cocoThresholds`. */
  readonly thresholds?: readonly number[];
  /** Where the curve is read: at 101 recalls (COCO), at 11 (VOC 2007), or at every change (VOC 2010). Default `101-point`. */
  readonly interpolation?: '101-point' | '11-point' | 'all-point';
  /** Detections of a class that count in an image, best first. Default 100. */
  readonly maxDetections?: number;
}

/** 0.5, 0.55, ..., 0.95. */
export const cocoThresholds: readonly number[] = Array.from({ length: 10 }, (_, i) => 0.5 + 0.05 * i);

function overClasses(
  who: string,
  images: readonly ImageDetections[],
  { thresholds = [0.5], maxDetections = 100 }: DetectionOptions,
  of: (hits: Hits) => number,
): number {
  const all = images.map((image) => imageOf(who, image));
  const classes = [...new Set(all.flatMap(({ targetLabels }) => [...targetLabels]))];
  return mean(
    classes.flatMap((label) => thresholds.map((threshold) => of(match(all, label, threshold, maxDetections)))),
  );
}

/**
 * Mean average precision of a detector: the area under precision over recall, averaged over the classes that are there and over IoU thresholds.
 * Detections take targets greedily, best score first, each target once. 0 where there is nothing to find. Boxes or masks, as `overlaps` say.
 */
export function meanAveragePrecision(images: readonly ImageDetections[], options: DetectionOptions = {}): number {
  return overClasses('meanAveragePrecision', images, options, (hits) => area(hits, options.interpolation));
}

/** Average recall: the share of targets found by at most `maxDetections` detections, averaged over classes and IoU thresholds (COCO's by default). */
export function averageRecall(
  images: readonly ImageDetections[],
  options: Pick<DetectionOptions, 'thresholds' | 'maxDetections'> = {},
): number {
  return overClasses(
    'averageRecall',
    images,
    { thresholds: cocoThresholds, ...options },
    ({ hit, targets }) => hit.filter(Boolean).length / targets,
  );
}
