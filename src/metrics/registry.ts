/** What a measure is about and which way is better: what reports and searches for the best run need to know. */
export interface MetricInfo {
  readonly task:
    | 'calibration'
    | 'classification'
    | 'depth'
    | 'detection'
    | 'generation'
    | 'ranking'
    | 'regression'
    | 'retrieval'
    | 'segmentation'
    | 'text';
  readonly range: readonly [least: number, greatest: number];
  readonly higherIsBetter: boolean;
}

type Task = MetricInfo['task'];
const error = (task: Task, greatest = Infinity): MetricInfo => ({ task, range: [0, greatest], higherIsBetter: false });
const score = (task: Task, range: MetricInfo['range'] = [0, 1]): MetricInfo => ({ task, range, higherIsBetter: true });

/** The measures of this folder that are one number, by name. */
export const metricRegistry = {
  expectedCalibrationError: error('calibration', 1),
  adaptiveCalibrationError: error('calibration', 1),
  maximumCalibrationError: error('calibration', 1),
  classwiseCalibrationError: error('calibration', 1),
  brierScore: error('calibration', 2),
  logLoss: error('calibration'),
  probabilisticCalibrationError: error('calibration', 1),
  intervalCoverage: score('calibration'),
  meanIntervalWidth: error('calibration'),
  accuracy: score('classification'),
  topKAccuracy: score('classification'),
  precision: score('classification'),
  recall: score('classification'),
  f1Score: score('classification'),
  specificity: score('classification'),
  falsePositiveRate: error('classification', 1),
  negativePredictiveValue: score('classification'),
  falseDiscoveryRate: error('classification', 1),
  averagePrecision: score('classification'),
  rocAuc: score('classification'),
  multiclassRocAuc: score('classification'),
  absoluteRelativeError: error('depth'),
  rootMeanSquaredLogError: error('depth'),
  log10Error: error('depth'),
  deltaAccuracy: score('depth'),
  badPixelRate: error('depth', 1),
  scaleInvariantError: error('depth'),
  weightedHumanDisagreement: error('depth', 1),
  meanAveragePrecision: score('detection'),
  averageRecall: score('detection'),
  psnr: score('generation', [-Infinity, Infinity]),
  inceptionScore: score('generation', [1, Infinity]),
  frechetDistance: error('generation'),
  recallAtK: score('retrieval'),
  rPrecision: score('retrieval'),
  meanAveragePrecisionAtR: score('retrieval'),
  knnAccuracy: score('retrieval'),
  normalizedMutualInformation: score('retrieval'),
  clusteringAccuracy: score('retrieval'),
  trueAcceptRate: score('retrieval'),
  operatingPointInconsistency: error('retrieval', 0.25),
  rootMeanSquaredError: error('regression'),
  meanAbsoluteError: error('regression'),
  meanPinballLoss: error('regression'),
  meanPoissonDeviance: error('regression'),
  meanAbsolutePercentageError: error('regression'),
  symmetricMeanAbsolutePercentageError: error('regression', 200),
  r2Score: score('regression', [-Infinity, 1]),
  adjustedR2Score: score('regression', [-Infinity, 1]),
  meanIou: score('segmentation'),
  boundaryF1: score('segmentation'),
  bleu: score('text'),
  meteor: score('text'),
  wordErrorRate: error('text'),
  characterErrorRate: error('text'),
  exactMatch: score('text'),
  perplexity: { task: 'text', range: [1, Infinity], higherIsBetter: false },
  answerSimilarity: score('text', [-1, 1]),
  answerCorrectness: score('text'),
  answerRelevance: score('text', [-1, 1]),
  contextPrecision: score('text'),
  contextRecall: score('text'),
  contextRelevance: score('text'),
  contextEntityRecall: score('text'),
  faithfulness: score('text'),
  summarizationScore: score('text'),
} as const satisfies Record<string, MetricInfo>;
