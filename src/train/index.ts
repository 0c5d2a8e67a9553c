/** Training runs: loop, checkpoints, metrics, report. Node only. */
export { type Checkpoint, loadCheckpoint, saveCheckpoint } from './checkpoint.js';
export { type Classifier, type ClassifierOptions, classifier, type TrainState } from './classifier.js';
export { parseConfig, type TrainConfig, trainConfigSchema } from './config.js';
export { confusionMatrix, type Evaluation, evaluateOn } from './evaluate.js';
export { type Progress, runFiles, type TrainEvent, trainClassifier } from './loop.js';
export { type MetricLine, readMetrics } from './metrics-log.js';
export { type RunRecord, type RunSummary, renderReport, type SamplePrediction } from './report.js';
export { exportClassifier, runTraining, type TrainRunOptions } from './run.js';
export { decodeSafetensors, encodeSafetensors, type Safetensors } from './safetensors.js';
