import type { Shape, Tensor } from '../../tensor/index.js';
import * as draws from './draw.js';
import type { Key } from './key.js';
import { check, type Drawn, type FloatDType, lift } from './lift.js';
import { normalCumulative } from './normal.js';

const drawUniform = lift('uniform', draws.uniform);
const drawNormal = lift('normal', draws.normal);
const drawTruncatedNormal = lift('truncatedNormal', draws.truncatedNormal);
const drawExponential = lift('exponential', draws.exponential);
const drawGumbel = lift('gumbel', draws.gumbel);
const drawGamma = lift('gamma', draws.gamma);
const drawBeta = lift('beta', draws.beta);
const drawDirichlet = lift('dirichlet', draws.dirichlet);

/**
 * Uniform numbers in [low, high): low + (high - low) U, where U has 24 random bits in float32 and 53 in float64.
 *
 * Rounding never gives `high`. A `low` that float32 cannot hold stands for the float32 nearest to it.
 *
 * @param shape of the result.
 * @param options `low`, default 0; `high`, default 1; `dtype`, default float32.
 * @throws RangeError unless low < high and their difference is finite.
 */
export function uniform<K extends Key | Tensor, D extends FloatDType = 'float32'>(
  key: K,
  shape: Shape,
  options: { low?: number; high?: number; dtype?: D } = {},
): Drawn<K, D> {
  const { low = 0, high = 1, dtype = 'float32' as D } = options;
  check(low < high && Number.isFinite(high - low), () => `uniform: low ${low} must be below high ${high}, both finite`);
  return drawUniform(key, shape, dtype, { low, high });
}

/**
 * Normal numbers: mean + deviation Q(U), with Q the standard normal quantile (Wichura 1988, algorithm AS 241) and U one 32-bit
 * word, so that the largest magnitude is 6.3 deviations, in float64 too.
 *
 * @param shape of the result.
 * @param options `mean`, default 0; `deviation`, the standard deviation, default 1; `dtype`, default float32.
 * @throws RangeError for a negative deviation and where either is not finite.
 */
export function normal<K extends Key | Tensor, D extends FloatDType = 'float32'>(
  key: K,
  shape: Shape,
  options: { mean?: number; deviation?: number; dtype?: D } = {},
): Drawn<K, D> {
  const { mean = 0, deviation = 1, dtype = 'float32' as D } = options;
  checkScale('normal', mean, deviation);
  return drawNormal(key, shape, dtype, { mean, deviation });
}

/**
 * Normal numbers restricted to the interval from `lower` to `upper` standard deviations about the mean:
 * mean + deviation Q(F(lower) + U (F(upper) - F(lower))), with F the standard normal distribution function and Q its inverse.
 *
 * `deviation` is that of the normal before it is cut (with the default bounds what is drawn has 0.8796 of it).
 *
 * @param shape of the result.
 * @param options `lower` and `upper`, in deviations, default -2 and 2, may be infinite; `mean`, default 0; `deviation`, default 1;
 * `dtype`, default float32.
 * @throws RangeError unless lower < upper with some probability between them (none is left beyond 37 deviations), for a negative
 * deviation, and where mean or deviation is not finite.
 */
export function truncatedNormal<K extends Key | Tensor, D extends FloatDType = 'float32'>(
  key: K,
  shape: Shape,
  options: { lower?: number; upper?: number; mean?: number; deviation?: number; dtype?: D } = {},
): Drawn<K, D> {
  const { lower = -2, upper = 2, mean = 0, deviation = 1, dtype = 'float32' as D } = options;
  checkScale('truncatedNormal', mean, deviation);
  check(lower < upper, () => `truncatedNormal: lower ${lower} must be below upper ${upper}`);
  const probability =
    lower > 0 ? normalCumulative(-lower) - normalCumulative(-upper) : normalCumulative(upper) - normalCumulative(lower);
  check(probability > 0, () => `truncatedNormal: no probability lies between ${lower} and ${upper} deviations`);
  return drawTruncatedNormal(key, shape, dtype, { lower, upper, mean, deviation });
}

/**
 * Exponential numbers: -log(U) / rate, of density rate e^(-rate x).
 *
 * @param shape of the result.
 * @param options `rate`, positive, default 1; `dtype`, default float32.
 * @throws RangeError unless rate is positive and finite.
 */
