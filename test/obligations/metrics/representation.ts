import * as metrics from '../../../src/metrics/index.js';
import { apart, embeddings, emptyRows, groups, type MetricEntry, probabilities } from './entry.js';

/** Of embeddings and labels: near what they belong to, and far from it. */
const ofEmbeddings = (of: MetricEntry['of']): MetricEntry => ({
  of,
  typical: [embeddings, groups],
  best: [[apart, [0, 0, 1, 1]], 1],
  worst: [[apart, [0, 1, 0, 1]], 0],
  empty: [[{ ...emptyRows, shape: [0, 2] }, []], 0],
  wrong: [embeddings, [0]],
});

/** Measures of embeddings, features and rankings. */
export const representation: Record<string, MetricEntry> = {
  ndcg: {
    of: metrics.ndcg,
    typical: [
      [
        [0.25, 0.5, 0.75],
        [0.5, 0.75, 0.25],
      ],
      [
        [0, 2, 1],
        [1, 0, 2],
      ],
    ],
    best: [
      [
        [0.75, 0.5, 0.25],
        [2, 1, 0],
      ],
      [1],
    ],
    worst: [
      [
        [0.75, 0.5],
        [0, 0],
      ],
      [1],
    ],
    empty: [[[], []], [1]],
    wrong: [[0.5], [1, 2]],
    ordered: 'it gives a number for each list',
  },
  classSeparation: {
    of: metrics.classSeparation,
    typical: [embeddings, groups],
    best: [
      [
        [
          [1, 0],
          [2, 0],
          [0, 1],
        ],
        [0, 0, 1],
      ],
      { within: 0, total: 0.5, r2: 1 },
    ],
    empty: [[emptyRows, []], /classSeparation: labels \[0\] must be \[0\], and some/],
    wrong: [embeddings, [0]],
  },
  recallAtK: ofEmbeddings(metrics.recallAtK),
  rPrecision: ofEmbeddings(metrics.rPrecision),
  meanAveragePrecisionAtR: ofEmbeddings(metrics.meanAveragePrecisionAtR),
  trueAcceptRate: ofEmbeddings(metrics.trueAcceptRate),
  operatingPointInconsistency: {
    of: metrics.operatingPointInconsistency,
    typical: [embeddings, groups],
    best: [[apart, [0, 0, 1, 1]], 0],
    empty: [[{ ...emptyRows, shape: [0, 2] }, []], 0],
    wrong: [embeddings, [0]],
  },
  operatingPoints: {
    of: (x: metrics.Values, y: metrics.Values) => {
      const { utility, classes } = metrics.operatingPoints(x, y, { points: 2 });
      return { utility: Array.from(utility.data), classes: Array.from(classes.data) };
    },
    typical: [embeddings, groups],
    best: [[apart, [0, 0, 1, 1]], { utility: [6 / 7, 6 / 7, 6 / 7, 6 / 7], classes: [0, 1] }],
    empty: [[{ ...emptyRows, shape: [0, 2] }, []], { utility: [], classes: [] }],
    wrong: [embeddings, [0]],
  },
  weightedKnn: {
    of: (x: metrics.Values, y: metrics.Values) =>
      metrics.weightedKnn(
        { embeddings: x, labels: y },
        [
          [1, 0.125],
          [0, 1],
        ],
        { k: 2 },
      ).predictions.data,
    typical: [embeddings, groups],
    best: [[apart, [0, 0, 1, 1]], new Int32Array([0, 1])],
    empty: [[emptyRows, []], /weightedKnn: the reference has no examples/],
    wrong: [embeddings, [0]],
  },
  knnAccuracy: {
    of: (x: metrics.Values, y: metrics.Values) =>
      metrics.knnAccuracy({ embeddings: apart, labels: [0, 0, 1, 1] }, { embeddings: x, labels: y }, { k: 2 }),
    typical: [embeddings, groups],
    best: [[apart, [0, 0, 1, 1]], 1],
    worst: [[apart, [1, 1, 0, 0]], 0],
    empty: [[{ ...emptyRows, shape: [0, 2] }, []], /knnAccuracy: queries \[0\] must be some/],
    wrong: [embeddings, [0]],
  },
  inceptionScore: {
    of: metrics.inceptionScore,
    typical: [probabilities],
    best: [
      [
        [
          [1, 0],
          [0, 1],
        ],
      ],
      2,
    ],
    worst: [
      [
        [
          [0.5, 0.5],
          [0.5, 0.5],
        ],
      ],
      1,
    ],
    empty: [[emptyRows], /inceptionScore: there must be samples/],
    wrong: [[1, 2]],
  },
  featureMoments: {
    of: metrics.featureMoments,
    typical: [embeddings],
    best: [
      [
        [
          [1, 2],
          [1, 2],
        ],
      ],
      {
        mean: [1, 2],
        covariance: [
          [0, 0],
          [0, 0],
        ],
      },
    ],
    empty: [[emptyRows], /featureMoments: features \[0, 3\] need two rows/],
    wrong: [[1, 2]],
  },
  frechetDistance: {
    of: metrics.frechetDistance,
    typical: [
      {
        mean: [0, 1],
        covariance: [
          [1, 0],
          [0, 2],
        ],
      },
      {
        mean: [1, 1],
        covariance: [
          [2, 0.5],
          [0.5, 1],
        ],
      },
    ],
    best: [
      [
        { mean: [1], covariance: [[4]] },
        { mean: [1], covariance: [[4]] },
      ],
      0,
    ],
    empty: [
      [
        { mean: [], covariance: emptyRows },
        { mean: [], covariance: emptyRows },
      ],
      /frechetDistance: mean \[0\] must have features/,
    ],
    wrong: [
      { mean: [0, 1], covariance: [[1]] },
      {
        mean: [1, 1],
        covariance: [
          [2, 0],
          [0, 1],
        ],
      },
    ],
    ordered: 'moments have no samples',
    plain: 'moments are records of their own',
  },
};
