import * as metrics from '../../../src/metrics/index.js';
import type { MetricEntry } from './entry.js';

const objects = 'its arguments are records of their own';

/** Of two lists of areas: what covers itself, and what covers nothing of it. */
const ofOverlaps = (
  of: MetricEntry['of'],
  same: unknown,
  nothing: unknown,
  rest: Pick<MetricEntry, 'typical' | 'wrong' | 'ordered'>,
): MetricEntry => ({
  of,
  best: [[[same], [same]], overlaps(1)],
  worst: [[[same], [nothing]], overlaps(0)],
  empty: [[[], []], { data: new Float64Array(0), shape: [0, 0], dtype: 'float64' }],
  ...rest,
});
const overlaps = (value: number) => ({ data: new Float64Array([value]), shape: [1, 1], dtype: 'float64' });

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
const allOf = (value: number) => ({ panoptic: value, segmentation: value, recognition: value });

/** Measures of boxes, masks and segments. */
export const detection: Record<string, MetricEntry> = {
  boxOverlaps: ofOverlaps(metrics.boxOverlaps, [0, 0, 2, 2], [0, 0, 0, 0], {
    typical: [[[0, 0, 2, 2]], [[1, 1, 3, 3]]],
    wrong: [[[0, 0, 2]], [[1, 1, 3, 3]]],
    ordered: 'rows and columns are the boxes in their order',
  }),
  maskOverlaps: ofOverlaps(metrics.maskOverlaps, [0, 1], [0, 0], {
    typical: [[[0, 1, 1]], [[1, 1, 0]]],
    wrong: [[[0, 1]], [[0, 1, 1]]],
    ordered: 'rows and columns are the masks in their order',
  }),
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
    best: [[segments, segments], allOf(1)],
    worst: [[segments, { segments: [-1, -1, -1, -1, -1], labels: [] }], allOf(0)],
    empty: [
      [
        { segments: [], labels: [] },
        { segments: [], labels: [] },
      ],
      allOf(0),
    ],
    wrong: [segments, { segments: [0], labels: [3] }],
    ordered: 'segments are numbered',
    plain: objects,
  },
  panopticQualityOf: {
    of: metrics.panopticQualityOf,
    typical: [[0.75, 0.625], { falsePositives: 1, falseNegatives: 2 }],
    best: [[[1], { falsePositives: 0, falseNegatives: 0 }], allOf(1)],
    worst: [[[], { falsePositives: 1, falseNegatives: 0 }], allOf(0)],
    empty: [[[], { falsePositives: 0, falseNegatives: 0 }], allOf(0)],
    plain: objects,
  },
};
