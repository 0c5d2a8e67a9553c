import * as metrics from '../../../src/metrics/index.js';
import { emptyRows, labels, type MetricEntry, probabilities, sure } from './entry.js';

/** Of scores and whether they belong to what is looked for. */
const ofScores = (of: MetricEntry['of'], rest: Pick<MetricEntry, 'best' | 'worst' | 'empty'>): MetricEntry => ({
  of,
  typical: [
    [0.25, 0.5, 0.75, 0.625],
    [0, 1, 1, 0],
  ],
  wrong: [[0.5], [0, 1]],
  ...rest,
});

/** Measures of scores: whether what is looked for has the larger ones. */
export const curves: Record<string, MetricEntry> = {
  precisionRecallCurve: ofScores(metrics.precisionRecallCurve, {
    best: [
      [
        [0.75, 0.25],
        [1, 0],
      ],
      { precision: [1, 0.5], recall: [1, 1], thresholds: [0.75, 0.25] },
    ],
    empty: [[[], []], { precision: [], recall: [], thresholds: [] }],
  }),
  averagePrecision: ofScores(metrics.averagePrecision, {
    best: [
      [
        [0.75, 0.5, 0.25],
        [1, 1, 0],
      ],
      1,
    ],
    worst: [
      [
        [0.75, 0.25],
        [0, 0],
      ],
      0,
    ],
    empty: [[[], []], 0],
  }),
  rocCurve: ofScores(metrics.rocCurve, {
    best: [
      [
        [0.75, 0.25],
        [1, 0],
      ],
      { truePositiveRate: [0, 1, 1], falsePositiveRate: [0, 0, 1], thresholds: [Infinity, 0.75, 0.25] },
    ],
    empty: [[[], []], { truePositiveRate: [0], falsePositiveRate: [0], thresholds: [Infinity] }],
  }),
  rocAuc: ofScores(metrics.rocAuc, {
    best: [
      [
        [0.75, 0.5, 0.25],
        [1, 1, 0],
      ],
      1,
    ],
    worst: [
      [
        [0.25, 0.5, 0.75],
        [1, 1, 0],
      ],
      0,
    ],
    empty: [[[], []], /rocAuc: 0 positives and 0 negatives/],
  }),
  multiclassRocAuc: {
    of: metrics.multiclassRocAuc,
    typical: [probabilities, labels],
    best: [[sure, labels], 1],
    empty: [[emptyRows, []], /multiclassRocAuc: labels \[0\] must be \[0\], and some/],
    wrong: [probabilities, [0]],
  },
};
