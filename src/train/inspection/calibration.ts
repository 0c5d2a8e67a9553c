import { binConfidences, gap, largestGap } from '../../metrics/calibration/bins.js';
import {
  adaptiveCalibrationError,
  classwiseCalibrationError,
  expectedCalibrationError,
  maximumCalibrationError,
  reliabilityBins,
} from '../../metrics/index.js';
import type { NDArray } from '../../tensor/index.js';
import type { Calibration } from './inspection.js';

const bins = { bins: 15 } as const;

/** Of probabilities of classes, [n, classes], and labels [n]. */
export const calibrationOf = (probabilities: NDArray, labels: NDArray): Calibration => ({
  reliability: reliabilityBins(probabilities, labels, bins),
  calibrationError: expectedCalibrationError(probabilities, labels, bins),
  adaptiveCalibrationError: adaptiveCalibrationError(probabilities, labels, bins),
  maximumCalibrationError: maximumCalibrationError(probabilities, labels, bins),
  classwiseCalibrationError: classwiseCalibrationError(probabilities, labels, bins),
});

/** Of answers that are no classes of a fixed number: how sure each of them is, in [0, 1], and whether it is right. */
export function calibrationOfAnswers(confidences: readonly number[], right: readonly boolean[]): Calibration {
  const outcomes = right.map(Number);
  const inBins = (spacing: 'width' | 'mass') =>
    binConfidences('calibrationOfAnswers', confidences, outcomes, { ...bins, spacing });
  const reliability = inBins('width');
  return {
    reliability,
    calibrationError: gap(reliability),
    adaptiveCalibrationError: gap(inBins('mass')),
    maximumCalibrationError: largestGap(reliability),
  };
}
