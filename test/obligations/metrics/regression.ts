import * as metrics from '../../../src/metrics/index.js';
import { type MetricEntry, numbers } from './entry.js';

/** Of numbers and what they should be. */
const ofNumbers = (of: MetricEntry['of'], best: number, empty: unknown = 0, rest: object = {}): MetricEntry => ({
  of,
  typical: numbers,
  best: [[numbers[0], numbers[0]], best],
  empty: [[[], []], empty],
  wrong: [[1, 2], [1]],
  ...rest,
});

/** Measures of numbers, depths and pixels. */
export const regression: Record<string, MetricEntry> = {
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
    plain: 'its pairs are records of their own',
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
};
