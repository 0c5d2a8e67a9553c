import { describe, expect, it } from 'vitest';
import { ndarray } from '../../src/index.js';
import * as m from '../../src/metrics/index.js';

const near = (actual: number, expected: number) => expect(actual).toBeCloseTo(expected, 9);

describe('regression', () => {
  const y = [1, 2, 3, 5];
  const predictions = [1.5, 1.8, 3, 2];

  it('has the values of its equations', () => {
    near(m.rootMeanSquaredError(predictions, y), Math.sqrt(2.3225));
    near(m.meanAbsoluteError(predictions, y), 0.925);
    near(m.meanPinballLoss(predictions, y, { level: 0.5 }), 0.4625);
    near(m.meanPinballLoss(predictions, y, { level: 0.9 }), (0.1 * 0.5 + 0.9 * 0.2 + 0.9 * 3) / 4);
    near(m.meanPoissonDeviance(predictions, [1, 0, 3, 5]), 1.7379942756313);
    near(m.meanAbsolutePercentageError(predictions, y), 30);
    near(m.symmetricMeanAbsolutePercentageError(predictions, y), 34.0601503759);
    near(m.r2Score(predictions, y), -0.0617142857);
    near(m.adjustedR2Score(predictions, y, { variables: 1 }), -0.5925714286);
  });

  it('has a result where a denominator vanishes', () => {
    near(m.meanAbsolutePercentageError([1, 3], [0, 2]), 50);
    expect(m.symmetricMeanAbsolutePercentageError([0], [0])).toBe(0);
    expect([m.r2Score([2, 2], [2, 2]), m.r2Score([1, 3], [2, 2])]).toEqual([1, 0]);
    expect(() => m.meanPoissonDeviance([1, 0], [1, 1])).toThrow(/rate 0 must be above 0, and count 1 at least 0/);
    expect(() => m.meanPinballLoss([1], [1], { level: -1 })).toThrow(/level -1 must lie in \[0, 1\]/);
    expect(() => m.adjustedR2Score([1, 2], [1, 2], { variables: 1 })).toThrow(/2 values are too few for 1 variables/);
    expect(() => m.r2Score([1], [1, 2])).toThrow(/r2Score: predictions \[1\] and targets \[2\] must have one shape/);
  });
});

describe('classification', () => {
  // TP 8, FP 2, FN 4, TN 6.
  const repeat = (n: number, p: number, t: number) => Array.from({ length: n }, () => [p, t]);
  const pairs = [...repeat(8, 1, 1), ...repeat(2, 1, 0), ...repeat(4, 0, 1), ...repeat(6, 0, 0)];
  const [p, t] = [pairs.map(([x]) => x), pairs.map(([, x]) => x)];
  const positive = { average: 1 } as const;

  it('counts', () => {
    expect(Array.from(m.confusionMatrix(p, t).data)).toEqual([6, 2, 4, 8]);
    near(m.precision(p, t, positive), 0.8);
    near(m.recall(p, t, positive), 2 / 3);
    near(m.f1Score(p, t, positive), 0.7272727273);
    near(m.specificity(p, t, positive), 0.75);
    near(m.falsePositiveRate(p, t, positive), 0.25);
    near(m.negativePredictiveValue(p, t, positive), 0.6);
    near(m.falseDiscoveryRate(p, t, positive), 0.2);
    near(m.accuracy(p, t), 0.7);
  });

  it('averages', () => {
    near(m.precision(p, t), (0.8 + 0.6) / 2);
    near(m.precision(p, t, { average: 'weighted' }), (12 * 0.8 + 8 * 0.6) / 20);
    near(m.f1Score(p, t, { average: 'micro' }), 0.7);
    expect(m.precision([0, 0], [0, 1], { average: 1 })).toBe(0);
    expect(m.precision([0, 0], [0, 1], { average: 1, zeroDivision: 1 })).toBe(1);
    expect(() => m.precision(p, t, { average: 5 })).toThrow(/average 5 must be one of 2 classes/);
    expect(m.classCounts([0, 0, 1, 2], [0, 1, 1, 1])).toEqual([
      { truePositives: 1, falsePositives: 1, falseNegatives: 0, trueNegatives: 2 },
      { truePositives: 1, falsePositives: 0, falseNegatives: 2, trueNegatives: 1 },
      { truePositives: 0, falsePositives: 1, falseNegatives: 0, trueNegatives: 3 },
    ]);
    expect(m.classCounts([0], [0], { classes: 2 })[1]).toMatchObject({ truePositives: 0, trueNegatives: 1 });
    expect(() => m.confusionMatrix([0.5], [0])).toThrow(/label 0.5/);
  });

  it('finds the label among the best', () => {
    const scores = [
      [0.1, 0.5, 0.4],
      [0.3, 0.3, 0.4],
    ];
    expect(m.topKAccuracy(scores, [2, 1], { k: 1 })).toBe(0);
    expect(m.topKAccuracy(scores, [2, 1], { k: 2 })).toBe(0.5);
    expect(m.topKAccuracy(ndarray(scores), ndarray([2, 1], { dtype: 'int32' }), { k: 3 })).toBe(1);
  });

  it('draws curves', () => {
    const [scores, labels] = [
      [0.9, 0.8, 0.7, 0.6, 0.55, 0.4],
      [1, 1, 0, 1, 0, 0],
    ];
    near(m.averagePrecision(scores, labels), 0.9166666667);
    near(m.rocAuc(scores, labels), 0.8888888889);
    expect(m.rocAuc([0.5, 0.5, 0.5], [1, 0, 1])).toBe(0.5);
    expect(m.rocAuc([1, 2, 3], [0, 0, 1])).toBe(1);
    const { truePositiveRate, falsePositiveRate } = m.rocCurve(scores, labels);
    expect([truePositiveRate[0], truePositiveRate.at(-1), falsePositiveRate.at(-1)]).toEqual([0, 1, 1]);
    expect(m.precisionRecallCurve(scores, labels).precision.slice(0, 3)).toEqual([1, 1, 2 / 3]);
    expect(() => m.rocAuc([1], [1])).toThrow(/1 positives and 0 negatives/);
    near(
      m.multiclassRocAuc(
        [
          [0.8, 0.1, 0.1],
          [0.2, 0.5, 0.3],
          [0.6, 0.3, 0.1],
        ],
        [0, 1, 1],
      ),
      1,
    );
  });
});

