import { type NDArray, ndarray } from '../../tensor/index.js';
import { classLabelsOf, pairOf, ratio, rowsOf, sum, type Values } from '../values.js';

export interface ConfusionOptions {
  /** Number of classes. Default: one more than the largest label given or predicted. */
  readonly classes?: number;
}

/**
 * How often each class (row) was predicted as each (column), int32 [classes, classes].
 *
 * @param predictions integer classes.
 * @param targets the same, of the same shape.
 * @throws RangeError for labels that are no class.
 */
export function confusionMatrix(
  predictions: Values,
  targets: Values,
  options: ConfusionOptions = {},
): NDArray<'int32'> {
  return matrixOf('confusionMatrix', predictions, targets, options);
}

function matrixOf(who: string, predictions: Values, targets: Values, options: ConfusionOptions): NDArray<'int32'> {
  const [p, t] = pairOf(who, predictions, targets);
  const classes =
    options.classes ?? 1 + [p, t].reduce((largest, { data }) => data.reduce((a, b) => Math.max(a, b), largest), -1);
  const counts = new Int32Array(classes * classes);
  for (let i = 0; i < p.data.length; i++) {
    for (const label of [p.data[i], t.data[i]])
      if (!Number.isInteger(label) || label < 0 || label >= classes)
        throw new RangeError(`${who}: label ${label} must be an integer from 0 to ${classes - 1}`);
    counts[t.data[i] * classes + p.data[i]]++;
  }
  return ndarray(counts, { dtype: 'int32', shape: [classes, classes] });
}

/** Counts of a class against all others. */
export interface Counts {
  readonly truePositives: number;
  readonly falsePositives: number;
  readonly falseNegatives: number;
  readonly trueNegatives: number;
}

/** The counts of each class against all others, from predicted and right classes. */
export function classCounts(predictions: Values, targets: Values, options: ConfusionOptions = {}): Counts[] {
  return countsOf('classCounts', predictions, targets, options);
}

function countsOf(who: string, predictions: Values, targets: Values, options: ConfusionOptions): Counts[] {
  const { data, shape } = matrixOf(who, predictions, targets, options);
  const n = shape[0];
  const all = sum(data);
  return Array.from({ length: n }, (_, k) => {
    const truePositives = data[k * n + k];
    let [predicted, there] = [0, 0];
    for (let j = 0; j < n; j++) {
      predicted += data[j * n + k];
      there += data[k * n + j];
    }
    return {
      truePositives,
      falsePositives: predicted - truePositives,
      falseNegatives: there - truePositives,
      trueNegatives: all - predicted - there + truePositives,
    };
  });
}

export interface ScoreOptions extends ConfusionOptions {
  /**
   * What becomes of the scores of single classes: their mean (`macro`), their mean by number of targets (`weighted`), the score of the summed
   * counts (`micro`), or the score of one class, by its index (1 for the positive class of two). Default `macro`.
   */
  readonly average?: 'macro' | 'weighted' | 'micro' | number;
  /** What 0 / 0 is, such as the precision of a class that is never predicted. Default 0. */
  readonly zeroDivision?: number;
}

type Score = (counts: Counts, zeroDivision: number) => number;

function score(who: string, of: Score) {
  return (predictions: Values, targets: Values, options: ScoreOptions = {}): number => {
    const { average = 'macro', zeroDivision = 0 } = options;
    const classes = countsOf(who, predictions, targets, options);
    if (classes.length === 0) return zeroDivision;
    if (average === 'micro') {
      const total = (name: keyof Counts) => sum(classes.map((counts) => counts[name]));
      return of(
        {
          truePositives: total('truePositives'),
          falsePositives: total('falsePositives'),
          falseNegatives: total('falseNegatives'),
          trueNegatives: total('trueNegatives'),
        },
        zeroDivision,
      );
    }
    if (typeof average === 'number') {
      if (!classes[average])
        throw new RangeError(`${who}: average ${average} must be one of ${classes.length} classes`);
      return of(classes[average], zeroDivision);
    }
    if (average !== 'macro' && average !== 'weighted')
      throw new TypeError(`${who}: average ${average} must be 'macro', 'weighted', 'micro' or a class`);
    const weights = classes.map((c) => (average === 'macro' ? 1 : c.truePositives + c.falseNegatives));
    return ratio(sum(classes.map((c, k) => weights[k] * of(c, zeroDivision))), sum(weights), zeroDivision);
  };
}

/** Share of the predictions that are right: TP / (TP + FP). See {@link ScoreOptions} for averages and for classes never predicted. */
export const precision = score('precision', (c, zero) =>
  ratio(c.truePositives, c.truePositives + c.falsePositives, zero),
);
/** Share of the targets that are found, also called sensitivity: TP / (TP + FN). */
export const recall = score('recall', (c, zero) => ratio(c.truePositives, c.truePositives + c.falseNegatives, zero));
/** Harmonic mean of precision and recall: 2 TP / (2 TP + FP + FN). */
export const f1Score = score('f1Score', (c, zero) =>
  ratio(2 * c.truePositives, 2 * c.truePositives + c.falsePositives + c.falseNegatives, zero),
);
/** Share of what is not in the class that is not predicted to be: TN / (TN + FP). */
export const specificity = score('specificity', (c, zero) =>
  ratio(c.trueNegatives, c.trueNegatives + c.falsePositives, zero),
);
/** FP / (FP + TN): 1 - specificity. */
export const falsePositiveRate = score('falsePositiveRate', (c, zero) =>
  ratio(c.falsePositives, c.falsePositives + c.trueNegatives, zero),
);
/** Share of the negative predictions that are right: TN / (TN + FN). */
export const negativePredictiveValue = score('negativePredictiveValue', (c, zero) =>
  ratio(c.trueNegatives, c.trueNegatives + c.falseNegatives, zero),
);
/** Share of the predictions that are wrong: FP / (FP + TP). */
export const falseDiscoveryRate = score('falseDiscoveryRate', (c, zero) =>
  ratio(c.falsePositives, c.falsePositives + c.truePositives, zero),
);

/**
 * Share of predicted classes that are right; 0 for none. Of pixels it is the pixel accuracy.
 *
 * @throws RangeError where arguments or options do not fit.
 */
export function accuracy(predictions: Values, targets: Values): number {
  const [p, t] = pairOf('accuracy', predictions, targets);
  return ratio(p.data.filter((x, i) => x === t.data[i]).length, p.data.length);
}

/**
 * Share of samples whose label is among the k classes of the highest scores. Classes that tie with the label count as higher only when they come
 * first.
 *
 * @param scores [n, classes]; `labels` integers [n].
 * @throws RangeError where arguments or options do not fit.
 */
export function topKAccuracy(scores: Values, labels: Values, { k }: { readonly k: number }): number {
  const rows = rowsOf('topKAccuracy', 'scores', scores);
  const y = classLabelsOf('topKAccuracy', labels, rows.length, rows[0]?.length ?? 0);
  if (!Number.isInteger(k) || k < 1) throw new RangeError(`topKAccuracy: k ${k} must be a positive integer`);
  const hit = (row: Float64Array, label: number) =>
    row.filter((x, j) => x > row[label] || (x === row[label] && j < label)).length < k;
  return ratio(rows.filter((row, i) => hit(row, y[i])).length, rows.length);
}
