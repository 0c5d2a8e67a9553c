import { mean, ratio, sum } from '../values.js';

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

/** The largest |accuracy - confidence| of a bin that is not empty. */
export const largestGap = (bins: readonly ReliabilityBin[]): number =>
  bins
    .filter(({ count }) => count > 0)
    .reduce((worst, { accuracy, confidence }) => Math.max(worst, Math.abs(accuracy - confidence)), 0);
