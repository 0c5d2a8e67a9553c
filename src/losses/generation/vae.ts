import { showShape, type Tensor } from '../../tensor/index.js';
import { requireFloats, requireNumber, requireSameShape } from '../checks.js';
import { type ReductionOptions, reduce } from '../reduction.js';

/**
 * KL divergence of a diagonal Gaussian from the standard one, in nats: the sum over features of (mean^2 + v - 1 - log v) / 2, v the variance.
 * Kingma and Welling 2014, appendix B.
 *
 * @param mean [n, ...features]; `logVariance` log v, of the same shape.
 * @returns a scalar, or [n] with reduction `none`. The mean over no samples is 0.
 * @throws TypeError or RangeError where arguments or options do not fit.
 */
export function gaussianKl(mean: Tensor, logVariance: Tensor, options: ReductionOptions = {}): Tensor {
  requireSameShape('gaussianKl', mean, logVariance);
  if (mean.rank < 1) throw new RangeError('gaussianKl: mean must be [n, ...features]');
  // exp(x) - 1 - x of small x keeps its digits in expm1.
  const terms = mean.square().add(logVariance.expm1().sub(logVariance)).mul(0.5);
  return reduce(terms.rank > 1 ? terms.flatten(1).sum(-1) : terms, options.reduction);
}

export interface ExpectedLossVaeOptions extends ReductionOptions {
  /** Factor of the reconstruction loss, not negative. Default 1000, which makes a mean over pixels comparable to a sum. Tune it. */
  readonly beta?: number;
}

/**
 * The objective of an expected-loss variational autoencoder: beta times any reconstruction loss, of one sample of the latent each, plus
 * {@link gaussianKl}. Snell et al. 2017.
 *
 * @param reconstruction the loss of each image, [n], such as `msSsimLoss` gives with reduction `none`.
 * @param mean of the latent's distribution, [n, ...features].
 * @param logVariance of the same shape.
 * @returns a scalar, or [n] with reduction `none`.
 * @throws TypeError or RangeError where arguments or options do not fit.
 */
export function expectedLossVae(
  reconstruction: Tensor,
  mean: Tensor,
  logVariance: Tensor,
  options: ExpectedLossVaeOptions = {},
): Tensor {
  const { beta = 1000, reduction } = options;
  requireNumber('expectedLossVae', 'beta', beta, { low: 0 });
  requireFloats('expectedLossVae', { reconstruction, mean, logVariance });
  requireSameShape('expectedLossVae', mean, logVariance);
  if (reconstruction.rank !== 1 || reconstruction.shape[0] !== mean.shape[0])
    throw new RangeError(
      `expectedLossVae: reconstruction ${showShape(reconstruction.shape)} must have a loss for each of mean ${showShape(mean.shape)}`,
    );
  return reduce(reconstruction.mul(beta).add(gaussianKl(mean, logVariance, { reduction: 'none' })), reduction);
}

/**
 * Negative log-likelihood of a normalising flow in nats: -log N(z; 0, 1) - log |det J|, with z = f(x) and J the Jacobian of f at x. Rezende and
 * Mohamed 2015.
 *
 * @param latents z, [n, ...features]; `logDeterminants` log |det J|, [n].
 * @returns a scalar, or [n] with reduction `none`.
 * @throws TypeError or RangeError where arguments or options do not fit.
 */
export function flowNegativeLogLikelihood(
  latents: Tensor,
  logDeterminants: Tensor,
  options: ReductionOptions = {},
): Tensor {
  requireFloats('flowNegativeLogLikelihood', { latents, logDeterminants });
  if (latents.rank < 2 || logDeterminants.shape.join() !== `${latents.shape[0]}`)
    throw new RangeError(
      `flowNegativeLogLikelihood: logDeterminants ${showShape(logDeterminants.shape)} must have a number for each of latents ${showShape(latents.shape)}`,
    );
  const z = latents.flatten(1);
  const prior = z
    .square()
    .add(Math.log(2 * Math.PI))
    .sum(-1)
    .mul(0.5);
  return reduce(prior.sub(logDeterminants), options.reduction);
}

/**
 * Contrastive divergence: the free energy of data less that of samples some steps of a Markov chain away from it, which count as constants (a
 * chain has no derivative here). Its gradient by the energy's parameters is Hinton's rule. Hinton 2002.
 *
 * @param dataEnergy free energies of data, [n]; `sampleEnergy` of the chain's samples, [n].
 * @returns a scalar, or [n] with reduction `none`. It may be negative.
 * @throws TypeError or RangeError where arguments or options do not fit.
 */
export function contrastiveDivergence(
  dataEnergy: Tensor,
  sampleEnergy: Tensor,
  options: ReductionOptions = {},
): Tensor {
  requireSameShape('contrastiveDivergence', dataEnergy, sampleEnergy);
  return reduce(dataEnergy.sub(sampleEnergy), options.reduction);
}
