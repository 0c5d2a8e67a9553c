import { bernoulli } from '../../runtime/random/index.js';
import type { Tensor } from '../../tensor/index.js';

/**
 * `x` with each element zeroed with the given probability and the others divided by 1 - probability, so that the mean stays. Srivastava et
 * al. 2014.
 *
 * @param key int32 [2]. The same key drops the same elements.
 * @param probability in [0, 1).
 */
export function dropout(x: Tensor, key: Tensor, probability: number): Tensor {
  requireProbability(probability);
  if (probability === 0) return x;
  return bernoulli(key, x.shape, { probability: 1 - probability }).where(x.div(1 - probability), 0);
}

/** @throws RangeError unless elements can be dropped with this probability and some are left. */
export function requireProbability(probability: number): void {
  if (!(probability >= 0 && probability < 1))
    throw new RangeError(`dropout: probability ${probability} must lie in [0, 1)`);
}