export function exponential<K extends Key | Tensor, D extends FloatDType = 'float32'>(
  key: K,
  shape: Shape,
  options: { rate?: number; dtype?: D } = {},
): Drawn<K, D> {
  const { rate = 1, dtype = 'float32' as D } = options;
  check(rate > 0 && Number.isFinite(rate), () => `exponential: rate ${rate} must be positive and finite`);
  return drawExponential(key, shape, dtype, { rate });
}

/**
 * Standard Gumbel numbers: -log(-log(U)), of distribution function exp(-exp(-x)).
 *
 * @param shape of the result.
 * @param options `dtype`, default float32.
 */
export function gumbel<K extends Key | Tensor, D extends FloatDType = 'float32'>(
  key: K,
  shape: Shape,
  options: { dtype?: D } = {},
): Drawn<K, D> {
  return drawGumbel(key, shape, options.dtype ?? ('float32' as D), {});
}

/**
 * Gamma numbers of shape k = `concentration` and scale 1: density x^(k - 1) e^(-x) / Gamma(k), by the rejection method of Marsaglia
 * and Tsang 2000 ("A simple method for generating gamma variables"). For concentrations far below 1 most of the probability lies
 * below the smallest float32, and those numbers come out as 0.
 *
 * @param shape of the result.
 * @param options `concentration`, k, from 1e-300; `dtype`, default float32.
 * @throws RangeError for another concentration.
 */
export function gamma<K extends Key | Tensor, D extends FloatDType = 'float32'>(
  key: K,
  shape: Shape,
  options: { concentration: number; dtype?: D },
): Drawn<K, D> {
  const { concentration, dtype = 'float32' as D } = options;
  checkConcentrations('gamma', { concentration });
  return drawGamma(key, shape, dtype, { concentration });
}

/**
 * Beta numbers in [0, 1]: density proportional to x^(alpha - 1) (1 - x)^(beta - 1). They are X / (X + Y) of two gamma numbers, formed
 * from their logarithms as 1 / (1 + e^(log Y - log X)), which holds for parameters far below 1, as mixup uses them.
 *
 * @param shape of the result.
 * @param options `alpha` and `beta`, from 1e-300; `dtype`, default float32.
 * @throws RangeError for another alpha or beta.
 */
export function beta<K extends Key | Tensor, D extends FloatDType = 'float32'>(
  key: K,
  shape: Shape,
  options: { alpha: number; beta: number; dtype?: D },
): Drawn<K, D> {
  const { alpha, beta: other, dtype = 'float32' as D } = options;
  checkConcentrations('beta', { alpha, beta: other });
  return drawBeta(key, shape, dtype, { alpha, beta: other });
}

/**
 * Probability vectors from a Dirichlet distribution: the softmax of the logarithms of gamma numbers, one for each concentration.
 *
 * @param shape of the draw; the result is [...shape, classes], and sums to 1 along its last axis.
 * @param options `concentration`, one for each class, from 1e-300; `dtype`, default float32.
 * @throws RangeError for an empty list and for another concentration.
 */
export function dirichlet<K extends Key | Tensor, D extends FloatDType = 'float32'>(
  key: K,
  shape: Shape,
  options: { concentration: readonly number[]; dtype?: D },
): Drawn<K, D> {
  const { concentration, dtype = 'float32' as D } = options;
  check(concentration.length > 0, () => 'dirichlet: concentration must name at least one class');
  checkConcentrations('dirichlet', Object.fromEntries(concentration.map((c, i) => [`concentration[${i}]`, c])));
  return drawDirichlet(key, [...shape, concentration.length], dtype, { concentration: [...concentration] });
}

function checkScale(who: string, mean: number, deviation: number): void {
  check(Number.isFinite(mean), () => `${who}: mean ${mean} must be finite`);
  check(
    deviation >= 0 && Number.isFinite(deviation),
    () => `${who}: deviation ${deviation} must be finite and not negative`,
  );
}

/** Below 1e-300 even the logarithms of what is drawn may overflow. */
function checkConcentrations(who: string, named: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(named))
    check(
      value >= 1e-300 && Number.isFinite(value),
      () => `${who}: ${name} ${value} must be positive (from 1e-300) and finite`,
    );
}