describe('ranking', () => {
  it('ndcg is the gain of the order over that of the best', () => {
    near(m.ndcg([0.5, 0.2, 0.1], [1, 2, 0])[0], 0.796707581);
    near(m.ndcg([0.5, 0.2, 0.1], [1, 2, 0], { truncation: 1 })[0], 1 / 3);
    const scores = [0.5, 0.2, 0.1, 0.4, 1, -1, 0.63];
    near(m.ndcg(scores, [1, 2, 2, 4, 1, 4, 3])[0], 0.6302896357);
    near(m.ndcg(scores, [1, 2, 2, 4, 1, 4, 3], { truncation: 3 })[0], 0.2115762994);
    expect(
      m.ndcg(
        [
          [1, 2],
          [5, 9],
        ],
        [
          [0, 0],
          [1, -1],
        ],
      ),
    ).toEqual([1, 1]);
    expect(m.ndcg([1, 2], [0, 0], { empty: 0 })).toEqual([0]);
  });
});

describe('detection', () => {
  const targets = [
    [0, 0, 10, 10],
    [20, 20, 30, 30],
  ];
  const overlaps = (boxes: number[][]) => m.boxOverlaps(boxes, targets);

  it('measures overlaps', () => {
    expect(
      Array.from(
        m.boxOverlaps(
          [[0, 0, 4, 4]],
          [
            [2, 1, 6, 3],
            [0, 0, 4, 4],
            [9, 9, 9, 9],
          ],
        ).data,
      ),
    ).toEqual([0.2, 1, 0]);
    expect(
      Array.from(
        m.maskOverlaps(
          [
            [
              [1, 1],
              [0, 0],
            ],
          ],
          [
            [
              [1, 0],
              [1, 0],
            ],
          ],
        ).data,
      ),
    ).toEqual([1 / 3]);
  });

  it('is the area under precision over recall', () => {
    // Hit, miss, hit: precision 1, 1/2, 2/3 at recall 1/2, 1/2, 1.
    const image = {
      scores: [0.9, 0.8, 0.7],
      overlaps: overlaps([
        [0, 0, 10, 10],
        [0, 0, 10, 9],
        [20, 20, 30, 30],
      ]),
    };
    near(m.meanAveragePrecision([image], { interpolation: 'all-point' }), 0.5 + 0.5 * (2 / 3));
    near(m.meanAveragePrecision([image], { interpolation: '11-point' }), (6 + 5 * (2 / 3)) / 11);
    near(m.meanAveragePrecision([image]), (51 + 50 * (2 / 3)) / 101);
    near(m.averageRecall([image]), 1);
    near(m.averageRecall([image], { maxDetections: 1 }), 0.5);
  });

  it('averages over thresholds and classes, and takes images without detections or targets', () => {
    // IoU 0.9 of the one, 1 of the other: at 0.95 one of them is missed.
    const image = {
      scores: [0.9, 0.8],
      overlaps: overlaps([
        [0, 0, 10, 9],
        [20, 20, 30, 30],
      ]),
    };
    const at95 = m.meanAveragePrecision([image], { thresholds: [0.95], interpolation: 'all-point' });
    near(at95, 0.25);
    near(
      m.meanAveragePrecision([image], { thresholds: m.cocoThresholds, interpolation: 'all-point' }),
      (9 + at95) / 10,
    );
    const labelled = { ...image, labels: [0, 1], targetLabels: [0, 2] };
    near(m.meanAveragePrecision([labelled]), 0.5);
    near(m.meanAveragePrecision([{ scores: [], overlaps: [], targetLabels: [0] }]), 0);
    near(m.meanAveragePrecision([]), 0);
  });
});

