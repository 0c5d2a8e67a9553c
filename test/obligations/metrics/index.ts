import * as metrics from '../../../src/metrics/index.js';
import {
  apart,
  classes,
  embeddings,
  groups,
  labels,
  type MetricEntry,
  numbers,
  probabilities,
  sure,
  wrongButSure,
} from './entry.js';

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

/** Of probabilities and labels: sure and right, sure and wrong. */
const ofProbabilities = (of: MetricEntry['of'], worst: number): MetricEntry => ({
  of,
  typical: [probabilities, labels],
  best: [[sure, labels], 0],
  worst: [[wrongButSure, labels], worst],
  empty: [[emptyRows, []], 0],
  wrong: [probabilities, [0]],
});
const emptyRows = { data: new Float64Array(0), shape: [0, 3], dtype: 'float64' };

/** Of numbers and what they should be. */
const ofNumbers = (of: MetricEntry['of'], best: number, empty: unknown = 0, rest: object = {}): MetricEntry => ({
  of,
  typical: numbers,
  best: [[numbers[0], numbers[0]], best],
  empty: [[[], []], empty],
  wrong: [[1, 2], [1]],
  ...rest,
});

/** Of embeddings and labels: near what they belong to, and far from it. */
const ofEmbeddings = (of: MetricEntry['of']): MetricEntry => ({
  of,
  typical: [embeddings, groups],
  best: [[apart, [0, 0, 1, 1]], 1],
  worst: [[apart, [0, 1, 0, 1]], 0],
  empty: [[{ ...emptyRows, shape: [0, 2] }, []], 0],
  wrong: [embeddings, [0]],
});

const text = 'its arguments are texts';
const verdicts = 'its arguments are verdicts';
const objects = 'its arguments are records of their own';

const ofVerdicts = (of: MetricEntry['of']): MetricEntry => ({
  of,
  typical: [[true, false, true, true]],
  best: [[[true, true]], 1],
  worst: [[[false, false]], 0],
  empty: [[[]], 0],
  plain: verdicts,
});

const image = {
  scores: [0.75, 0.5, 0.25],
  overlaps: [
    [0.75, 0],
    [0, 0.25],
    [0, 0.625],
  ],
};
const ofDetections = (of: MetricEntry['of']): MetricEntry => ({
  of,
  typical: [[image, { scores: [0.5], overlaps: [[1]] }]],
  best: [
    [
      [
        {
          scores: [0.5, 0.25],
          overlaps: [
            [1, 0],
            [0, 1],
          ],
        },
      ],
    ],
    1,
  ],
  worst: [[[{ scores: [0.5], overlaps: [[0, 0]] }]], 0],
  empty: [[[]], 0],
  wrong: [[{ scores: [0.5], overlaps: [[1], [1]] }]],
  plain: objects,
});
const segments = { segments: [0, 0, 1, 1, -1], labels: [3, 4] };
const mask = [
  [0, 0, 0, 0, 0],
  [0, 1, 1, 0, 0],
  [0, 1, 1, 0, 0],
  [0, 0, 0, 0, 0],
  [0, 0, 0, 0, 0],
];
const elsewhere = mask.map((row) => row.map((_, j) => (j === 4 ? 1 : 0)));

