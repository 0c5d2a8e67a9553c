import {
  intervalCoverage,
  meanAbsoluteError,
  meanIntervalWidth,
  meanPinballLoss,
  meanPoissonDeviance,
  probabilisticCalibrationError,
  r2Score,
  rootMeanSquaredError,
} from '../../metrics/index.js';
import { normalCumulative, normalQuantile } from '../../runtime/random/normal.js';
import { type NDArray, ndarray } from '../../tensor/index.js';
import type { Measures } from '../measures.js';
import type { RegressionObjective } from './objectives.js';

/** A mixture of normal distributions for each of n samples, in the units of the target. */
export interface Mixtures {
  /** [n, components], each row summing to 1. */
  readonly weights: NDArray<'float32'>;
  readonly means: NDArray<'float32'>;
  readonly deviations: NDArray<'float32'>;
}

/** What a regression says of a data set, in its order and in the units of the target. */
export interface RowAnswers {
  /** [n]. */
  readonly targets: NDArray<'float32'>;
  /** [n]. */
  readonly prediction: NDArray<'float32'>;
  /** Of these levels, both ascending, [n, levels]. */
  readonly quantiles?: { readonly levels: readonly number[]; readonly values: NDArray<'float32'> };
  readonly distributions?: {
    readonly mixtures: Mixtures;
    /** Of the targets, [n]: negative log-likelihood in nats, continuous ranked probability score, and distribution function. */
    readonly nll: NDArray<'float32'>;
    readonly crps: NDArray<'float32'>;
    readonly pits: NDArray<'float32'>;
  };
  /** Whether predictions are rates of counts. */
  readonly counts: boolean;
}

/** What an evaluation says, row by row and by name, as answers. */
export function answersOf(
  said: Readonly<Record<string, NDArray>>,
  targets: NDArray<'float32'>,
  { levels, scale }: Pick<RegressionObjective, 'levels' | 'scale'>,
): RowAnswers {
  const { prediction, quantiles, weights, means, deviations, nll, crps, pits } = said as Record<
    string,
    NDArray<'float32'>
  >;
  return {
    targets,
    prediction,
    counts: scale === 'mean',
    ...(quantiles && levels && { quantiles: { levels, values: quantiles } }),
    ...(weights && { distributions: { mixtures: { weights, means, deviations }, nll, crps, pits } }),
  };
}

/** Central intervals of a share of what is expected. */
export interface Intervals {
  /** How much of it they should cover. */
  readonly level: number;
  readonly lower: NDArray<'float64'>;
  readonly upper: NDArray<'float64'>;
}

/** Of distributions those between the quantiles 0.05 and 0.95, of quantiles those between the outermost; undefined where there are none. */
export function intervalsOf({ quantiles, distributions, targets }: RowAnswers): Intervals | undefined {
  const n = targets.shape[0];
  const ofRows = (level: number, lower: (i: number) => number, upper: (i: number) => number): Intervals => ({
    level,
    lower: ndarray(Float64Array.from({ length: n }, (_, i) => lower(i))),
    upper: ndarray(Float64Array.from({ length: n }, (_, i) => upper(i))),
  });
  if (distributions) {
    const at = (level: number) => (i: number) => mixtureQuantile(distributions.mixtures, i, level);
    return ofRows(0.9, at(0.05), at(0.95));
  }
  if (!quantiles || quantiles.levels.length < 2) return undefined;
  const { levels, values } = quantiles;
  const count = levels.length;
  return ofRows(
    levels[count - 1] - levels[0],
    (i) => values.data[i * count],
    (i) => values.data[(i + 1) * count - 1],
  );
}