describe('segmentation', () => {
  it('meanIou leaves out absent classes and ignored pixels', () => {
    near(m.meanIou([0, 0, 1, 1], [0, 1, 1, 1], { classes: 5 }), (1 / 2 + 2 / 3) / 2);
    near(m.meanIou([0, 0, 1, 1], [0, 255, 1, 1], { ignoreIndex: 255 }), 1);
  });

  it('boundaryF1 forgives small shifts', () => {
    const square = (shift: number) =>
      Array.from({ length: 12 }, (_, i) =>
        Array.from({ length: 12 }, (_, j) => (i > 2 && i < 8 && j > 2 + shift && j < 8 + shift ? 1 : 0)),
      );
    expect(m.boundaryF1(square(0), square(0), { tolerance: 0 })).toBe(1);
    expect(m.boundaryF1(square(1), square(0), { tolerance: 1 })).toBe(1);
    expect(m.boundaryF1(square(1), square(0), { tolerance: 0 })).toBeLessThan(0.7);
    expect(m.boundaryF1([[0]], [[0]])).toBe(1);
  });

  it('panopticQuality multiplies segmentation and recognition', () => {
    near(m.panopticQualityOf([0.8, 0.7], { falsePositives: 1, falseNegatives: 2 }).panoptic, 0.4285714286);
    // Class 7: one segment matched with IoU 3/4; class 8: one missed, one wrong.
    const quality = m.panopticQuality(
      { segments: [0, 0, 0, -1, 1, 1, -1, -1], labels: [7, 8] },
      { segments: [0, 0, 0, 0, -1, 1, 1, 1], labels: [7, 8] },
    );
    near(quality.panoptic, 0.75 / 2);
    near(quality.recognition, 0.5);
    // A prediction half of whose pixels or more nobody labelled is no mistake unless it is more than half.
    const unlabelled = m.panopticQuality({ segments: [0, 0, 0], labels: [1] }, { segments: [-1, -1, 0], labels: [2] });
    expect(unlabelled.panoptic).toBe(0);
    expect(() => m.panopticQuality({ segments: [3], labels: [1] }, { segments: [0], labels: [1] })).toThrow(
      /segment 3/,
    );
  });
});

describe('depth', () => {
  const [d, p] = [
    [1, 2, 4],
    [1.1, 1.6, 5],
  ];
  it('has the values of its equations', () => {
    near(m.absoluteRelativeError(p, d), 0.1833333333);
    near(m.rootMeanSquaredLogError(p, d), 0.1903243892);
    near(m.deltaAccuracy(p, d), 1 / 3);
    near(m.deltaAccuracy(p, d, { power: 2 }), 1);
    near(m.log10Error(p, d), 0.0784042371);
    near(m.scaleInvariantError(p, d) ** 2, 0.0352140364);
    near(m.badPixelRate(p, d, { threshold: 0.3 }), 2 / 3);
    expect(() => m.log10Error([0], [1])).toThrow(/depths must be positive/);
  });

  it('weighs disagreement with orders', () => {
    const pairs = [
      { first: 0, second: 1, order: -1 },
      { first: 2, second: 0, order: -1, weight: 3 },
      { first: 0, second: 0, order: 0 },
    ] as const;
    near(m.weightedHumanDisagreement(p, pairs), 3 / 5);
    expect(() => m.weightedHumanDisagreement(p, [{ first: 0, second: 9, order: 1 }])).toThrow(/pixels 0 and 9/);
  });
});

