import { anneal, requireSteps, type Schedule } from './schedule.js';

export interface OneCycleOptions {
  /** Steps in all. */
  readonly steps: number;
  /** Share of the steps in which the value rises. Default 0.3. */
  readonly warmupShare?: number;
  /** The value begins at largest / this. Default 25. */
  readonly startDivisor?: number;
  /** and ends at the beginning's / this. Default 1e4. */
  readonly finalDivisor?: number;
  /** Default `cosine`. */
  readonly shape?: 'cosine' | 'linear';
  /** Rise, fall back to the beginning in as many steps, then go on to the end. Default false: rise, then fall to the end. */
  readonly threePhases?: boolean;
}

/**
 * Up to `largest` and down again over one run, with PyTorch's defaults. Smith and Topin 2018. The phases end at the steps PyTorch's do.
 *
 * @throws RangeError where arguments or options do not fit.
 */
export function oneCycle(largest: number, options: OneCycleOptions): Schedule {
  const {
    steps,
    warmupShare = 0.3,
    startDivisor = 25,
    finalDivisor = 1e4,
    shape = 'cosine',
    threePhases = false,
  } = options;
  requireSteps('oneCycle', 'steps', steps);
  if (!(warmupShare >= 0 && warmupShare <= 1))
    throw new RangeError(`oneCycle: warmupShare ${warmupShare} must lie in [0, 1]`);
  const start = largest / startDivisor;
  const end = start / finalDivisor;
  const rise = warmupShare * steps - 1;
  const last = steps - 1;
  const phases: readonly (readonly [until: number, from: number, to: number])[] = threePhases
    ? [
        [rise, start, largest],
        [2 * warmupShare * steps - 2, largest, start],
        [last, start, end],
      ]
    : [
        [rise, start, largest],
        [last, largest, end],
      ];
  return (step) => {
    const t = step.cast('float32').minimum(last);
    const values = phases.map(([until, from, to], i) => {
      const begin = i === 0 ? 0 : phases[i - 1][0];
      return anneal(
        from,
        to,
        t
          .sub(begin)
          .div(Math.max(until - begin, 1e-6))
          .clip(0, 1),
        shape,
      );
    });
    return values.reduceRight((later, value, i) => t.lessEqual(phases[i][0]).where(value, later));
  };
}
