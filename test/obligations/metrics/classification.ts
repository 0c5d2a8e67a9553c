import * as metrics from '../../../src/metrics/index.js';
import { classes, emptyRows, labels, type MetricEntry, probabilities, sure, wrongButSure } from './entry.js';

/** Of predicted and right classes: all right, and all wrong. */
const ofClasses = (of: MetricEntry['of'], best: number, worst: number, empty: unknown = 0): MetricEntry => ({
  of,
  typical: classes,
  best: [
    [
      [0, 1, 0, 1],
      [0, 1, 0, 1],
    ],
    best,
  ],
  worst: [
    [
      [1, 0, 1, 0],
      [0, 1, 0, 1],
    ],
    worst,
  ],
  empty: [[[], []], empty],
  wrong: [[0, 1], [0]],
});

/** Of clusters and classes: the classes under other names, and what tells nothing of them. */
const ofClusters = (of: MetricEntry['of'], worst: MetricEntry['worst'], empty: unknown): MetricEntry => ({
  of,
  typical: classes,
  best: [
    [
      [5, 5, 7, 7],
      [0, 0, 1, 1],
    ],
    1,
  ],
  worst,
  empty: [[[], []], empty],
  wrong: [[0, 1], [0]],
});

/** Measures of predicted classes and clusters. */
export const classification: Record<string, MetricEntry> = {
  accuracy: ofClasses(metrics.accuracy, 1, 0),
  precision: ofClasses(metrics.precision, 1, 0),
  recall: ofClasses(metrics.recall, 1, 0),
  f1Score: ofClasses(metrics.f1Score, 1, 0),
  specificity: ofClasses(metrics.specificity, 1, 0),
  falsePositiveRate: ofClasses(metrics.falsePositiveRate, 0, 1),
  negativePredictiveValue: ofClasses(metrics.negativePredictiveValue, 1, 0),
  falseDiscoveryRate: ofClasses(metrics.falseDiscoveryRate, 0, 1),
  meanIou: ofClasses(metrics.meanIou, 1, 0),
  confusionMatrix: {
    of: metrics.confusionMatrix,
    typical: classes,
    empty: [[[], []], { data: new Int32Array(0), shape: [0, 0], dtype: 'int32' }],
    wrong: [[0, 1], [0]],
  },
  classCounts: { of: metrics.classCounts, typical: classes, empty: [[[], []], []], wrong: [[0, 1], [0]] },
  normalizedMutualInformation: ofClusters(
    metrics.normalizedMutualInformation,
    [
      [
        [5, 7, 5, 7],
        [0, 0, 1, 1],
      ],
      0,
    ],
    1,
  ),
  clusteringAccuracy: ofClusters(
    metrics.clusteringAccuracy,
    [
      [
        [1, 2, 3, 4],
        [0, 0, 0, 0],
      ],
      0.25,
    ],
    0,
  ),
  topKAccuracy: {
    of: (scores: metrics.Values, y: metrics.Values) => metrics.topKAccuracy(scores, y, { k: 1 }),
    typical: [probabilities, labels],
    best: [[sure, labels], 1],
    worst: [[wrongButSure, labels], 0],
    empty: [[emptyRows, []], 0],
    wrong: [probabilities, [0]],
  },
};