describe('images', () => {
  it('psnr, inceptionScore and frechetDistance have the values of their equations', () => {
    near(m.psnr([0.1, 0.5], [0, 0.4]), 20);
    expect(m.psnr([1], [1])).toBe(Infinity);
    near(
      m.inceptionScore([
        [0.9, 0.1],
        [0.2, 0.8],
        [0.5, 0.5],
      ]),
      1.2028725046,
    );
    const first = {
      mean: [0, 1],
      covariance: [
        [2, 0.5],
        [0.5, 1],
      ],
    };
    const second = {
      mean: [1, 0],
      covariance: [
        [1, 0],
        [0, 1],
      ],
    };
    near(m.frechetDistance(first, second), 2.2478420434);
    near(m.frechetDistance(second, first), 2.2478420434);
    near(m.frechetDistance(first, first), 0);
  });

  it('featureMoments are mean and covariance', () => {
    expect(
      m.featureMoments([
        [1, 2],
        [3, 6],
      ]),
    ).toEqual({
      mean: [2, 4],
      covariance: [
        [2, 4],
        [4, 8],
      ],
    });
  });
});

describe('text', () => {
  const [candidate, reference] = ['the cat is on the mat', 'there is a cat on the mat'];
  it('has the values of its equations', () => {
    near(m.bleu([candidate], [[reference]], { order: 2 }), 0.4887164517);
    near(m.rougeL(candidate, reference).f1, 0.6153846154);
    near(m.rougeN(candidate, reference).recall, 5 / 7);
    near(m.wordErrorRate(candidate, reference), 0.5714285714);
    near(m.perplexity([0.5, 0.25, 0.125].map(Math.log)), 4);
    near(m.characterErrorRate('kitten', 'sitting'), 3 / 7);
    near(m.exactMatch(['a ', 'b'], ['a', 'c']), 0.5);
    expect(m.editDistance([...'flaw'], [...'lawn'])).toBe(2);
  });

  it('bleu clips, and punishes brevity by the closest reference', () => {
    expect(m.bleu(['the the the'], [['the cat sat']], { order: 1 })).toBeCloseTo(1 / 3, 12);
    expect(m.bleu(['a b'], [['a b c d', 'a b c']], { order: 1 })).toBeCloseTo(Math.exp(1 - 3 / 2), 12);
    expect(m.bleu(['a b'], [['c d']])).toBe(0);
  });

  it('meteor counts chunks', () => {
    near(m.meteor('the cat sat on the mat', 'the cat sat on the mat'), 1 - 0.5 / 6 ** 3);
    near(m.meteor('on the mat sat the cat', 'the cat sat on the mat'), 1 - 0.5 * (3 / 6) ** 3);
    expect(m.meteor('x', 'y')).toBe(0);
  });
});

describe('generation with retrieval', () => {
  it('has the values of its definitions', () => {
    near(m.answerSimilarity([1, 0], [1, 1]), Math.SQRT1_2);
    near(m.answerCorrectness({ truePositives: 2, falsePositives: 1, falseNegatives: 1 }, 0.8), 0.75 * (2 / 3) + 0.2);
    near(
      m.answerRelevance(
        [1, 0],
        [
          [1, 0],
          [0, 1],
        ],
      ),
      0.5,
    );
    near(m.contextPrecision([true, false, true]), (1 + 2 / 3) / 2);
    expect([m.contextRecall([true, false]), m.faithfulness([]), m.contextRelevance([true])]).toEqual([0.5, 0, 1]);
    near(m.contextEntityRecall(['a', 'b'], ['b', 'c', 'b']), 0.5);
    near(m.summarizationScore([true, false], { summary: 20, text: 100 }), 0.25 + 0.4);
    expect([m.aspectCritique([true, true, false]), m.aspectCritique([true, false])]).toEqual([true, false]);
  });
});

