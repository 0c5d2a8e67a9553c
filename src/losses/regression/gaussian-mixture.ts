import { showShape, type Tensor } from '../../tensor/index.js';
import { requireFloats } from '../checks.js';
import { type ReductionOptions, reduce } from '../reduction.js';

/** A mixture of normal distributions for each of n samples. One component is a normal distribution. */
export interface GaussianMixture {
  /** [n, components]; the weights are their softmax. */
  readonly logits: Tensor;
  /** [n, components]. */
  readonly means: Tensor;
  /** Standard deviations, positive, [n, components]. Take `softplus(x) + 0.01` of a network's outputs. */
  readonly scales: Tensor;
}

function check(who: string, { logits, means, scales }: GaussianMixture, targets: Tensor): void {
  requireFloats(who, { logits, means, scales, targets });
  for (const [name, x] of Object.entries({ logits, means, scales }))
    if (x.rank !== 2 || x.shape[1] === 0 || x.shape.join() !== means.shape.join())
      throw new RangeError(
        `${who}: ${name} ${showShape(x.shape)} must be [n, components], as means ${showShape(means.shape)}`,
      );
  if (targets.shape.join() !== `${means.shape[0]}`)
    throw new RangeError(`${who}: targets ${showShape(targets.shape)} must be [${means.shape[0]}]`);
}

/**
 * Negative log-likelihood of targets under mixtures of normal distributions, in nats: -log sum over k of w_k N(y; m_k, s_k). Bishop 1994.
 *
 * @param targets [n].
 * @returns a scalar, or [n] with reduction `none`. It may be negative.
 * @throws TypeError or RangeError where arguments or options do not fit.
 */
export function gaussianMixtureNegativeLogLikelihood(
  mixture: GaussianMixture,
  targets: Tensor,
  options: ReductionOptions = {},
): Tensor {
  check('gaussianMixtureNegativeLogLikelihood', mixture, targets);
  const { logits, means, scales } = mixture;
  const z = targets.expandDims(-1).sub(means).div(scales);
  const logDensities = z
    .square()
    .mul(-0.5)
    .sub(scales.log())
    .sub(0.5 * Math.log(2 * Math.PI));
  return reduce(logits.logSoftmax(-1).add(logDensities).logSumExp(-1).neg(), options.reduction);
}

/**
 * The distribution function of mixtures of normal distributions at the targets, F(y), [n]: the probability integral transform, which is uniform
 * where the mixtures are calibrated. It is differentiable, so calibration can be trained for.
 *
 * @param targets [n].
 * @throws TypeError or RangeError where arguments or options do not fit.
 */
export function gaussianMixtureCdf(mixture: GaussianMixture, targets: Tensor): Tensor {
  check('gaussianMixtureCdf', mixture, targets);
  const { logits, means, scales } = mixture;
  const below = normalCdf(targets.expandDims(-1).sub(means).div(scales));
  return logits.softmax(-1).mul(below).sum(-1);
}

/**
 * Continuous ranked probability score of mixtures of normal distributions, in the units of the targets: E|X - y| - E|X - X'| / 2, in closed form.
 * Grimit et al. 2006.
 *
 * @param targets [n].
 * @returns a scalar, or [n] with reduction `none`; at least 0.
 * @throws TypeError or RangeError where arguments or options do not fit.
 */
export function gaussianMixtureCrps(mixture: GaussianMixture, targets: Tensor, options: ReductionOptions = {}): Tensor {
  check('gaussianMixtureCrps', mixture, targets);
  const { logits, means, scales } = mixture;
  const weights = logits.softmax(-1);
  const toTarget = weights.mul(meanAbsolute(targets.expandDims(-1).sub(means), scales)).sum(-1);
  const spread = scales.square();
  const between = meanAbsolute(
    means.expandDims(-1).sub(means.expandDims(-2)),
    spread.expandDims(-1).add(spread.expandDims(-2)).sqrt(),
  );
  const pairs = weights.expandDims(-1).mul(weights.expandDims(-2)).mul(between).sum([-1, -2]);
  return reduce(toTarget.sub(pairs.mul(0.5)), options.reduction);
}

/** E|X| of a normal distribution: m (2 Phi(m / s) - 1) + 2 s phi(m / s). */
function meanAbsolute(mean: Tensor, scale: Tensor): Tensor {
  const z = mean.div(scale);
  const density = z
    .square()
    .mul(-0.5)
    .exp()
    .mul(1 / Math.sqrt(2 * Math.PI));
  return mean.mul(z.mul(Math.SQRT1_2).erf()).add(scale.mul(density).mul(2));
}

const normalCdf = (z: Tensor): Tensor => z.mul(Math.SQRT1_2).erf().add(1).mul(0.5);
