import type { Tensor } from '../../tensor/index.js';
import { requireNumber, requireSameShape } from '../checks.js';
import { type ReductionOptions, reduce } from '../reduction.js';

export interface MinimumRiskOptions extends ReductionOptions {
  /** How much the distribution over candidates follows the model (alpha), positive. Default 0.005. */
  readonly sharpness?: number;
}

/**
 * Expected risk over candidate outputs: sum over y of Q(y) risk(y), with Q the softmax over candidates of alpha log p(y). Shen et al. 2016.
 *
 * @param logProbabilities of the candidates, [n, candidates]; `risks` of the same shape, such as 1 - BLEU.
 * @returns a scalar, or [n] with reduction `none`.
 * @throws TypeError or RangeError where arguments or options do not fit.
 */
export function minimumRisk(logProbabilities: Tensor, risks: Tensor, options: MinimumRiskOptions = {}): Tensor {
  const { sharpness = 0.005, reduction } = options;
  requireNumber('minimumRisk', 'sharpness', sharpness, { low: 0, open: true });
  requireSameShape('minimumRisk', logProbabilities, risks);
  return reduce(logProbabilities.mul(sharpness).softmax(-1).mul(risks).sum(-1), reduction);
}

/**
 * REINFORCE: -(R - b) log p of sampled outputs, whose gradient is an unbiased estimate of that of the expected reward. Reward and baseline count
 * as constants. Williams 1992.
 *
 * @param logProbabilities of what was sampled, of any shape; `rewards` of the same.
 * @param options `baseline` b, a number or a tensor that broadcasts to the rewards. Default 0.
 * @returns a scalar, or that shape with reduction `none`. Its value says little; its gradient is what counts.
 * @throws TypeError or RangeError where arguments or options do not fit.
 */
export function policyGradient(
  logProbabilities: Tensor,
  rewards: Tensor,
  options: ReductionOptions & { readonly baseline?: number | Tensor } = {},
): Tensor {
  const { baseline = 0, reduction } = options;
  requireSameShape('policyGradient', logProbabilities, rewards);
  return reduce(rewards.sub(baseline).stopGradient().mul(logProbabilities).neg(), reduction);
}