describe('classSeparation', () => {
  it('is 1 for classes that are points, 0 for classes that are alike', () => {
    const points = m.classSeparation(
      [
        [1, 0],
        [2, 0],
        [0, 3],
      ],
      [0, 0, 1],
    );
    near(points.within, 0);
    near(points.total, 1 - 0.5);
    near(points.r2, 1);
    near(
      m.classSeparation(
        [
          [1, 0],
          [0, 1],
          [1, 0],
          [0, 1],
        ],
        [0, 0, 1, 1],
      ).r2,
      0,
    );
    near(
      m.classSeparation(
        [
          [1, 0],
          [1, 0],
        ],
        [0, 1],
      ).r2,
      0,
    );
  });

  it('is the mean over pairs', () => {
    const x = [
      [1, 2],
      [3, -1],
      [0.5, 0.5],
      [-2, 1],
    ];
    const labels = [0, 0, 1, 1];
    const d = (a: number[], b: number[]) => 1 - (a[0] * b[0] + a[1] * b[1]) / (Math.hypot(...a) * Math.hypot(...b));
    const group = (k: number) => x.filter((_, i) => labels[i] === k);
    const between = (j: number, k: number) =>
      group(j)
        .flatMap((a) => group(k).map((b) => d(a, b)))
        .reduce((a, b) => a + b) / 4;
    const { within, total } = m.classSeparation(x, labels);
    near(within, (between(0, 0) + between(1, 1)) / 2);
    near(total, (between(0, 0) + 2 * between(0, 1) + between(1, 1)) / 4);
  });
});

describe('calibration of classifiers', () => {
  const probabilities = [
    [0.9, 0.1],
    [0.8, 0.2],
    [0.3, 0.7],
    [0.45, 0.55],
  ];
  const labels = [0, 1, 1, 1];

  it('measures the gap of bins', () => {
    // Bins of 1 / 5: (.4, .6] .55 right; (.6, .8] .8 wrong and .7 right; (.8, 1] .9 right.
    const five = { bins: 5 };
    const bins = m.reliabilityBins(probabilities, labels, five);
    expect(bins.map(({ count }) => count)).toEqual([0, 0, 1, 2, 1]);
    near(bins[3].confidence, 0.75);
    near(bins[3].accuracy, 0.5);
    near(m.expectedCalibrationError(probabilities, labels, five), (0.45 + 2 * 0.25 + 0.1) / 4);
    near(m.maximumCalibrationError(probabilities, labels, five), 0.45);
    // Two bins of two: .55 and .7 both right; .8 and .9 half right.
    near(m.adaptiveCalibrationError(probabilities, labels, { bins: 2 }), (0.375 + 0.35) / 2);
  });

  it('measures classes, squares and logarithms', () => {
    near(m.classwiseCalibrationError(probabilities, labels, { bins: 1 }), Math.abs(0.6125 - 0.25));
    near(m.brierScore(probabilities, labels), (0.02 + 1.28 + 0.18 + 0.405) / 4);
    near(m.logLoss(probabilities, labels), -(Math.log(0.9) + Math.log(0.2) + Math.log(0.7) + Math.log(0.55)) / 4);
  });

  it('puts a confidence on an edge into the bin below it', () => {
    const edges = Array.from({ length: 10 }, (_, k) => (k + 1) / 10);
    const bins = m.reliabilityBins(
      edges.map((c) => [c, c - 1e-9]),
      edges.map(() => 0),
      { bins: 10 },
    );
    expect(bins.map(({ count }) => count)).toEqual(edges.map(() => 1));
  });

  it('is 0 for predictions that are right and sure, and refuses what is no probability', () => {
    expect(m.expectedCalibrationError([[1, 0]], [0])).toBe(0);
    expect(() => m.expectedCalibrationError([[1.5, -0.5]], [0])).toThrow(/probability 1.5 must lie in \[0, 1\]/);
    expect(() => m.expectedCalibrationError([[1, 0]], [0, 1])).toThrow(/labels \[2\] must be \[1\]/);
  });
});

describe('metricRegistry', () => {
  /** What is exported beside the measures that are one number. */
  const others = [
    'aspectCritique',
    'boxOverlaps',
    'classCounts',
    'classSeparation',
    'confusionMatrix',
    'editDistance',
    'featureMoments',
    'maskOverlaps',
    'ndcg',
    'operatingPoints',
    'panopticQuality',
    'panopticQualityOf',
    'precisionRecallCurve',
    'reliabilityBins',
    'rocCurve',
    'rougeL',
    'rougeN',
    'weightedKnn',
  ];

  it('knows every measure that is one number, and no other', () => {
    const exported = Object.entries(m).flatMap(([name, value]) => (typeof value === 'function' ? [name] : []));
    expect(Object.keys(m.metricRegistry).sort()).toEqual(exported.filter((name) => !others.includes(name)).sort());
  });

  it('says which way is better', () => {
    const { accuracy, wordErrorRate } = m.metricRegistry;
    expect([accuracy.higherIsBetter, wordErrorRate.higherIsBetter]).toEqual([true, false]);
    for (const { range } of Object.values(m.metricRegistry)) expect(range[0]).toBeLessThan(range[1]);
  });
});
