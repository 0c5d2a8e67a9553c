import { showShape } from '../../tensor/index.js';
import { type ConfusionOptions, classCounts } from '../classification/confusion.js';
import { mean, pairOf, ratio, sum, type Values } from '../values.js';

/**
 * Mean intersection over union of classes, over those that are there or predicted; 0 where none is.
 *
 * @param predictions classes of pixels, integers.
 * @param targets the same, of the same shape.
 * @param options `ignoreIndex`: pixels with this target do not count.
 * @throws RangeError where arguments or options do not fit.
 */
export function meanIou(
  predictions: Values,
  targets: Values,
  options: ConfusionOptions & { readonly ignoreIndex?: number } = {},
): number {
  const [p, t] = pairOf('meanIou', predictions, targets);
  const kept = Array.from(t.data.keys()).filter((i) => t.data[i] !== options.ignoreIndex);
  const [predicted, there] = [p, t].map(({ data }) => kept.map((i) => data[i]));
  const ious = classCounts(predicted, there, options).flatMap((c) => {
    const union = c.truePositives + c.falsePositives + c.falseNegatives;
    return union === 0 ? [] : [c.truePositives / union];
  });
  return mean(ious);
}

/**
 * F1 of the boundaries of two masks: boundary pixels count as found where the other mask has one within `tolerance` pixels (Euclidean). Csurka et
 * al. 2013. A boundary pixel is one of the mask with a neighbour, of four, outside it. 1 where neither has a boundary.
 *
 * @param prediction [height, width], set where above 0.
 * @param target the same.
 * @param options `tolerance` is 2 by default.
 * @throws RangeError where arguments or options do not fit.
 */
export function boundaryF1(
  prediction: Values,
  target: Values,
  { tolerance = 2 }: { readonly tolerance?: number } = {},
): number {
  const [p, t] = pairOf('boundaryF1', prediction, target);
  if (p.shape.length !== 2) throw new RangeError(`boundaryF1: masks ${showShape(p.shape)} must be [height, width]`);
  const [height, width] = p.shape;
  const boundary = ({ data }: { data: Float64Array }) => {
    const inside = (i: number, j: number) => data[i * width + j] > 0;
    const pixels = new Set<number>();
    for (let i = 0; i < height; i++)
      for (let j = 0; j < width; j++) {
        const edge =
          (i > 0 && !inside(i - 1, j)) ||
          (i + 1 < height && !inside(i + 1, j)) ||
          (j > 0 && !inside(i, j - 1)) ||
          (j + 1 < width && !inside(i, j + 1));
        if (inside(i, j) && edge) pixels.add(i * width + j);
      }
    return pixels;
  };
  const reach = Math.floor(tolerance);
  const near = (pixels: Set<number>, at: number) => {
    const [row, column] = [Math.floor(at / width), at % width];
    for (let i = Math.max(0, row - reach); i <= Math.min(height - 1, row + reach); i++)
      for (let j = Math.max(0, column - reach); j <= Math.min(width - 1, column + reach); j++)
        if ((i - row) ** 2 + (j - column) ** 2 <= tolerance ** 2 && pixels.has(i * width + j)) return true;
    return false;
  };
  const [predicted, there] = [boundary(p), boundary(t)];
  if (predicted.size === 0 && there.size === 0) return 1;
  const share = (of: Set<number>, among: Set<number>) => ratio([...of].filter((at) => near(among, at)).length, of.size);
  const [precision, recall] = [share(predicted, there), share(there, predicted)];
  return ratio(2 * precision * recall, precision + recall);
}

export interface PanopticQuality {
  /** Segmentation times recognition quality: sum of the IoUs of matches / (TP + FP / 2 + FN / 2). */
  readonly panoptic: number;
  /** Mean IoU of matches. */
  readonly segmentation: number;
  /** F1 of segments. */
  readonly recognition: number;
}

/** Panoptic quality of one class from the IoUs of its matched segments and the numbers of unmatched ones. Kirillov et al. 2019, equations 1 and 2. */
export function panopticQualityOf(
  ious: readonly number[],
  unmatched: { readonly falsePositives: number; readonly falseNegatives: number },
): PanopticQuality {
  const { falsePositives, falseNegatives } = unmatched;
  const segmentation = mean(ious);
  const recognition = ratio(ious.length, ious.length + falsePositives / 2 + falseNegatives / 2);
  return { panoptic: segmentation * recognition, segmentation, recognition };
}

/** A panoptic segmentation of an image. */
export interface Segments {
  /** Number of the segment of each pixel, integers of any shape; negative ones belong to none. */
  readonly segments: Values;
  /** Class of each segment, by its number. */
  readonly labels: readonly number[];
}

/**
 * Panoptic quality, averaged over the classes that are there or predicted. Segments of one class match where their IoU exceeds 1/2, which at most
 * one pair can; predicted segments that lie in unlabelled pixels for more than half do not count. Kirillov et al. 2019.
 * @throws RangeError where arguments or options do not fit.
 */
export function panopticQuality(prediction: Segments, target: Segments): PanopticQuality {
  const [p, t] = pairOf('panopticQuality', prediction.segments, target.segments);
  const areas = (segments: Float64Array, count: number) => {
    const sizes = new Array<number>(count).fill(0);
    for (const s of segments) {
      if (s >= count) throw new RangeError(`panopticQuality: segment ${s} has no label among ${count}`);
      if (s >= 0) sizes[s]++;
    }
    return sizes;
  };
  const predicted = areas(p.data, prediction.labels.length);
  const there = areas(t.data, target.labels.length);
  const shared = new Map<string, number>();
  const unlabelled = new Array<number>(predicted.length).fill(0);
  p.data.forEach((a, i) => {
    const b = t.data[i];
    if (a >= 0 && b < 0) unlabelled[a]++;
    if (a >= 0 && b >= 0) shared.set(`${a},${b}`, (shared.get(`${a},${b}`) ?? 0) + 1);
  });
  const matches = [...shared].flatMap(([pair, both]) => {
    const [a, b] = pair.split(',').map(Number);
    const iou = both / (predicted[a] + there[b] - both - unlabelled[a]);
    return prediction.labels[a] === target.labels[b] && iou > 0.5 ? [{ a, b, iou }] : [];
  });
  const [found, known] = [new Set(matches.map(({ a }) => a)), new Set(matches.map(({ b }) => b))];
  const wrong = prediction.labels.filter(
    (_, a) => predicted[a] > 0 && !found.has(a) && 2 * unlabelled[a] <= predicted[a],
  );
  const missed = target.labels.filter((_, b) => there[b] > 0 && !known.has(b));
  const classes = new Set([...matches.map(({ a }) => prediction.labels[a]), ...wrong, ...missed]);
  const single = [...classes].map((label) =>
    panopticQualityOf(
      matches.filter(({ a }) => prediction.labels[a] === label).map(({ iou }) => iou),
      {
        falsePositives: wrong.filter((l) => l === label).length,
        falseNegatives: missed.filter((l) => l === label).length,
      },
    ),
  );
  const over = (name: keyof PanopticQuality) => ratio(sum(single.map((q) => q[name])), single.length);
  return { panoptic: over('panoptic'), segmentation: over('segmentation'), recognition: over('recognition') };
}