/** The quantile of the i-th mixture; of several components by bisection. */
export function mixtureQuantile({ weights, means, deviations }: Mixtures, i: number, level: number): number {
  const count = weights.shape[1];
  if (count === 1) return means.data[i] + deviations.data[i] * normalQuantile(level);
  const parts = Array.from({ length: count }, (_, k) => i * count + k).map((at) => ({
    weight: weights.data[at],
    mean: means.data[at],
    deviation: deviations.data[at],
  }));
  const below = (y: number) =>
    parts.reduce((sum, p) => sum + p.weight * normalCumulative((y - p.mean) / p.deviation), 0);
  // It lies between the least and the greatest of the components'.
  const own = parts.map((p) => p.mean + p.deviation * normalQuantile(level));
  let [low, high] = [Math.min(...own), Math.max(...own)];
  for (let step = 0; step < 40; step++) {
    const middle = (low + high) / 2;
    if (below(middle) < level) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** How often what came true was at most the quantile of each level, [levels]: equal to the levels where forecasts are calibrated. */
export interface Coverage {
  readonly level: number;
  readonly observed: number;
}

/** Of quantiles at their levels, of distributions at 0.05 to 0.95; undefined where neither was predicted. */
export function coverageOf({ quantiles, distributions, targets }: RowAnswers): readonly Coverage[] | undefined {
  const n = targets.shape[0];
  const share = (fits: (i: number) => boolean) => {
    let count = 0;
    for (let i = 0; i < n; i++) if (fits(i)) count++;
    return count / n;
  };
  if (distributions) {
    const { data } = distributions.pits;
    const levels = Array.from({ length: 19 }, (_, k) => (k + 1) / 20);
    return levels.map((level) => ({ level, observed: share((i) => data[i] <= level) }));
  }
  return quantiles?.levels.map((level, k) => ({
    level,
    observed: share((i) => targets.data[i] <= quantiles.values.data[i * quantiles.levels.length + k]),
  }));
}

const mean = (values: ArrayLike<number>) => Array.from(values).reduce((a, b) => a + b, 0) / values.length;

/** The calibration error of distributions, or of quantiles the mean distance of their levels and what was observed. */
export function calibrationError(answers: RowAnswers): number {
  if (answers.distributions) return probabilisticCalibrationError(answers.distributions.pits);
  return mean((coverageOf(answers) ?? []).map(({ level, observed }) => Math.abs(level - observed)));
}

/** What answers are measured by after each epoch, the first being what counts: what is quickly found. */
export function quickMeasures({ targets, prediction, quantiles, distributions, counts }: RowAnswers): Measures {
  return {
    error: rootMeanSquaredError(prediction, targets),
    meanAbsoluteError: meanAbsoluteError(prediction, targets),
    r2: r2Score(prediction, targets),
    ...(counts && { poissonDeviance: meanPoissonDeviance(prediction, targets) }),
    ...(quantiles && { pinballLoss: pinballLoss(quantiles, targets) }),
    ...(distributions && { negativeLogLikelihood: mean(distributions.nll.data) }),
  };
}

/** All that answers are measured by, by the names under which runs keep it. Errors are in the unit of the target. */
export function rowMeasures(answers: RowAnswers): Measures {
  const { targets, quantiles, distributions } = answers;
  const intervals = intervalsOf(answers);
  return {
    ...quickMeasures(answers),
    ...(distributions && { crps: mean(distributions.crps.data) }),
    ...(intervals && {
      coverage: intervalCoverage(intervals.lower, intervals.upper, targets),
      intervalWidth: meanIntervalWidth(intervals.lower, intervals.upper),
    }),
    ...((quantiles || distributions) && { calibrationError: calibrationError(answers) }),
  };
}

/** Mean pinball loss over all levels. */
function pinballLoss({ levels, values }: NonNullable<RowAnswers['quantiles']>, targets: NDArray<'float32'>): number {
  const n = targets.shape[0];
  return mean(
    levels.map((level, k) => {
      const column = Float64Array.from({ length: n }, (_, i) => values.data[i * levels.length + k]);
      return meanPinballLoss(ndarray(column), targets, { level });
    }),
  );
}
