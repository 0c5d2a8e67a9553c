import { bernoulli } from '../../runtime/random/index.js';
import type { Tensor } from '../../tensor/index.js';

/** `x` with each element zeroed with the given probability and the others divided by 1 - probability. Srivastava et al. 2014. */
export function dropout(x: Tensor, key: Tensor, probability: number): Tensor {
  if (!(probability >= 0 && probability < 1))
    throw new RangeError(`dropout: probability ${probability} must lie in [0, 1)`);
  if (probability === 0) return x;
  return bernoulli(key, x.shape, { probability: 1 - probability }).where(x.div(1 - probability), 0);
}
