import type { NDArray, Tensor } from '../tensor/index.js';
import { map1, map2, zeroCount, zerosTree } from './transformation.js';

/** A moving average of a tree: its sum so far, and how many trees are in it. */
export interface EmaState<P> {
  readonly average: P;
  readonly count: Tensor | NDArray;
}

/**
 * Exponential moving average of weights: average = decay average + (1 - decay) weights, corrected for its beginning at 0 by dividing by
 * 1 - decay^count, so that after one step it is the weights themselves. Polyak and Juditsky 1992; the correction is Adam's.
 *
 * @param decay in [0, 1), typically 0.999.
 * @throws RangeError where arguments or options do not fit.
 */
export function exponentialMovingAverage(decay: number) {
  if (!(decay >= 0 && decay < 1)) throw new RangeError(`exponentialMovingAverage: decay ${decay} must lie in [0, 1)`);
  return {
    /** The state before the first step, of arrays for arrays and of tensors for tensors. */
    init: <P>(params: P): EmaState<P> => ({ average: zerosTree(params), count: zeroCount(params) }),
    /** The state with one more tree in it. */
    update: <P>(state: EmaState<P>, params: P): EmaState<P> => ({
      average: map2(state.average, params, (old, p) => old.mul(decay).add(p.mul(1 - decay))),
      count: (state.count as Tensor).add(1),
    }),
    /** The averaged weights; zeros before the first update. */
    value: <P>({ average, count }: EmaState<P>): P => {
      const steps = (count as Tensor).cast('float64').maximum(1);
      const weight = decay === 0 ? steps.onesLike() : steps.mul(Math.log(decay)).exp().neg().add(1);
      return map1(average, (sum) => sum.div(weight.cast(sum.dtype)));
    },
  };
}
