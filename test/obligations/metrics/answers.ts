import * as metrics from '../../../src/metrics/index.js';
import { emptyRows, type MetricEntry } from './entry.js';

const verdicts = 'its arguments are verdicts';
const ofVerdicts = (of: MetricEntry['of']): MetricEntry => ({
  of,
  typical: [[true, false, true, true]],
  best: [[[true, true]], 1],
  worst: [[[false, false]], 0],
  empty: [[[]], 0],
  plain: verdicts,
});

/** Measures of answers that are drawn from sources, by verdicts and similarities. */
export const answers: Record<string, MetricEntry> = {
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
    plain: 'its counts are a record of their own',
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
  contextRelevance: ofVerdicts(metrics.contextRelevance),
  contextRecall: ofVerdicts(metrics.contextRecall),
  faithfulness: ofVerdicts(metrics.faithfulness),
  aspectCritique: {
    of: metrics.aspectCritique,
    typical: [[true, false, true]],
    best: [[[true, true]], true],
    worst: [[[false]], false],
    empty: [[[]], false],
    plain: verdicts,
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
