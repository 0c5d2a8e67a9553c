import { type Interval, meanInterval } from './statistics.js';

/** Numbers of one way of doing it (a loss, an optimizer) with one seed, by names of `measures`. */
export type Arm = Readonly<Record<string, number>>;

/** What one seed measured. */
export interface Measurement {
  /** The number that the claim is about. */
  readonly effect: number;
  /** What was compared, by name, each with its numbers: for the figure and for readers. */
  readonly arms: Readonly<Record<string, Arm>>;
}

/** An experiment that measures a paper's main claim at small scale. */
export interface Claim {
  /** What is claimed, in words that the measurement can refute. */
  readonly statement: string;
  /** What `effect` is: a difference or a ratio, of what. */
  readonly effect: string;
  /** The unit or range of the effect: `difference in dB`, `ratio, 1 for no difference`. */
  readonly unit: string;
  /** The least mean effect that counts as what the paper says. */
  readonly threshold: number;
  /** What an effect of nothing would be. Default 0. */
  readonly neutral?: number;
  /** What it runs on. */
  readonly data: string;
  /** Seeds unless told otherwise, at least 3. */
  readonly seeds: number;
  /** What a reader should know of the setting: what differs from the paper, what was seen that the effect does not say. */
  readonly remarks?: string;
  /** @param note a line to show while it goes on. */
  measure(seed: number, note: (line: string) => void): Promise<Measurement>;
}

/** The outcome over seeds. */
export interface ClaimResult {
  readonly slug: string;
  /** The mean effect is at least the threshold, and its interval lies above the effect of nothing. */
  readonly held: boolean;
  /** Mean over seeds. */
  readonly effect: number;
  /** 95% confidence interval of the mean. */
  readonly interval: Interval;
  readonly seeds: number;
  /** Of processor time, for all seeds: what it takes on one free core, whatever else the machine does. */
  readonly seconds: number;
  readonly details: {
    readonly statement: string;
    readonly effect: string;
    readonly unit: string;
    readonly threshold: number;
    readonly neutral: number;
    readonly data: string;
    readonly remarks?: string;
    readonly measurements: readonly Measurement[];
  };
}

/** The outcome of a claim, given what its seeds measured. @throws RangeError when there are fewer than two. */
export function concluded(
  slug: string,
  claim: Claim,
  measurements: readonly Measurement[],
  seconds: number,
): ClaimResult {
  const { mean, interval } = meanInterval(measurements.map(({ effect }) => effect));
  const { statement, effect, unit, threshold, data, remarks, neutral = 0 } = claim;
  return {
    slug,
    held: mean >= threshold && interval[0] > neutral,
    effect: mean,
    interval,
    seeds: measurements.length,
    seconds,
    details: {
      statement,
      effect,
      unit,
      threshold,
      neutral,
      data,
      ...(remarks !== undefined && { remarks }),
      measurements,
    },
  };
}
