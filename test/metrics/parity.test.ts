import { describe, expect, it } from 'vitest';
import * as m from '../../src/metrics/index.js';
import { ndarray } from '../../src/tensor/index.js';
import { golden } from '../support/golden.js';
import { numbers } from '../support/numbers.js';

type Lists = Record<string, number[]>;
const reference = golden<{
  classification: {
    confusion: number[];
    scores: Record<string, Record<'precision' | 'recall' | 'f1Score', number>>;
    topK: number[];
  } & Record<'accuracy' | 'logLoss' | 'brier' | 'rocAuc' | 'ece' | 'mce', number>;
  curves: { averagePrecision: number; rocAuc: number; roc: Lists; pr: Lists };
  ndcg: Lists;
  regression: Record<string, number>;
  images: Record<'psnr' | 'frechet' | 'meanIou', number>;
  detection: { images: { targets: number[][]; detections: number[][] }[] } & Record<
    'map' | 'map50' | 'map75' | 'recall1' | 'recall10' | 'recall100',
    number
  >;
  panoptic: {
    target: number[];
    prediction: number[];
    classes: Record<'target' | 'prediction', number[]>;
    quality: number;
  };
  text: {
    candidates: string[];
    references: string[][];
    bleu: number[];
    rouge: Lists[];
    wordErrorRate: number[];
    characterErrorRate: number[];
  };
}>('metrics');

const [n, classes] = [60, 4];
const matrix = (stream: number, rows: number, columns: number, low = -1, high = 1) => {
  const flat = numbers(stream, rows * columns, low, high);
  return Array.from({ length: rows }, (_, i) => flat.slice(i * columns, (i + 1) * columns));
};
const probabilities = matrix(651, n, classes, -2, 2).map((row) => {
  const total = row.reduce((sum, z) => sum + Math.exp(z), 0);
  return row.map((z) => Math.exp(z) / total);
});
const labels = numbers(652, n, 0, 1).map((u) => Math.floor(u * classes));
const predicted = probabilities.map((row) => row.indexOf(Math.max(...row)));
/** Class 4 is never right, class 5 never there. */
const sparse = numbers(653, n, 0, 1).map((u, i) => (u < 0.1 ? 4 : predicted[i]));
const near = (actual: number, expected: number, what?: string, digits = 12) =>
  expect(actual, what).toBeCloseTo(expected, digits);
const allNear = (actual: readonly number[], expected: readonly number[], what: string) => {
  expect(actual.length, what).toBe(expected.length);
  actual.forEach((v, i) => {
    near(v, expected[i], `${what} ${i}`);
  });
};

describe('measures of classifiers agree with scikit-learn and torchmetrics', () => {
  const expected = reference.classification;

  it('counts, shares and their averages', () => {
    expect([...m.confusionMatrix(sparse, labels, { classes: 6 }).data]).toEqual(expected.confusion);
    for (const [name, scores] of Object.entries(expected.scores)) {
      const [average, zero] = name.split(' ');
      const options = { classes: 6, average: average as 'macro', zeroDivision: Number(zero) };
      near(m.precision(sparse, labels, options), scores.precision, `precision, ${name}`);
      near(m.recall(sparse, labels, options), scores.recall, `recall, ${name}`);
      near(m.f1Score(sparse, labels, options), scores.f1Score, `F1, ${name}`);
    }
    near(m.accuracy(predicted, labels), expected.accuracy);
    near(m.meanIou(sparse, labels), reference.images.meanIou);
  });

  it('probabilities', () => {
    allNear(
      [1, 2, 3].map((k) => m.topKAccuracy(probabilities, labels, { k })),
      expected.topK,
      'top k',
    );
    near(m.logLoss(probabilities, labels), expected.logLoss);
    near(m.brierScore(probabilities, labels), expected.brier);
    near(m.multiclassRocAuc(probabilities, labels), expected.rocAuc);
    // torchmetrics counts in float32.
    near(m.expectedCalibrationError(probabilities, labels), expected.ece, 'ECE', 6);
    near(m.maximumCalibrationError(probabilities, labels), expected.mce, 'MCE', 6);
  });

  it('refuse labels that are no class', () => {
    for (const [name, of] of Object.entries({
      topKAccuracy: () => m.topKAccuracy([[1, 2]], [2], { k: 1 }),
      logLoss: () => m.logLoss([[0.5, 0.5]], [-1]),
      brierScore: () => m.brierScore([[0.5, 0.5]], [0.5]),
      expectedCalibrationError: () => m.expectedCalibrationError([[0.5, 0.5]], [7]),
      classwiseCalibrationError: () => m.classwiseCalibrationError([[0.5, 0.5]], [7]),
    }))
      expect(of, name).toThrow(new RegExp(`${name}: label .* must be an integer from 0 to 1`));
  });

  it('curves of scores with ties', () => {
    const scores = numbers(654, n, 0, 1).map((u) => Math.round(10 * u) / 10);
    const relevant = numbers(655, n, 0, 1).map((u, i) => (u < 0.2 + 0.6 * scores[i] ? 1 : 0));
    const { curves } = reference;
    near(m.averagePrecision(scores, relevant), curves.averagePrecision);
    near(m.rocAuc(scores, relevant), curves.rocAuc);
    const roc = m.rocCurve(scores, relevant);
    allNear(roc.truePositiveRate, curves.roc.truePositiveRate, 'true positive rate');
    allNear(roc.falsePositiveRate, curves.roc.falsePositiveRate, 'false positive rate');
    allNear(roc.thresholds.slice(1), curves.roc.thresholds, 'thresholds');
    const pr = m.precisionRecallCurve(scores, relevant);
    for (const name of ['precision', 'recall', 'thresholds'] as const) allNear(pr[name], curves.pr[name], name);
  });
});

