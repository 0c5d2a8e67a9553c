import { percent } from './pages/html.js';

/** What a number means that a run is measured by. */
export interface Measure {
  /** As it is called in words: accuracy. */
  readonly label: string;
  /** Of its axis: share of samples, dB, units of the target. */
  readonly unit: string;
  /** `neither` of what should be as large as something else. */
  readonly better: 'higher' | 'lower' | 'neither';
  /** Whether it is a share, in [0, 1], written in percent. */
  readonly share?: boolean;
  /** What is written behind a value. Default: nothing. */
  readonly symbol?: string;
}

/** Values of measures by their names. */
export type Measures = Readonly<Record<string, number>>;

const lower = (label: string, unit: string): Measure => ({ label, unit, better: 'lower' });
const share = (label: string, unit: string): Measure => ({ label, unit, better: 'higher', share: true });

/**
 * All that runs are measured by beside their loss, by the names under which logs and results hold them: training batches as `accuracy`, the test
 * set as `testAccuracy`.
 */
export const measures: Readonly<Record<string, Measure>> = {
  accuracy: share('accuracy', 'share of samples'),
  knnAccuracy: share('accuracy of nearest neighbours', 'share of samples'),
  psnr: { label: 'peak signal-to-noise ratio', unit: 'dB', symbol: 'dB', better: 'higher' },
  ssim: { label: 'structural similarity', unit: 'at most 1', better: 'higher' },
  meanSquaredError: lower('mean squared error', 'pixels in [0, 1]'),
  error: lower('root mean squared error', 'units of the target'),
  meanAbsoluteError: lower('mean absolute error', 'units of the target'),
  r2: { label: 'R squared', unit: 'share of the variance', better: 'higher' },
  poissonDeviance: lower('Poisson deviance', 'no unit'),
  pinballLoss: lower('pinball loss', 'units of the target'),
  negativeLogLikelihood: lower('negative log-likelihood', 'nats'),
  crps: lower('continuous ranked probability score', 'units of the target'),
  coverage: { label: 'coverage of intervals', unit: 'share of samples', better: 'neither', share: true },
  intervalWidth: lower('width of intervals', 'units of the target'),
  calibrationError: lower('calibration error', 'mean distance of shares'),
  ndcgAt5: share('NDCG at 5', 'mean over queries'),
  ndcgAt1: share('NDCG at 1', 'mean over queries'),
  ndcgAt10: share('NDCG at 10', 'mean over queries'),
  ndcg: share('NDCG', 'mean over queries'),
  meanIou: share('mean intersection over union', 'mean over classes'),
  dice: share('Dice coefficient', 'mean over classes'),
  pixelAccuracy: share('accuracy of pixels', 'share of pixels'),
  meanAveragePrecision: share('mean average precision at IoU 0.5', 'mean over classes'),
  meanAveragePrecisionTo95: share('mean average precision at IoU 0.5 to 0.95', 'mean over classes'),
  boxOverlap: share('overlap of boxes', 'mean IoU of objects'),
  characterErrorRate: lower('character error rate', 'edits per character'),
  sequenceAccuracy: share('accuracy of strings', 'share of strings'),
  absoluteRelativeError: lower('mean absolute relative error', 'share of the true depth'),
  depthError: { ...lower('root mean squared error of depths', 'metres'), symbol: 'm' },
  deltaAccuracy: share('depths within a factor of 1.25', 'share of pixels'),
  evidence: { label: 'evidence lower bound', unit: 'nats an image', symbol: 'nats', better: 'higher' },
  divergence: { ...lower('divergence of codes from the prior', 'nats'), symbol: 'nats' },
  pseudoLikelihood: {
    label: 'logarithm of the pseudolikelihood',
    unit: 'nats an image',
    symbol: 'nats',
    better: 'higher',
  },
  bitsPerValue: lower('negative log-likelihood of a byte', 'bits'),
  frechetDistance: lower('Frechet distance of random features', 'squares of features'),
  generatorLoss: lower('loss of the generator', 'that of its loss'),
};

/** What a measure means; one that the table does not name is called by its name. */
export const measureNamed = (name: string): Measure =>
  measures[name] ?? { label: name, unit: 'no unit', better: 'higher' };

/** The name under which a measure of the test set is kept: testAccuracy. */
export const testName = (name: string): `test${string}` => `test${name[0].toUpperCase()}${name.slice(1)}`;

/** Measures of the test set under their names there. */
export const ofTestSet = (values: Measures): Record<`test${string}`, number> =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [testName(name), value]));

/** The names of the measures of the test set that a record holds, in its order; the loss is none. */
export function testMeasures(record: object): string[] {
  return Object.keys(record).flatMap((name) =>
    name.startsWith('test') && name !== 'testLoss' ? [`${name[4].toLowerCase()}${name.slice(5)}`] : [],
  );
}

/** The value of a measure of the test set in a record; undefined where it is not there. */
export const testValue = (record: object, name: string): number | undefined =>
  (record as Readonly<Record<string, number | undefined>>)[testName(name)];

/** A value in words: 97.10%, 25.31, 18.20 dB. */
export function showValue(name: string, value: number): string {
  const { share, symbol } = measureNamed(name);
  return share ? percent(value) : `${value.toPrecision(4)}${symbol ? ` ${symbol}` : ''}`;
}

/** Measures in words: accuracy 97.10%. */
export const showMeasures = (values: Measures): string =>
  Object.entries(values)
    .map(([name, value]) => `${measureNamed(name).label} ${showValue(name, value)}`)
    .join(', ');

/** The same as facts of an inspection, each by itself, with their units. */
export const measuredFacts = (values: Measures): [label: string, value: string][] =>
  Object.entries(values).map(([name, value]) => [
    `${measureNamed(name).label}, test set${measureNamed(name).share || measureNamed(name).symbol ? '' : ` (${measureNamed(name).unit})`}`,
    showValue(name, value),
  ]);

/** The measures of the test set that a record holds, under their own names. */
export const measuresOf = (record: object): Measures =>
  Object.fromEntries(testMeasures(record).map((name) => [name, testValue(record, name) ?? Number.NaN]));
