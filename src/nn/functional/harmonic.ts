import { squaredDistances } from '../../numerics/index.js';
import { showShape, type Tensor } from '../../tensor/index.js';

export interface HarmonicOptions {
  /**
   * Harmonic exponent n, above 0: how fast the probability of a class falls with the distance from its centre. Default 2, the published
   * layer's, whose own n = 1 is that of squared distances. The authors choose up to twice the number of features.
   */
  readonly exponent?: number;
  /** What is added to squared distances, not negative; with 0 no x may be a centre. Default 1e-4, the published code's. */
  readonly epsilon?: number;
}

/**
 * Logits of harmonic loss, -n log |x - w_j| = -(n / 2) log(|x - w_j|^2 + epsilon): their softmax is the harmonic max, p_j in proportion to |x -
 * w_j|^-n, so that an x gets the class whose weights it is nearest to. Without epsilon it does not change when x and weights are scaled, moved
 * or turned together. Baek et al. 2025.
 *
 * @param x [..., n, d]; `weights` of the classes, their centres, [classes, d].
 * @returns [..., n, classes].
 * @throws RangeError where arguments or options do not fit.
 */
export function harmonicLogits(
  x: Tensor,
  weights: Tensor,
  { exponent = 2, epsilon = 1e-4 }: HarmonicOptions = {},
): Tensor {
  if (x.rank < 2 || weights.rank !== 2 || x.shape[x.rank - 1] !== weights.shape[1])
    throw new RangeError(
      `harmonicLogits: x ${showShape(x.shape)} and weights ${showShape(weights.shape)} must be [..., n, d] and [classes, d]`,
    );
  if (!(exponent > 0)) throw new RangeError(`harmonicLogits: exponent ${exponent} must be above 0`);
  if (!(epsilon >= 0)) throw new RangeError(`harmonicLogits: epsilon ${epsilon} must not be negative`);
  return squaredDistances(x, weights)
    .add(epsilon)
    .log()
    .mul(-exponent / 2);
}
