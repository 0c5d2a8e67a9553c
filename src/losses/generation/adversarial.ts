import { grad } from '../../autodiff/index.js';
import { uniform } from '../../runtime/random/index.js';
import { showShape, type Tensor } from '../../tensor/index.js';
import { requireFloats, requireNumber, requireSameShape } from '../checks.js';
import { type ReductionOptions, reduce } from '../reduction.js';

/**
 * What a discriminator is trained on: -log D(real) - log(1 - D(fake)), D the sigmoid of its logits, each averaged. Goodfellow et al. 2014,
 * equation 1. The real and the fake batch may differ in size.
 *
 * @param realLogits of any shape.
 * @param fakeLogits of any shape.
 * @throws TypeError or RangeError where arguments or options do not fit.
 */
export function discriminatorLoss(realLogits: Tensor, fakeLogits: Tensor): Tensor {
  requireFloats('discriminatorLoss', { realLogits, fakeLogits });
  return reduce(realLogits.neg().softplus()).add(reduce(fakeLogits.softplus()));
}

/**
 * The non-saturating loss of a generator: -log D(fake). Goodfellow et al. 2014, section 3.
 *
 * @param fakeLogits of any shape.
 * @returns a scalar, or that shape with reduction `none`.
 * @throws TypeError or RangeError where arguments or options do not fit.
 */
export function generatorLoss(fakeLogits: Tensor, options: ReductionOptions = {}): Tensor {
  requireFloats('generatorLoss', { fakeLogits });
  return reduce(fakeLogits.neg().softplus(), options.reduction);
}

/**
 * The minimax loss of a generator: log(1 - D(fake)), never positive. Its gradient vanishes while the discriminator wins. Goodfellow et al. 2014,
 * equation 1.
 *
 * @param fakeLogits of any shape.
 * @returns a scalar, or that shape with reduction `none`.
 * @throws TypeError or RangeError where arguments or options do not fit.
 */
export function minimaxGeneratorLoss(fakeLogits: Tensor, options: ReductionOptions = {}): Tensor {
  requireFloats('minimaxGeneratorLoss', { fakeLogits });
  return reduce(fakeLogits.softplus().neg(), options.reduction);
}

/**
 * What a Wasserstein critic is trained on: the mean score of fakes less that of real samples. The generator's loss is minus the mean score of
 * its fakes. Arjovsky et al. 2017, equation 2.
 *
 * @param realScores of any shape.
 * @param fakeScores of any shape.
 * @throws TypeError or RangeError where arguments or options do not fit.
 */
export function wassersteinCriticLoss(realScores: Tensor, fakeScores: Tensor): Tensor {
  requireFloats('wassersteinCriticLoss', { realScores, fakeScores });
  return reduce(fakeScores).sub(reduce(realScores));
}

export interface GradientPenaltyOptions extends ReductionOptions {
  /** Factor lambda, not negative. Default 10. */
  readonly weight?: number;
}

/**
 * Holds a critic's gradient at norm 1 between real and fake samples: lambda (|grad critic(u x + (1 - u) y)| - 1)^2, a uniform u for each pair.
 * Gulrajani et al. 2017, equation 3. Its derivative by the critic's parameters is a second derivative, and exact.
 *
 * @param critic a score for each sample, [n] or [n, 1].
 * @param real [n, ...]; counts as a constant.
 * @param fake of the same shape; counts as a constant.
 * @param key int32 [2], of the mix.
 * @returns a scalar, or [n] with reduction `none`.
 * @throws TypeError or RangeError where arguments or options do not fit.
 */
export function gradientPenalty(
  critic: (samples: Tensor) => Tensor,
  real: Tensor,
  fake: Tensor,
  key: Tensor,
  options: GradientPenaltyOptions = {},
): Tensor {
  const { weight = 10, reduction } = options;
  requireNumber('gradientPenalty', 'weight', weight, { low: 0 });
  requireSameShape('gradientPenalty', real, fake);
  if (real.rank < 2) throw new RangeError(`gradientPenalty: real ${showShape(real.shape)} must be [n, ...features]`);
  const each = [real.shape[0], ...real.shape.slice(1).map(() => 1)];
  const mix = uniform(key, each, { dtype: real.dtype as 'float32' | 'float64' });
  const between = mix.mul(real).add(mix.neg().add(1).mul(fake)).stopGradient();
  const gradient = grad((x: Tensor) => critic(x).sum())(between);
  return reduce(gradient.flatten(1).norm(-1).sub(1).square().mul(weight), reduction);
}
