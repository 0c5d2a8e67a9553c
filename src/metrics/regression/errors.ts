import { showShape } from '../../tensor/index.js';
import { mean, pairOf, ratio, sum, type Values } from '../values.js';

/** The root of the mean squared error. 0 for no values. @throws RangeError where arguments or options do not fit. */
export function rootMeanSquaredError(predictions: Values, targets: Values): number {
  const [p, t] = pairOf('rootMeanSquaredError', predictions, targets);
  return Math.sqrt(mean(p.data.map((x, i) => (x - t.data[i]) ** 2)));
}

/** The mean of |y - prediction|, in the unit of both. 0 for no values. @throws RangeError where arguments or options do not fit. */
export function meanAbsoluteError(predictions: Values, targets: Values): number {
  const [p, t] = pairOf('meanAbsoluteError', predictions, targets);
  return mean(p.data.map((x, i) => Math.abs(x - t.data[i])));
}

/**
 * Mean pinball loss of predicted quantiles of one level q, mean of max(q e, (q - 1) e) with e = y - prediction: half the mean absolute error at
 * the median, and least in expectation at the true quantile. 0 for no values.
 *
 * @throws RangeError unless the level lies in [0, 1] and shapes fit.
 */
export function meanPinballLoss(predictions: Values, targets: Values, { level }: { readonly level: number }): number {
  const [p, t] = pairOf('meanPinballLoss', predictions, targets);
  if (!(level >= 0 && level <= 1)) throw new RangeError(`meanPinballLoss: level ${level} must lie in [0, 1]`);
  return mean(p.data.map((x, i) => Math.max(level * (t.data[i] - x), (level - 1) * (t.data[i] - x))));
}

/**
 * Mean deviance of counts y under Poisson rates r, mean of 2 (y log(y / r) - y + r), with 0 log 0 = 0: twice what the log-likelihood lacks to that
 * of rates equal to the counts. 0 for no values.
 *
 * @param rates above 0; `counts` at least 0.
 * @throws RangeError where arguments do not fit.
 */
export function meanPoissonDeviance(rates: Values, counts: Values): number {
  const [r, y] = pairOf('meanPoissonDeviance', rates, counts);
  const wrong = r.data.findIndex((rate, i) => !(rate > 0 && y.data[i] >= 0));
  if (wrong >= 0)
    throw new RangeError(
      `meanPoissonDeviance: rate ${r.data[wrong]} must be above 0, and count ${y.data[wrong]} at least 0 (${wrong} of ${showShape(r.shape)})`,
    );
  const term = (rate: number, count: number) => (count === 0 ? 0 : count * Math.log(count / rate)) - count + rate;
  return mean(r.data.map((rate, i) => 2 * term(rate, y.data[i])));
}

/**
 * Mean absolute percentage error, 100 mean |y - prediction| / |y|, in per cent. Targets that are 0 are left out; 0 if there is no other.
 *
 * @throws RangeError where arguments or options do not fit.
 */
export function meanAbsolutePercentageError(predictions: Values, targets: Values): number {
  const [p, t] = pairOf('meanAbsolutePercentageError', predictions, targets);
  const shares = Array.from(p.data, (x, i) => Math.abs((t.data[i] - x) / t.data[i])).filter((_, i) => t.data[i] !== 0);
  return 100 * mean(shares);
}

/**
 * Symmetric mean absolute percentage error, 100 mean 2 |y - prediction| / (|y| + |prediction|), in per cent, 0 to 200; 0 / 0 counts 0.
 *
 * @throws RangeError where arguments or options do not fit.
 */
export function symmetricMeanAbsolutePercentageError(predictions: Values, targets: Values): number {
  const [p, t] = pairOf('symmetricMeanAbsolutePercentageError', predictions, targets);
  const shares = p.data.map((x, i) => ratio(2 * Math.abs(t.data[i] - x), Math.abs(t.data[i]) + Math.abs(x)));
  return 100 * mean(shares);
}

/**
 * Coefficient of determination, 1 - sum of squared errors / sum of squared deviations of the targets from their mean: 1 is perfect, 0 as good as
 * the mean, no lower bound. Targets that are all equal: 1 for no error, else 0, as scikit-learn.
 * @throws RangeError where arguments or options do not fit.
 */
export function r2Score(predictions: Values, targets: Values): number {
  const [p, t] = pairOf('r2Score', predictions, targets);
  const centre = mean(t.data);
  const residual = sum(p.data.map((x, i) => (x - t.data[i]) ** 2));
  const total = sum(t.data.map((y) => (y - centre) ** 2));
  if (total === 0) return residual === 0 ? 1 : 0;
  return 1 - residual / total;
}

/**
 * {@link r2Score} adjusted for the number k of explanatory variables: 1 - (1 - R^2)(n - 1) / (n - k - 1).
 *
 * @throws RangeError unless n > k + 1.
 */
export function adjustedR2Score(predictions: Values, targets: Values, { variables }: { variables: number }): number {
  const [p] = pairOf('adjustedR2Score', predictions, targets);
  const n = p.data.length;
  if (!(n > variables + 1)) throw new RangeError(`adjustedR2Score: ${n} values are too few for ${variables} variables`);
  return 1 - ((1 - r2Score(predictions, targets)) * (n - 1)) / (n - variables - 1);
}
