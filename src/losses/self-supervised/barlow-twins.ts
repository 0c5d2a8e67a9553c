import { eye, showShape, type Tensor } from '../../tensor/index.js';
import { requireNumber, requireSameShape } from '../checks.js';

/**
 * Barlow Twins: sum over i of (1 - C_ii)^2 + lambda sum over i != j of C_ij^2, with C the correlation between the features of two views over the
 * batch. Zbontar et al. 2021, equations 1 and 2. A feature without variance has correlation 0 with all.
 *
 * @param first [n, d], n at least 2; `second` of the same shape.
 * @param options `redundancyWeight` lambda, not negative. Default 0.005.
 * @returns a scalar.
 * @throws TypeError or RangeError where arguments or options do not fit.
 */
export function barlowTwins(
  first: Tensor,
  second: Tensor,
  { redundancyWeight = 0.005 }: { readonly redundancyWeight?: number } = {},
): Tensor {
  requireNumber('barlowTwins', 'redundancyWeight', redundancyWeight, { low: 0 });
  requireSameShape('barlowTwins', first, second);
  const [n, d] = first.shape;
  if (first.rank !== 2 || n < 2)
    throw new RangeError(`barlowTwins: first ${showShape(first.shape)} must be [n, d], n at least 2`);
  const [a, b] = [first, second].map((x) => x.sub(x.mean(0)).normalize(0));
  const correlation = a.swapAxes(0, 1).matmul(b);
  const same = eye(d, d, first.dtype);
  const weight = same.mul(1 - redundancyWeight).add(redundancyWeight);
  return correlation.sub(same).square().mul(weight).sum();
}
