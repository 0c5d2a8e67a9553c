import type { Tensor } from '../../tensor/index.js';
import { anneal, progress, requireSteps, type Schedule } from './schedule.js';

/** The same value at every step. */
export const constant =
  (value: number): Schedule =>
  (step) =>
    step.cast('float32').zerosLike().add(value);

/** value * factor^floor(step / every). @throws RangeError where arguments or options do not fit. */
export function stepDecay(
  value: number,
  { every, factor = 0.1 }: { readonly every: number; readonly factor?: number },
): Schedule {
  requireSteps('stepDecay', 'every', every);
  return (step) => power(factor, step.div(every).cast('float32')).mul(value);
}

/** value times `factor` (default 0.1) for each of `milestones` that the step has reached. */
export function multiStep(
  value: number,
  { milestones, factor = 0.1 }: { readonly milestones: readonly number[]; readonly factor?: number },
): Schedule {
  return (step) => {
    const passed = milestones
      .map((at) => step.greaterEqual(at).cast('float32'))
      .reduce((a, b) => a.add(b), step.cast('float32').zerosLike());
    return power(factor, passed).mul(value);
  };
}

/** value * factor^step. */
export const exponential =
  (value: number, { factor }: { readonly factor: number }): Schedule =>
  (step) =>
    power(factor, step.cast('float32')).mul(value);

function power(base: number, exponent: Tensor): Tensor {
  if (!(base > 0)) throw new RangeError(`schedule: factor ${base} must be positive`);
  return exponent.mul(Math.log(base)).exp();
}

/**
 * Half a cosine from `value` at step 0 to `final` (default 0) at step `steps`, then constant. Loshchilov and Hutter 2017.
 *
 * @throws RangeError where arguments or options do not fit.
 */
export function cosine(
  value: number,
  { steps, final = 0 }: { readonly steps: number; readonly final?: number },
): Schedule {
  requireSteps('cosine', 'steps', steps);
  return (step) => anneal(value, final, progress(step, steps).div(steps), 'cosine');
}

/**
 * Cosines from `value` to `final` over `period` steps, each period `growth` times (a whole number, default 1) as long as the last.
 *
 * @throws RangeError where arguments or options do not fit.
 */
export function cosineWarmRestarts(
  value: number,
  { period, growth = 1, final = 0 }: { readonly period: number; readonly growth?: number; readonly final?: number },
): Schedule {
  requireSteps('cosineWarmRestarts', 'period', period);
  requireSteps('cosineWarmRestarts', 'growth', growth);
  return (step) => {
    const t = step.cast('float32');
    if (growth === 1) return anneal(value, final, t.mod(period).div(period), 'cosine');
    // Period k begins at period (growth^k - 1) / (growth - 1).
    const k = t
      .mul(growth - 1)
      .div(period)
      .add(1)
      .log()
      .div(Math.log(growth))
      .add(1e-5)
      .floor();
    const scale = k.mul(Math.log(growth)).exp().round();
    const start = scale.sub(1).mul(period / (growth - 1));
    return anneal(value, final, t.sub(start).div(scale.mul(period)), 'cosine');
  };
}

/**
 * Straight from value * start (default 1/3) to value * end (default 1) over `steps` steps, then constant.
 *
 * @throws RangeError where arguments or options do not fit.
 */
export function linearWarmup(
  value: number,
  { steps, start = 1 / 3, end = 1 }: { readonly steps: number; readonly start?: number; readonly end?: number },
): Schedule {
  requireSteps('linearWarmup', 'steps', steps);
  return (step) => anneal(value * start, value * end, progress(step, steps).div(steps), 'linear');
}

/** value * (1 - step / steps)^power (default 1), 0 after `steps`. @throws RangeError where arguments or options do not fit. */
export function polynomial(
  value: number,
  { steps, power: exponent = 1 }: { readonly steps: number; readonly power?: number },
): Schedule {
  requireSteps('polynomial', 'steps', steps);
  return (step) => progress(step, steps).div(steps).neg().add(1).pow(exponent).mul(value);
}

/**
 * Schedules one after the other: schedule i + 1 begins, counting from its own 0, at `boundaries[i]`.
 *
 * @throws RangeError where arguments or options do not fit.
 */
export function join(schedules: readonly Schedule[], boundaries: readonly number[]): Schedule {
  if (boundaries.length !== schedules.length - 1)
    throw new RangeError(
      `join: ${schedules.length} schedules need ${schedules.length - 1} boundaries, not ${boundaries.length}`,
    );
  return (step) =>
    schedules
      .slice(1)
      .reduce(
        (value, schedule, i) => step.greaterEqual(boundaries[i]).where(schedule(step.sub(boundaries[i])), value),
        schedules[0](step),
      );
}

/**
 * A straight warm-up from 0 over `warmup` steps, then a cosine to `final` at step `steps`.
 *
 * @throws RangeError where arguments or options do not fit.
 */
export function warmupCosine(
  value: number,
  { steps, warmup, final = 0 }: { readonly steps: number; readonly warmup: number; readonly final?: number },
): Schedule {
  if (!(warmup >= 0 && warmup < steps))
    throw new RangeError(`warmupCosine: warmup ${warmup} must be below steps ${steps}`);
  const decay = cosine(value, { steps: steps - warmup, final });
  return warmup === 0 ? decay : join([linearWarmup(value, { steps: warmup, start: 0 }), decay], [warmup]);
}
