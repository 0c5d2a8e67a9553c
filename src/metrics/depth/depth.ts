import { mean, type Numbers, pairOf, ratio, sum, type Values } from '../values.js';

/** Depths of one shape, all positive. */
function depths(who: string, predictions: Values, targets: Values): [Numbers, Numbers] {
  const pair = pairOf(who, predictions, targets);
  for (const { data } of pair)
    if (!data.every((d) => d > 0)) throw new RangeError(`${who}: depths must be positive; leave out what has none`);
  return pair;
}

/** Mean |prediction - target| / target. Depths positive, of one shape. @throws RangeError where arguments or options do not fit. */
export function absoluteRelativeError(predictions: Values, targets: Values): number {
  const [p, t] = depths('absoluteRelativeError', predictions, targets);
  return mean(p.data.map((d, i) => Math.abs(d - t.data[i]) / t.data[i]));
}

/** The root of the mean squared difference of natural logarithms. @throws RangeError where arguments or options do not fit. */
export function rootMeanSquaredLogError(predictions: Values, targets: Values): number {
  const [p, t] = depths('rootMeanSquaredLogError', predictions, targets);
  return Math.sqrt(mean(p.data.map((d, i) => Math.log(d / t.data[i]) ** 2)));
}

/** The mean absolute difference of decimal logarithms. @throws RangeError where arguments or options do not fit. */
export function log10Error(predictions: Values, targets: Values): number {
  const [p, t] = depths('log10Error', predictions, targets);
  return mean(p.data.map((d, i) => Math.abs(Math.log10(d / t.data[i]))));
}

/**
 * Share of pixels whose depth is off by a factor strictly below 1.25^power, either way.
 *
 * @param options `power` is 1 by default; papers report 1, 2 and 3. `base` is 1.25 by default.
 * @throws RangeError where arguments or options do not fit.
 */
export function deltaAccuracy(
  predictions: Values,
  targets: Values,
  { power = 1, base = 1.25 }: { readonly power?: number; readonly base?: number } = {},
): number {
  const [p, t] = depths('deltaAccuracy', predictions, targets);
  const limit = base ** power;
  return mean(p.data.map((d, i) => (Math.max(d / t.data[i], t.data[i] / d) < limit ? 1 : 0)));
}

/**
 * Share of pixels whose absolute error exceeds `threshold`, in the units of the values: of disparities, the rate of bad pixels.
 *
 * @throws RangeError where arguments or options do not fit.
 */
export function badPixelRate(
  predictions: Values,
  targets: Values,
  { threshold }: { readonly threshold: number },
): number {
  const [p, t] = pairOf('badPixelRate', predictions, targets);
  return mean(p.data.map((d, i) => (Math.abs(d - t.data[i]) > threshold ? 1 : 0)));
}

/**
 * Scale-invariant error of log depths: the root of mean k^2 - (mean k)^2, k = log prediction - log target. Eigen et al. 2014.
 *
 * @throws RangeError where arguments or options do not fit.
 */
export function scaleInvariantError(predictions: Values, targets: Values): number {
  const [p, t] = depths('scaleInvariantError', predictions, targets);
  const k = p.data.map((d, i) => Math.log(d / t.data[i]));
  return Math.sqrt(Math.max(0, mean(k.map((x) => x * x)) - mean(k) ** 2));
}

/** Two pixels, by flat index, and which is farther: 1 the first, -1 the second, 0 as good as equal; `weight` is 1 by default. */
export interface DepthOrder {
  readonly first: number;
  readonly second: number;
  readonly order: -1 | 0 | 1;
  readonly weight?: number;
}

/**
 * Weighted human disagreement rate: share of the weight of pairs whose order the prediction gets wrong. It says the first is farther where its
 * depth is more than 1 + delta times the other's, and the other way round. Bell et al. 2014 (of reflectances); Chen et al. 2016 (of depths).
 *
 * @param options `delta` is 0.1 by default.
 * @throws RangeError where arguments or options do not fit.
 */
export function weightedHumanDisagreement(
  predictions: Values,
  pairs: readonly DepthOrder[],
  { delta = 0.1 }: { readonly delta?: number } = {},
): number {
  const [{ data }] = depths('weightedHumanDisagreement', predictions, predictions);
  const weight = (pair: DepthOrder) => pair.weight ?? 1;
  const wrong = pairs.filter(({ first, second, order }) => {
    const quotient = data[first] / data[second];
    if (!(quotient > 0))
      throw new RangeError(`weightedHumanDisagreement: pixels ${first} and ${second} must be among ${data.length}`);
    return order !== (quotient > 1 + delta ? 1 : quotient < 1 / (1 + delta) ? -1 : 0);
  });
  return ratio(sum(wrong.map(weight)), sum(pairs.map(weight)));
}
