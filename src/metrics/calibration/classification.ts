import { classLabelsOf, mean, rowsOf, sum, type Values } from '../values.js';
import { type BinOptions, binConfidences, gap, largestGap, type ReliabilityBin } from './bins.js';

export type { BinOptions, ReliabilityBin } from './bins.js';

/**
 * Bins of the largest probability of each sample, with how often it was right.
 *
 * @param probabilities [n, classes]; `labels` integers [n].
 * @throws RangeError where arguments or options do not fit.
 */
export function reliabilityBins(probabilities: Values, labels: Values, options: BinOptions = {}): ReliabilityBin[] {
  return binsOf('reliabilityBins', probabilities, labels, options);
}

function binsOf(who: string, probabilities: Values, labels: Values, options: BinOptions): ReliabilityBin[] {
  const rows = rowsOf(who, 'probabilities', probabilities);
  const y = classLabelsOf(who, labels, rows.length, rows[0]?.length ?? 0);
  const winners = rows.map((row) => row.indexOf(row.reduce((a, b) => Math.max(a, b), -Infinity)));
  return binConfidences(
    who,
    rows.map((row, i) => row[winners[i]]),
    winners.map((winner, i) => (winner === y[i] ? 1 : 0)),
    options,
  );
}

/**
 * Expected calibration error: the mean over samples of |accuracy - confidence| of their bin, in [0, 1]. Guo et al. 2017, equation 3 (15 bins of one
 * width). With spacing `mass` it is the adaptive one of Nguyen and O'Connor 2015. 0 for no samples.
 *
 * @param probabilities [n, classes]; `labels` integers [n].
 */
export const expectedCalibrationError = (probabilities: Values, labels: Values, options: BinOptions = {}): number =>
  gap(binsOf('expectedCalibrationError', probabilities, labels, options));

/** {@link expectedCalibrationError} of bins with one number of samples each. */
export const adaptiveCalibrationError = (
  probabilities: Values,
  labels: Values,
  options: Pick<BinOptions, 'bins'> = {},
): number => gap(binsOf('adaptiveCalibrationError', probabilities, labels, { ...options, spacing: 'mass' }));

/** The largest |accuracy - confidence| of a bin that is not empty. Guo et al. 2017, equation 5. */
export const maximumCalibrationError = (probabilities: Values, labels: Values, options: BinOptions = {}): number =>
  largestGap(binsOf('maximumCalibrationError', probabilities, labels, options));

/**
 * The mean over classes of the calibration error of their probability. Kull et al. 2019; Nixon et al. 2019 (static calibration error).
 *
 * @throws RangeError where arguments or options do not fit.
 */
export function classwiseCalibrationError(probabilities: Values, labels: Values, options: BinOptions = {}): number {
  const rows = rowsOf('classwiseCalibrationError', 'probabilities', probabilities);
  const y = Array.from(classLabelsOf('classwiseCalibrationError', labels, rows.length, rows[0]?.length ?? 0));
  const classes = Array.from(rows[0]?.keys() ?? []);
  const single = classes.map((k) =>
    gap(
      binConfidences(
        'classwiseCalibrationError',
        rows.map((row) => row[k]),
        y.map((label) => (label === k ? 1 : 0)),
        options,
      ),
    ),
  );
  return mean(single);
}

/**
 * Brier score: the mean over samples of the squared distance of the probabilities from the one-hot label, in [0, 2]. Brier 1950.
 *
 * @throws RangeError where arguments or options do not fit.
 */
export function brierScore(probabilities: Values, labels: Values): number {
  const rows = rowsOf('brierScore', 'probabilities', probabilities);
  const y = classLabelsOf('brierScore', labels, rows.length, rows[0]?.length ?? 0);
  return mean(rows.map((row, i) => sum(row.map((p, k) => (p - (k === y[i] ? 1 : 0)) ** 2))));
}

/**
 * Log loss: minus the mean log probability of the label, in nats; Infinity where a label had probability 0.
 *
 * @throws RangeError where arguments or options do not fit.
 */
export function logLoss(probabilities: Values, labels: Values): number {
  const rows = rowsOf('logLoss', 'probabilities', probabilities);
  const y = classLabelsOf('logLoss', labels, rows.length, rows[0]?.length ?? 0);
  return mean(rows.map((row, i) => -Math.log(row[y[i]])));
}
