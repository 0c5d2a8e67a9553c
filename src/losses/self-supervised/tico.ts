import { showShape, type Tensor } from '../../tensor/index.js';
import { requireNumber, requireSameShape } from '../checks.js';
import { type ReductionOptions, reduce } from '../reduction.js';

export interface TicoOptions extends ReductionOptions {
  /** How much of the old second moments stays (beta), in [0, 1). Default 0.9. */
  readonly decay?: number;
  /** Weight of the covariance term (rho), not negative. Default 8. */
  readonly covarianceWeight?: number;
  /**
   * Whether gradients go through the batch's own part of the second moments too. Default false, as the more used of the two published
   * implementations: the term then pulls each embedding away from where all others lie, itself among them, as if they stood still.
   */
  readonly throughCovariance?: boolean;
}

/**
 * TiCo: 1 - a_i . b_i + rho a_i^T C a_i with a_i the normalised embedding of one view, b_i that of the other by a momentum encoder, a
 * constant, and C = beta C_old + (1 - beta) mean a a^T moving second moments, not centred. The term in C is the squared contrast with all
 * embeddings so far, which fade by beta a step: a memory of any length in d x d numbers. Zhu et al. 2022.
 *
 * @param online [n, d]; `target` [n, d], without gradient; `covariance` C_old [d, d], zeros before the first step.
 * @returns `loss`, a scalar, or [n] with reduction `none`; and `covariance` C for the next step, without derivative. Zero vectors stay
 * zero; a batch of none costs 0, and what was seen before it fades.
 * @throws TypeError or RangeError where arguments or options do not fit.
 */
export function tico(
  online: Tensor,
  target: Tensor,
  covariance: Tensor,
  options: TicoOptions = {},
): { readonly loss: Tensor; readonly covariance: Tensor } {
  const { decay = 0.9, covarianceWeight = 8, throughCovariance = false, reduction } = options;
  if (!(decay >= 0 && decay < 1)) throw new RangeError(`tico: decay ${decay} must lie in [0, 1)`);
  requireNumber('tico', 'covarianceWeight', covarianceWeight, { low: 0 });
  requireSameShape('tico', online, target);
  const [n, d] = online.shape;
  if (online.rank !== 2 || covariance.shape.join() !== `${d},${d}`)
    throw new RangeError(
      `tico: online ${showShape(online.shape)} and covariance ${showShape(covariance.shape)} must be [n, d] and [d, d]`,
    );
  const [a, b] = [online.normalize(-1), target.stopGradient().normalize(-1)];
  const seen = throughCovariance ? a : a.stopGradient();
  const moments = seen.swapAxes(0, 1).matmul(seen).div(Math.max(1, n));
  const next = covariance
    .stopGradient()
    .mul(decay)
    .add(moments.mul(1 - decay));
  const invariance = a.mul(b).sum(-1).neg().add(1);
  const contrast = a.matmul(next).mul(a).sum(-1);
  return { loss: reduce(invariance.add(contrast.mul(covarianceWeight)), reduction), covariance: next.stopGradient() };
}
