import { labelsOf, mean, ratio, rowsOf, sum, type Values } from '../values.js';

export interface BinOptions {
  /** Number of bins. Default 15. */
  readonly bins?: number;
  /** Bins of one width, (lo, hi], or of one number of samples. Default `width`. */
  readonly spacing?: 'width' | 'mass';
}

/** Samples whose confidence lies in (low, high]. */
export interface ReliabilityBin {
  readonly low: number;
  readonly high: number;
  readonly count: number;
  /** Mean confidence; 0 for an empty bin. */
  readonly confidence: number;
  /** Share of the samples that are right; 0 for an empty bin. */
  readonly accuracy: number;
}

/** The k with k / bins < c <= (k + 1) / bins, as the edges themselves round. */
function widthBin(c: number, bins: number): number {
  const k = Math.ceil(c * bins) - 1;
  if (c <= k / bins) return k - 1;
  return c > (k + 1) / bins ? k + 1 : k;
}

/** Bins of confidences in [0, 1] and of what came true, 1 or 0: what a reliability diagram draws. A confidence of 0 lies in the first bin. */
export function binConfidences(
  who: string,
  confidences: readonly number[],
  outcomes: readonly number[],
  { bins = 15, spacing = 'width' }: BinOptions = {},
): ReliabilityBin[] {
  if (!Number.isInteger(bins) || bins < 1) throw new RangeError(`${who}: bins ${bins} must be a positive integer`);
  const outside = confidences.find((c) => !(c >= 0 && c <= 1 + 1e-6));
  if (outside !== undefined) throw new RangeError(`${who}: probability ${outside} must lie in [0, 1]`);
  const order = Array.from(confidences.keys()).sort((a, b) => confidences[a] - confidences[b]);
  const members = Array.from({ length: bins }, () => [] as number[]);
  order.forEach((i, rank) => {
    const bin = spacing === 'mass' ? Math.floor((rank * bins) / order.length) : widthBin(confidences[i], bins);
    members[Math.min(bins - 1, Math.max(0, bin))].push(i);
  });
  let low = 0;
  return members.map((list, k) => {
    const high = spacing === 'mass' && k < bins - 1 ? (confidences[list[list.length - 1]] ?? low) : (k + 1) / bins;
    const bin = {
      low,
      high,
      count: list.length,
      confidence: mean(list.map((i) => confidences[i])),
      accuracy: mean(list.map((i) => outcomes[i])),
    };
    low = high;
    return bin;
  });
}

/** Mean |accuracy - confidence| of bins, each by its number of samples. */
export const gap = (bins: readonly ReliabilityBin[]): number =>
  ratio(
    sum(bins.map(({ count, accuracy, confidence }) => count * Math.abs(accuracy - confidence))),
    sum(bins.map(({ count }) => count)),
  );

/**
 * Bins of the largest probability of each sample, with how often it was right.
 *
 * @param probabilities [n, classes]; `labels` integers [n].
 */
export function reliabilityBins(probabilities: Values, labels: Values, options: BinOptions = {}): ReliabilityBin[] {
  return binsOf('reliabilityBins', probabilities, labels, options);
}

function binsOf(who: string, probabilities: Values, labels: Values, options: BinOptions): ReliabilityBin[] {
  const rows = rowsOf(who, 'probabilities', probabilities);
  const y = labelsOf(who, labels, rows.length);
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

/** The largest |accuracy - confidence| of a bin that is not empty. */
export const largestGap = (bins: readonly ReliabilityBin[]): number =>
  bins
    .filter(({ count }) => count > 0)
    .reduce((worst, { accuracy, confidence }) => Math.max(worst, Math.abs(accuracy - confidence)), 0);

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
  const y = Array.from(labelsOf('classwiseCalibrationError', labels, rows.length));
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
  const y = labelsOf('brierScore', labels, rows.length);
  return mean(rows.map((row, i) => sum(row.map((p, k) => (p - (k === y[i] ? 1 : 0)) ** 2))));
}

/**
 * Log loss: minus the mean log probability of the label, in nats; Infinity where a label had probability 0.
 *
 * @throws RangeError where arguments or options do not fit.
 */
export function logLoss(probabilities: Values, labels: Values): number {
  const rows = rowsOf('logLoss', 'probabilities', probabilities);
  const y = labelsOf('logLoss', labels, rows.length);
  return mean(rows.map((row, i) => -Math.log(row[y[i]])));
}
