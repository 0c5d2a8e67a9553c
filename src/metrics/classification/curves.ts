import { showShape } from '../../tensor/index.js';
import { mean, numbersOf, pairOf, ratio, rowsOf, sum, type Values } from '../values.js';

/** Cumulative counts of positives and negatives at each distinct score, highest first. */
function cumulative(who: string, scores: Values, labels: Values) {
  const [s, y] = pairOf(who, scores, labels);
  if (s.data.some(Number.isNaN)) throw new RangeError(`${who}: scores must not be NaN`);
  const order = Array.from(s.data.keys()).sort((a, b) => s.data[b] - s.data[a]);
  const thresholds: number[] = [];
  const truePositives: number[] = [];
  const falsePositives: number[] = [];
  let [positives, negatives] = [0, 0];
  order.forEach((i, rank) => {
    if (y.data[i] > 0) positives++;
    else negatives++;
    if (rank + 1 < order.length && s.data[order[rank + 1]] === s.data[i]) return;
    thresholds.push(s.data[i]);
    truePositives.push(positives);
    falsePositives.push(negatives);
  });
  return { thresholds, truePositives, falsePositives, positives, negatives };
}

export interface PrecisionRecallCurve {
  /** Precision of predicting every score of at least the threshold. */
  readonly precision: number[];
  readonly recall: number[];
  /** Distinct scores, highest first. */
  readonly thresholds: number[];
}

/**
 * Precision and recall at every distinct score. Without positives recall is 0.
 *
 * @param scores of any shape; `labels` of the same: positive where above 0.
 */
export function precisionRecallCurve(scores: Values, labels: Values): PrecisionRecallCurve {
  return curveOf('precisionRecallCurve', scores, labels);
}

function curveOf(who: string, scores: Values, labels: Values): PrecisionRecallCurve {
  const { thresholds, truePositives, falsePositives, positives } = cumulative(who, scores, labels);
  return {
    precision: truePositives.map((tp, i) => tp / (tp + falsePositives[i])),
    recall: truePositives.map((tp) => ratio(tp, positives)),
    thresholds,
  };
}

/** Average precision: the sum over thresholds of the growth of recall times precision, without interpolation. 0 without positives. */
export function averagePrecision(scores: Values, labels: Values): number {
  const { precision, recall } = curveOf('averagePrecision', scores, labels);
  return sum(recall.map((r, i) => (r - (recall[i - 1] ?? 0)) * precision[i]));
}

export interface RocCurve {
  readonly truePositiveRate: number[];
  readonly falsePositiveRate: number[];
  /** Infinity, then distinct scores, highest first. */
  readonly thresholds: number[];
}

/** The receiver operating characteristic, from (0, 0) to (1, 1). Rates of a class that is not there are 0. */
export function rocCurve(scores: Values, labels: Values): RocCurve {
  const { thresholds, truePositives, falsePositives, positives, negatives } = cumulative('rocCurve', scores, labels);
  return {
    truePositiveRate: [0, ...truePositives.map((n) => ratio(n, positives))],
    falsePositiveRate: [0, ...falsePositives.map((n) => ratio(n, negatives))],
    thresholds: [Infinity, ...thresholds],
  };
}

/**
 * Area under the ROC curve: the chance that a positive scores higher than a negative, ties counting half.
 *
 * @param scores of any shape; `labels` of the same: positive where above 0.
 * @throws RangeError unless there are positives and negatives.
 */
export function rocAuc(scores: Values, labels: Values): number {
  const { truePositives, falsePositives, positives, negatives } = cumulative('rocAuc', scores, labels);
  if (positives === 0 || negatives === 0)
    throw new RangeError(`rocAuc: ${positives} positives and ${negatives} negatives; there must be some of each`);
  const area = sum(
    truePositives.map((tp, i) => {
      const [beforeTrue, beforeFalse] = [truePositives[i - 1] ?? 0, falsePositives[i - 1] ?? 0];
      return ((falsePositives[i] - beforeFalse) * (tp + beforeTrue)) / 2;
    }),
  );
  return area / (positives * negatives);
}

/**
 * The mean of {@link rocAuc} of each class against all others, over the classes that some samples have and some have not.
 *
 * @param scores [n, classes]; `labels` integers [n].
 * @throws RangeError where arguments or options do not fit.
 */
export function multiclassRocAuc(scores: Values, labels: Values): number {
  const rows = rowsOf('multiclassRocAuc', 'scores', scores);
  const y = numbersOf(labels);
  if (y.shape.join() !== `${rows.length}` || rows.length === 0)
    throw new RangeError(`multiclassRocAuc: labels ${showShape(y.shape)} must be [${rows.length}], and some`);
  const areas = Array.from(rows[0].keys()).flatMap((k) => {
    const own = Array.from(y.data, (label) => (label === k ? 1 : 0));
    return own.includes(1) && own.includes(0)
      ? [
          rocAuc(
            rows.map((row) => row[k]),
            own,
          ),
        ]
      : [];
  });
  if (areas.length === 0) throw new RangeError('multiclassRocAuc: all labels are one class');
  return mean(areas);
}
