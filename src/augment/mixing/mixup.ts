import { beta, permutation, split } from '../../runtime/random/index.js';
import { isFloat, ones, type Shape, showShape, type Tensor } from '../../tensor/index.js';
import { type Mixture, mixExamples } from './mixture.js';

export interface MixupOptions {
  /** Both parameters of the Beta distribution of the shares; 0 stands for no mixing, a share of 1. Default 1: uniform shares. */
  readonly alpha?: number;
  /** A share for each example rather than one for the batch. Default false, as the authors' code. */
  readonly perExample?: boolean;
}

/** @throws TypeError unless x is floats, RangeError unless it is [n, ...]. */
export function requireExamples(who: string, x: Tensor): void {
  if (!isFloat(x.dtype)) throw new TypeError(`${who}: x must be float32 or float64, not ${x.dtype}`);
  if (x.rank < 1) throw new RangeError(`${who}: x ${showShape(x.shape)} must be [n, ...]`);
}

/** Shares from Beta(alpha, alpha), in the dtype of x; 1 where alpha is 0. @throws RangeError for a negative alpha. */
export function drawShares(who: string, key: Tensor, shape: Shape, alpha: number, x: Tensor): Tensor {
  if (!(alpha >= 0 && alpha < Infinity)) throw new RangeError(`${who}: alpha ${alpha} must be 0 or a positive number`);
  if (alpha === 0) return ones(shape, x.dtype);
  return beta(key, shape, { alpha, beta: alpha, dtype: x.dtype as 'float32' });
}

/**
 * Mixup: every example mixed with another of its batch,
 *
 *   x~_i = lambda x_i + (1 - lambda) x_pi(i),   lambda ~ Beta(alpha, alpha),
 *
 * with a random permutation pi, which may leave an example to itself. The targets are mixed alike: {@link mixedLoss}, or
 * {@link mixExamples} for targets that are numbers. Zhang et al. 2018 (arXiv 1710.09412).
 *
 * @param x [n, ...], floats.
 * @param key of shares and permutation.
 * @throws TypeError or RangeError for other x and for a negative alpha.
 */
export function mixup(x: Tensor, key: Tensor, options: MixupOptions = {}): Mixture {
  const { alpha = 1, perExample = false } = options;
  requireExamples('mixup', x);
  const [n] = x.shape;
  const [forShare, forPartner] = split(key);
  const share = drawShares('mixup', forShare, perExample ? [n] : [], alpha, x);
  const partner = permutation(forPartner, n);
  return { x: mixExamples(x, x.gather(partner), share), partner, share };
}