describe('other measures agree with scikit-learn, torchmetrics, pycocotools, sacrebleu and rouge_score', () => {
  it('ranking', () => {
    const grades = matrix(656, 3, 8, 0, 1).map((row) => row.map((u) => Math.floor(4 * u)));
    const scores = matrix(657, 3, 8);
    allNear(m.ndcg(scores, grades, { gain: 'linear' }), reference.ndcg.linear, 'linear');
    allNear(m.ndcg(scores, grades, { truncation: 5 }), reference.ndcg['exponential at 5'], 'exponential at 5');
  });

  it('regression', () => {
    const [y, guess] = [numbers(658, 25, 0.5, 3), numbers(659, 25, 0.5, 3)];
    const named = m as unknown as Record<string, (p: number[], t: number[], o?: object) => number>;
    for (const [name, value] of Object.entries(reference.regression))
      near(named[name](guess, y, name === 'adjustedR2Score' ? { variables: 3 } : undefined), value, name, 6);
    near(m.r2Score(guess, y), reference.regression.r2Score);
  });

  it('images and features', () => {
    const images = [660, 661].map((stream) => ndarray(numbers(stream, 2 * 3 * 16 * 16, 0, 1), { dtype: 'float64' }));
    near(m.psnr(images[0], images[1]), reference.images.psnr, 'PSNR', 5);
    const [first, second] = [matrix(662, 40, 5), matrix(663, 40, 5, -0.5, 1.5)].map(m.featureMoments);
    near(m.frechetDistance(first, second), reference.images.frechet, 'FID', 9);
  });

  it('boxes, as COCO counts them', () => {
    const { images, ...expected } = reference.detection;
    const corners = (rows: number[][]) => rows.map(([x, y, width, height]) => [x, y, x + width, y + height]);
    const found = images.map(({ targets, detections }) => ({
      scores: detections.map((row) => row[5]),
      labels: detections.map((row) => row[4]),
      targetLabels: targets.map((row) => row[4]),
      overlaps: m.boxOverlaps(corners(detections), corners(targets)),
    }));
    near(m.meanAveragePrecision(found, { thresholds: m.cocoThresholds }), expected.map, 'mAP');
    near(m.meanAveragePrecision(found), expected.map50, 'mAP at 0.5');
    near(m.meanAveragePrecision(found, { thresholds: [0.75] }), expected.map75, 'mAP at 0.75');
    for (const [name, maxDetections] of [
      ['recall1', 1],
      ['recall10', 10],
      ['recall100', 100],
    ] as const)
      near(m.averageRecall(found, { maxDetections }), expected[name], name);
  });

  it('segments', () => {
    const { target, prediction, classes: of, quality } = reference.panoptic;
    const got = m.panopticQuality(
      { segments: prediction, labels: of.prediction },
      { segments: target, labels: of.target },
    );
    near(got.panoptic, quality, 'panoptic quality', 6);
  });

  it('texts', () => {
    const { candidates, references, ...expected } = reference.text;
    allNear(
      [1, 2, 3, 4].map((order) => m.bleu(candidates, references, { order })),
      expected.bleu,
      'BLEU',
    );
    candidates.forEach((candidate, i) => {
      const [target] = references[i];
      for (const [name, score] of Object.entries({
        rouge1: m.rougeN(candidate, target),
        rouge2: m.rougeN(candidate, target, { n: 2 }),
        rougeL: m.rougeL(candidate, target),
      }))
        allNear([score.precision, score.recall, score.f1], expected.rouge[i][name], name);
      near(m.wordErrorRate(candidate, target), expected.wordErrorRate[i], 'WER', 6);
      near(m.characterErrorRate(candidate, target), expected.characterErrorRate[i], 'CER', 6);
    });
  });
});