/** Every measure, by the name of its export. */
export const entries: Record<string, MetricEntry> = {
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
  normalizedMutualInformation: {
    of: metrics.normalizedMutualInformation,
    typical: classes,
    best: [
      [
        [5, 5, 7, 7],
        [0, 0, 1, 1],
      ],
      1,
    ],
    worst: [
      [
        [5, 7, 5, 7],
        [0, 0, 1, 1],
      ],
      0,
    ],
    empty: [[[], []], 1],
    wrong: [[0, 1], [0]],
  },
  clusteringAccuracy: {
    of: metrics.clusteringAccuracy,
    typical: classes,
    best: [
      [
        [5, 5, 7, 7],
        [0, 0, 1, 1],
      ],
      1,
    ],
    worst: [
      [
        [1, 2, 3, 4],
        [0, 0, 0, 0],
      ],
      0.25,
    ],
    empty: [[[], []], 0],
    wrong: [[0, 1], [0]],
  },
  topKAccuracy: {
    of: (scores: metrics.Values, y: metrics.Values) => metrics.topKAccuracy(scores, y, { k: 1 }),
    typical: [probabilities, labels],
    best: [[sure, labels], 1],
    worst: [[wrongButSure, labels], 0],
    empty: [[emptyRows, []], 0],
    wrong: [probabilities, [0]],
  },
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
  precisionRecallCurve: {
    of: metrics.precisionRecallCurve,
    typical: [
      [0.25, 0.5, 0.75, 0.625],
      [0, 1, 1, 0],
    ],
    best: [
      [
        [0.75, 0.25],
        [1, 0],
      ],
      { precision: [1, 0.5], recall: [1, 1], thresholds: [0.75, 0.25] },
    ],
    empty: [[[], []], { precision: [], recall: [], thresholds: [] }],
    wrong: [[0.5], [0, 1]],
  },
  averagePrecision: {
    of: metrics.averagePrecision,
    typical: [
      [0.25, 0.5, 0.75, 0.625],
      [0, 1, 1, 0],
    ],
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
    wrong: [[0.5], [0, 1]],
  },
  rocCurve: {
    of: metrics.rocCurve,
    typical: [
      [0.25, 0.5, 0.75, 0.625],
      [0, 1, 1, 0],
    ],
    best: [
      [
        [0.75, 0.25],
        [1, 0],
      ],
      { truePositiveRate: [0, 1, 1], falsePositiveRate: [0, 0, 1], thresholds: [Infinity, 0.75, 0.25] },
    ],
    empty: [[[], []], { truePositiveRate: [0], falsePositiveRate: [0], thresholds: [Infinity] }],
    wrong: [[0.5], [0, 1]],
  },
  rocAuc: {
    of: metrics.rocAuc,
    typical: [
      [0.25, 0.5, 0.75, 0.625],
      [0, 1, 1, 0],
    ],
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
    wrong: [[0.5], [0, 1]],
  },
  multiclassRocAuc: {
    of: metrics.multiclassRocAuc,
    typical: [probabilities, labels],
    best: [[sure, labels], 1],
    empty: [[emptyRows, []], /multiclassRocAuc: labels \[0\] must be \[0\], and some/],
    wrong: [probabilities, [0]],
  },
  rootMeanSquaredError: ofNumbers(metrics.rootMeanSquaredError, 0),
  meanAbsoluteError: ofNumbers(metrics.meanAbsoluteError, 0),
  meanPinballLoss: {
    of: metrics.meanPinballLoss,
    typical: [...numbers, { level: 0.3 }],
    best: [[numbers[0], numbers[0], { level: 0.3 }], 0],
    empty: [[[], [], { level: 0.3 }], 0],
    wrong: [[1], [1], { level: 2 }],
  },
  meanPoissonDeviance: {
    of: metrics.meanPoissonDeviance,
    typical: [
      [1.5, 0.25, 3],
      [2, 0, 1],
    ],
    best: [
      [
        [1, 2],
        [1, 2],
      ],
      0,
    ],
    empty: [[[], []], 0],
    wrong: [
      [1, 0],
      [1, 2],
    ],
  },
  meanAbsolutePercentageError: ofNumbers(metrics.meanAbsolutePercentageError, 0),
  symmetricMeanAbsolutePercentageError: ofNumbers(metrics.symmetricMeanAbsolutePercentageError, 0, 0, {
    worst: [
      [
        [1, 2],
        [0, 0],
      ],
      200,
    ],
  }),
  r2Score: ofNumbers(metrics.r2Score, 1, 1, {
    worst: [
      [
        [2, 2],
        [2, 4],
      ],
      -1,
    ],
  }),
  adjustedR2Score: ofNumbers(
    (p: metrics.Values, t: metrics.Values) => metrics.adjustedR2Score(p, t, { variables: 1 }),
    1,
    /adjustedR2Score: 0 values are too few for 1 variables/,
  ),
  absoluteRelativeError: ofNumbers(metrics.absoluteRelativeError, 0),
  rootMeanSquaredLogError: ofNumbers(metrics.rootMeanSquaredLogError, 0),
  log10Error: ofNumbers(metrics.log10Error, 0),
  deltaAccuracy: ofNumbers(metrics.deltaAccuracy, 1, 0, {
    worst: [
      [
        [1, 2],
        [2, 1],
      ],
      0,
    ],
  }),
  badPixelRate: ofNumbers(
    (p: metrics.Values, t: metrics.Values) => metrics.badPixelRate(p, t, { threshold: 0.5 }),
    0,
    0,
    {
      worst: [
        [
          [1, 2],
          [2, 1],
        ],
        1,
      ],
    },
  ),
  scaleInvariantError: ofNumbers(metrics.scaleInvariantError, 0, 0, { worst: undefined }),
  weightedHumanDisagreement: {
    of: metrics.weightedHumanDisagreement,
    typical: [
      [1, 2, 4],
      [
        { first: 0, second: 1, order: 1 },
        { first: 2, second: 1, order: 1, weight: 2 },
        { first: 0, second: 2, order: -1 },
      ],
    ],
    best: [[[1, 2], [{ first: 1, second: 0, order: 1 }]], 0],
    worst: [[[1, 2], [{ first: 1, second: 0, order: -1 }]], 1],
    empty: [[[1], []], 0],
    ordered: 'pairs name pixels by their place',
    plain: objects,
  },
  psnr: ofNumbers(metrics.psnr, Infinity, /psnr: predictions \[0\] and targets \[0\] must have elements/, {
    worst: [
      [
        [1, 1],
        [0, 0],
      ],
      0,
    ],
  }),
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
    plain: objects,
  },
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
  boxOverlaps: {
    of: metrics.boxOverlaps,
    typical: [[[0, 0, 2, 2]], [[1, 1, 3, 3]]],
    best: [[[[0, 0, 2, 2]], [[0, 0, 2, 2]]], { data: new Float64Array([1]), shape: [1, 1], dtype: 'float64' }],
    worst: [[[[0, 0, 2, 2]], [[0, 0, 0, 0]]], { data: new Float64Array([0]), shape: [1, 1], dtype: 'float64' }],
    empty: [[[], []], { data: new Float64Array(0), shape: [0, 0], dtype: 'float64' }],
    wrong: [[[0, 0, 2]], [[1, 1, 3, 3]]],
    ordered: 'rows and columns are the boxes in their order',
  },
  maskOverlaps: {
    of: metrics.maskOverlaps,
    typical: [[[0, 1, 1]], [[1, 1, 0]]],
    best: [[[[0, 1]], [[0, 1]]], { data: new Float64Array([1]), shape: [1, 1], dtype: 'float64' }],
    worst: [[[[0, 1]], [[0, 0]]], { data: new Float64Array([0]), shape: [1, 1], dtype: 'float64' }],
    empty: [[[], []], { data: new Float64Array(0), shape: [0, 0], dtype: 'float64' }],
    wrong: [[[0, 1]], [[0, 1, 1]]],
    ordered: 'rows and columns are the masks in their order',
  },
  meanAveragePrecision: ofDetections(metrics.meanAveragePrecision),
  averageRecall: ofDetections(metrics.averageRecall),
  boundaryF1: {
    of: metrics.boundaryF1,
    typical: [mask, mask.toReversed()],
    best: [[mask, mask], 1],
    worst: [[mask, elsewhere.map((row) => row.map(() => 0))], 0],
    empty: [[[[0, 0]], [[0, 0]]], 1],
    wrong: [
      [0, 1],
      [0, 1],
    ],
    ordered: 'rows are the rows of an image',
  },
  panopticQuality: {
    of: metrics.panopticQuality,
    typical: [segments, { segments: [0, 0, 0, 1, 1], labels: [3, 4] }],
    best: [[segments, segments], { panoptic: 1, segmentation: 1, recognition: 1 }],
    worst: [
      [segments, { segments: [-1, -1, -1, -1, -1], labels: [] }],
      { panoptic: 0, segmentation: 0, recognition: 0 },
    ],
    empty: [
      [
        { segments: [], labels: [] },
        { segments: [], labels: [] },
      ],
      { panoptic: 0, segmentation: 0, recognition: 0 },
    ],
    wrong: [segments, { segments: [0], labels: [3] }],
    ordered: 'segments are numbered',
    plain: objects,
  },
  panopticQualityOf: {
    of: metrics.panopticQualityOf,
    typical: [[0.75, 0.625], { falsePositives: 1, falseNegatives: 2 }],
    best: [[[1], { falsePositives: 0, falseNegatives: 0 }], { panoptic: 1, segmentation: 1, recognition: 1 }],
    worst: [[[], { falsePositives: 1, falseNegatives: 0 }], { panoptic: 0, segmentation: 0, recognition: 0 }],
    empty: [[[], { falsePositives: 0, falseNegatives: 0 }], { panoptic: 0, segmentation: 0, recognition: 0 }],
    plain: objects,
  },
  bleu: {
    of: metrics.bleu,
    typical: [
      ['a b c d e', 'a b c d'],
      [['a b c d f'], ['a b c d', 'x']],
    ],
    best: [[['a b c d'], [['a b c d']]], 1],
    worst: [[['a b c d'], [['e f g h']]], 0],
    empty: [[[], []], 0],
    wrong: [['a'], []],
    plain: text,
  },
  rougeN: {
    of: metrics.rougeN,
    typical: ['a b c', 'a c d'],
    best: [['a b', 'a b'], { precision: 1, recall: 1, f1: 1 }],
    worst: [['a b', 'c d'], { precision: 0, recall: 0, f1: 0 }],
    empty: [['', ''], { precision: 0, recall: 0, f1: 0 }],
    ordered: 'a text has an order',
    plain: text,
  },
  rougeL: {
    of: metrics.rougeL,
    typical: ['a b c', 'a c d'],
    best: [['a b', 'a b'], { precision: 1, recall: 1, f1: 1 }],
    worst: [['a b', 'c d'], { precision: 0, recall: 0, f1: 0 }],
    empty: [['', ''], { precision: 0, recall: 0, f1: 0 }],
    ordered: 'a text has an order',
    plain: text,
  },
  meteor: {
    of: metrics.meteor,
    typical: ['a b c', 'a c d'],
    best: [['a b', 'a b'], 1 - 0.5 / 8],
    worst: [['a b', 'c d'], 0],
    empty: [['', ''], 0],
    ordered: 'a text has an order',
    plain: text,
  },
  editDistance: {
    of: metrics.editDistance,
    typical: [
      ['a', 'b'],
      ['a', 'c', 'd'],
    ],
    best: [
      [
        ['a', 'b'],
        ['a', 'b'],
      ],
      0,
    ],
    worst: [
      [
        ['a', 'b'],
        ['c', 'd'],
      ],
      2,
    ],
    empty: [[[], []], 0],
    ordered: 'a text has an order',
    plain: text,
  },
  wordErrorRate: {
    of: metrics.wordErrorRate,
    typical: ['a b c', 'a c d'],
    best: [['a b', 'a b'], 0],
    worst: [['a b', 'c d'], 1],
    empty: [['', ''], 0],
    ordered: 'a text has an order',
    plain: text,
  },
  characterErrorRate: {
    of: metrics.characterErrorRate,
    typical: ['abc', 'acd'],
    best: [['ab', 'ab'], 0],
    worst: [['ab', ''], Infinity],
    empty: [['', ''], 0],
    ordered: 'a text has an order',
    plain: text,
  },
  exactMatch: {
    of: metrics.exactMatch,
    typical: [
      ['a', 'b ', 'c'],
      ['a', 'b', 'd'],
    ],
    best: [[['a'], ['a']], 1],
    worst: [[['a'], ['b']], 0],
    empty: [[[], []], 0],
    wrong: [['a'], []],
    plain: text,
  },
  perplexity: {
    of: metrics.perplexity,
    typical: [[-1, -0.5, -2]],
    best: [[[0, 0]], 1],
    worst: [[[-Infinity, 0]], Infinity],
    empty: [[[]], 1],
  },
  answerSimilarity: {
    of: metrics.answerSimilarity,
    typical: [
      [1, 2],
      [2, 1],
    ],
    best: [
      [
        [1, 2],
        [2, 4],
      ],
      1,
    ],
    worst: [
      [
        [1, 2],
        [-1, -2],
      ],
      -1,
    ],
    empty: [[[], []], 0],
    wrong: [[1], [1, 2]],
  },
  answerCorrectness: {
    of: metrics.answerCorrectness,
    typical: [{ truePositives: 2, falsePositives: 1, falseNegatives: 1 }, 0.5],
    best: [[{ truePositives: 2, falsePositives: 0, falseNegatives: 0 }, 1], 1],
    worst: [[{ truePositives: 0, falsePositives: 1, falseNegatives: 1 }, 0], 0],
    empty: [[{ truePositives: 0, falsePositives: 0, falseNegatives: 0 }, 0], 0],
    ordered: 'counts have no order',
    plain: objects,
  },
  answerRelevance: {
    of: (generated: metrics.Values) => metrics.answerRelevance([1, 0], generated),
    typical: [
      [
        [1, 1],
        [0.5, 0],
        [0, 1],
      ],
    ],
    best: [
      [
        [
          [2, 0],
          [1, 0],
        ],
      ],
      1,
    ],
    worst: [[[[-1, 0]]], -1],
    empty: [[{ ...emptyRows, shape: [0, 2] }], 0],
    wrong: [[1, 2]],
  },
  contextPrecision: { ...ofVerdicts(metrics.contextPrecision), ordered: 'verdicts stand by rank' },
  contextRecall: ofVerdicts(metrics.contextRecall),
  faithfulness: ofVerdicts(metrics.faithfulness),
  contextRelevance: ofVerdicts(metrics.contextRelevance),
  aspectCritique: {
    of: metrics.aspectCritique,
    typical: [[true, false, true]],
    best: [[[true, true]], true],
    worst: [[[false]], false],
    empty: [[[]], false],
    plain: verdicts,
  },
  contextEntityRecall: {
    of: metrics.contextEntityRecall,
    typical: [
      ['a', 'b', 'c'],
      ['a', 'd', 'c'],
    ],
    best: [[['a', 'b'], ['b']], 1],
    worst: [[['a'], ['b']], 0],
    empty: [[[], []], 0],
    plain: text,
  },
  summarizationScore: {
    of: metrics.summarizationScore,
    typical: [[true, false], { summary: 10, text: 40 }],
    best: [[[true], { summary: 0, text: 40 }], 1],
    worst: [[[false], { summary: 40, text: 40 }], 0],
    empty: [[[], { summary: 0, text: 0 }], 0.5],
    plain: verdicts,
  },
};
