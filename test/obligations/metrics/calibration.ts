import * as metrics from '../../../src/metrics/index.js';
import { emptyRows, labels, type MetricEntry, probabilities, sure, wrongButSure } from './entry.js';

/** Of probabilities and labels: sure and right, sure and wrong. */
const ofProbabilities = (of: MetricEntry['of'], worst: number): MetricEntry => ({
  of,
  typical: [probabilities, labels],
  best: [[sure, labels], 0],
  worst: [[wrongButSure, labels], worst],
  empty: [[emptyRows, []], 0],
  wrong: [probabilities, [0]],
});

/** Measures of probabilities and of predictive distributions. */
export const calibration: Record<string, MetricEntry> = {
  expectedCalibrationError: ofProbabilities(metrics.expectedCalibrationError, 1),
  adaptiveCalibrationError: ofProbabilities(metrics.adaptiveCalibrationError, 1),
  maximumCalibrationError: ofProbabilities(metrics.maximumCalibrationError, 1),
  classwiseCalibrationError: ofProbabilities(
    metrics.classwiseCalibrationError,
    (1 / 4 + 1 / 4 + 2 / 4 + 2 / 4 + 1 / 4 + 1 / 4) / 3,
  ),
  brierScore: ofProbabilities(metrics.brierScore, 2),
  logLoss: ofProbabilities(metrics.logLoss, Infinity),
  reliabilityBins: {
    of: (p: metrics.Values, y: metrics.Values) => metrics.reliabilityBins(p, y, { bins: 4 }).map((bin) => bin.count),
    typical: [probabilities, labels],
    best: [
      [sure, labels],
      [0, 0, 0, 4],
    ],
    empty: [
      [emptyRows, []],
      [0, 0, 0, 0],
    ],
    wrong: [probabilities, [0]],
  },
  probabilisticCalibrationError: {
    of: metrics.probabilisticCalibrationError,
    typical: [[0.125, 0.5, 0.625, 0.875]],
    best: [[Array.from({ length: 100 }, (_, i) => (i + 0.5) / 100)], 0.005],
    worst: [[[0, 0]], 0.5],
    empty: [[[]], /probabilisticCalibrationError: there must be transforms/],
  },
  intervalCoverage: {
    of: metrics.intervalCoverage,
    typical: [
      [0, 1, 2],
      [1, 2, 3],
      [0.5, 2.5, 2],
    ],
    best: [
      [
        [0, 0],
        [1, 1],
        [0.5, 1],
      ],
      1,
    ],
    worst: [
      [
        [0, 0],
        [1, 1],
        [2, 2],
      ],
      0,
    ],
    empty: [[[], [], []], 0],
    wrong: [[0], [1, 2], [0]],
  },
  meanIntervalWidth: {
    of: metrics.meanIntervalWidth,
    typical: [
      [0, 1, 2],
      [1, 3, 3],
    ],
    best: [
      [
        [1, 2],
        [1, 2],
      ],
      0,
    ],
    empty: [[[], []], 0],
    wrong: [[0], [1, 2]],
  },
};
