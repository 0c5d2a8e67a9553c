/**
 * Training runs: loop, checkpoints, metrics, report. Node only.
 *
 * @module cotangent/train
 */

export {
  type BatchOptions,
  type ImageExamples,
  imageBatches,
  imagesInOrder,
  overBatches,
  rowBatches,
  rowsInOrder,
} from './batches.js';
export { type Classifier, type ClassifierOptions, classifier } from './classification/classifier.js';
export { confusionMatrix, type Evaluation, evaluateOn } from './classification/evaluate.js';
export { type ClassifierLoss, classifierLosses } from './classification/losses.js';
export type { ClassifierRegularizer, RegularizerInput, TrainingSize } from './classification/regularizer.js';
export { regularizers } from './classification/regularizers.js';
export { parseConfig } from './config.js';
export { readConfig } from './config-file.js';
export { type DepthObjective, depthLosses, depthRegularizers } from './depth/losses.js';
export {
  candidatesOf,
  type Detections,
  detectionMeasures,
  detectionsOf,
  type Objects,
  objectsOf,
} from './detection/detect.js';
export { type GridPrediction, type GridTarget, gridTargets, readGrid } from './detection/grid.js';
export { type DetectionObjective, detectionLosses } from './detection/losses.js';
export { nonMaximumSuppression, type SuppressionOptions } from './detection/suppression.js';
export { type DomainData, type Domains, domainKinds } from './domains/domains.js';
export { type Embedder, type EmbedderOptions, embedder } from './embedding/embedder.js';
export { embeddingLosses } from './embedding/losses.js';
export type { EmbeddingObjective } from './embedding/objective.js';
export { type EmbeddingScores, embeddingScores, linearProbe } from './embedding/scores.js';
export { exportRun } from './export-run.js';
export { type Adapted, adapted } from './finetune/adapted.js';
export {
  type FinetuneConfig,
  type FinetuneSettings,
  finetuneConfigSchema,
  parseFinetuneConfig,
} from './finetune/config.js';
export { type FinetuneData, finetuneData, type Samples, type Source } from './finetune/data.js';
export { type FinetuneRunOptions, finetuneFiles, runFinetuning } from './finetune/run.js';
export {
  type FinetuneEvaluation,
  type FinetuneTaskOptions,
  finetuneTask,
} from './finetune/task.js';
export { discriminatorRegularizers, type GenerationObjective, generationLosses } from './generation/losses.js';
export { degradations, transmissions } from './images/degradations.js';
export { type ImageLoss, imageLosses } from './images/losses.js';
export { type InspectOptions, inspectRun } from './inspection/inspect.js';
export type { Answers, Inspection } from './inspection/inspection.js';
export {
  type Batches,
  type LoopSettings,
  type Measured,
  type Progress,
  type RunOptions,
  type RunResult,
  runFiles,
  runLoop,
  type Task,
  type TrainEvent,
} from './loop.js';
export { type Measure, type Measures, measures, showMeasures } from './measures.js';
export { type AugmentedBatch, augmentations, type BatchAugmentation } from './options/augmentations.js';
export { type Choice, type Chosen, choice, chosenFrom, parseChoice } from './options/choice.js';
export { nearest } from './options/nearest.js';
export { optimizerOf, optimizers } from './options/optimizers.js';
export { type ComparedRun, readRun } from './pages/compared-run.js';
export { renderComparison, renderInspection, renderReport, reportWithInspection } from './pages/index.js';
export type { Estimate, RunRecord, RunSummary, SamplePrediction, TextPrediction } from './pages/report.js';
export { type RankedBatch, type RankingLoss, rankingLosses } from './ranking/losses.js';
export { type ReadingInput, type ReadingLoss, readingLosses } from './reading/losses.js';
export { greedyTexts, readingMeasures } from './reading/task.js';
export { type RegressionLoss, regressionLosses } from './regression/losses.js';
export { type Forecast, type RegressionObjective, regressionObjectives } from './regression/objectives.js';
export { runTraining, type TrainRunOptions } from './run.js';
export { type SegmentationLoss, segmentationLosses } from './segmentation/losses.js';
export { segmentationMeasures } from './segmentation/measures.js';
export { defineConfig, type TrainConfig, type TrainSettings, trainConfigSchema } from './settings.js';
export {
  type Arrays,
  type Examples,
  initialState,
  type ObjectiveInput,
  type ObjectiveValue,
  type StepDraw,
  type StepOptions,
  type Stepped,
  type Symbolic,
  type Tensors,
  type TrainObjective,
  type TrainState,
  type TrainStep,
  trainStep,
} from './step.js';
export { type Checkpoint, loadCheckpoint, saveCheckpoint } from './storage/checkpoint.js';
export { type MetricLine, readMetrics } from './storage/metrics-log.js';
export { externalDataBeside, importOnnxFile } from './storage/onnx-file.js';
export { decodeSafetensors, encodeSafetensors, type Safetensors } from './storage/safetensors.js';
export type { PrepareOptions, Shown, Training, TrainingTask } from './task.js';
export { tasks } from './tasks.js';
