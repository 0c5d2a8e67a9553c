import { grad, vjp } from '../../autodiff/index.js';
import { type LinearMap, lanczos } from '../../numerics/index.js';
import { normal, split } from '../../runtime/random/index.js';
import { eigh, eye, mapTree, merge, partition, showShape, stack, type Tensor } from '../../tensor/index.js';
import { flattened, hasFilters, isParameter } from './weights.js';

export interface HessianOptions {
  /** Steps of Lanczos's iteration for each probe, one Hessian-vector product each; at most the number of parameters are taken. Default 20. */
  readonly steps?: number;
  /** Whether parameters of one axis or none (biases, normalisation) take part. Default true. */
  readonly vectors?: boolean;
}

/**
 * The least and the largest eigenvalue of the Hessian of a loss by its parameters, by Lanczos's iteration from a random vector. Bounds from
 * inside: the largest is at least what is found. Their ratio min / max says how far from convex the loss is here; Li et al. 2018, section 6,
 * map it over a plane for the parameters with filters alone (`vectors: false`).
 *
 * @param loss of the variables, one number.
 * @param params a tree of tensors of one float dtype; buffers and integers are held fixed.
 * @throws RangeError where there are no parameters, or steps are none.
 */
export function hessianExtremes<P>(
  loss: (params: P) => Tensor,
  params: P,
  key: Tensor,
  options: HessianOptions = {},
): { readonly min: Tensor; readonly max: Tensor } {
  const { hessian, size, dtype } = hessianOf('hessianExtremes', loss, params, options);
  const { diagonal, offDiagonal, basis } = lanczos(hessian, normal(key, [size], { dtype }), stepsOf(options, size));
  // Where the space is exhausted T has rows of zeros, whose eigenvalue 0 is not the Hessian's: any number inside the spectrum may stand there.
  const reached = basis.square().sum(1).greater(0.5);
  const [values] = eigh(tridiagonal(reached.where(diagonal, diagonal.at(0)), offDiagonal));
  return { min: values.at(0), max: values.at(-1) };
}

/** The spectrum of a symmetric map as a sum of points, a row for each random probe. */
export interface Spectrum {
  /** Where the points are, [probes, steps]. */
  readonly eigenvalues: Tensor;
  /** Their weights, [probes, steps]; those of a probe sum to 1. */
  readonly weights: Tensor;
}

/**
 * The spectrum of the Hessian of a loss by its parameters, by stochastic Lanczos quadrature: for each random vector the eigenvalues of
 * Lanczos's tridiagonal matrix T and the squares of the first elements of its eigenvectors. The mean over probes of sum w_i f(l_i) estimates
 * tr f(H) / n for every smooth f: of the identity the mean eigenvalue, of a Gaussian bump the density there ({@link spectralDensity}).
 * Lin et al. 2016 (arXiv 1308.5467), section 3.2; Ghorbani et al. 2019 (arXiv 1901.10159), algorithm 2, with 90 steps and 10 probes.
 *
 * The graph holds probes * steps Hessian-vector products; for a large network take one probe and call it with several keys.
 *
 * @param options `probes`, default 1.
 * @throws RangeError where there are no parameters, or steps or probes are none. Other arguments as for {@link hessianExtremes}.
 */
export function hessianSpectrum<P>(
  loss: (params: P) => Tensor,
  params: P,
  key: Tensor,
  options: HessianOptions & { readonly probes?: number } = {},
): Spectrum {
  const { probes = 1 } = options;
  if (!Number.isInteger(probes) || probes < 1)
    throw new RangeError(`hessianSpectrum: probes ${probes} must be a positive integer`);
  const { hessian, size, dtype } = hessianOf('hessianSpectrum', loss, params, options);
  const points = split(key, probes).map((each) => {
    const { diagonal, offDiagonal } = lanczos(hessian, normal(each, [size], { dtype }), stepsOf(options, size));
    const [values, vectors] = eigh(tridiagonal(diagonal, offDiagonal));
    return { values, weights: vectors.at(0).square() };
  });
  return {
    eigenvalues: stack(points.map(({ values }) => values)),
    weights: stack(points.map(({ weights }) => weights)),
  };
}

/**
 * The density of eigenvalues that a {@link Spectrum} stands for, smoothed by a Gaussian: the mean over probes of
 * sum w_i N(t; l_i, deviation^2) for each t. It integrates to 1. Ghorbani et al. 2019, equation 6.
 *
 * @param at the places t, [places].
 * @param options `deviation` of the Gaussian, positive, in the units of the eigenvalues: about 1/100 of their range shows single ones.
 * @returns [places].
 * @throws RangeError where shapes do not fit or the deviation is not positive.
 */
export function spectralDensity(
  { eigenvalues, weights }: Spectrum,
  at: Tensor,
  { deviation }: { readonly deviation: number },
): Tensor {
  if (!(deviation > 0)) throw new RangeError(`spectralDensity: deviation ${deviation} must be positive`);
  if (at.rank !== 1) throw new RangeError(`spectralDensity: at ${showShape(at.shape)} must be [places]`);
  if (eigenvalues.rank !== 2 || eigenvalues.shape.join() !== weights.shape.join())
    throw new RangeError(
      `spectralDensity: eigenvalues ${showShape(eigenvalues.shape)} and weights ${showShape(weights.shape)} must both be [probes, steps]`,
    );
  const distance = at.expandDims([1, 2]).sub(eigenvalues).div(deviation);
  const bump = distance
    .square()
    .mul(-0.5)
    .exp()
    .div(deviation * Math.sqrt(2 * Math.PI));
  return bump.mul(weights).sum(-1).mean(-1);
}

function stepsOf({ steps = 20 }: HessianOptions, size: number): { steps: number } {
  return { steps: Math.min(steps, size) };
}

/** The Hessian by the parameters that take part, as a map on vectors. The gradient is traced once; its pullback is the Hessian. */
function hessianOf<P>(
  who: string,
  loss: (params: P) => Tensor,
  params: P,
  { vectors = true }: HessianOptions,
): { hessian: LinearMap; size: number; dtype: 'float32' | 'float64' } {
  const chosen = vectors ? isParameter : hasFilters;
  const [moving, fixed] = partition(params, (path, leaf) => chosen(path, leaf as Tensor));
  const { size, dtype } = flattened(who, moving);
  const [, pull] = vjp(
    grad((at: P) => loss(merge(at, fixed))),
    moving,
  );
  const hessian = (v: Tensor) => {
    let next = 0;
    const direction = mapTree(moving, (leaf: Tensor) => {
      next += leaf.size;
      return v.slice([[next - leaf.size, next]]).reshape(leaf.shape);
    }) as P;
    return flattened(who, pull(direction));
  };
  return { hessian, size, dtype: dtype === 'float64' ? 'float64' : 'float32' };
}

function tridiagonal(diagonal: Tensor, offDiagonal: Tensor): Tensor {
  const above = spread(offDiagonal).pad([
    [0, 1],
    [1, 0],
  ]);
  return spread(diagonal).add(above).add(above.transpose());
}

/** The diagonal matrix of a vector. */
function spread(x: Tensor): Tensor {
  return eye(x.size, x.size, x.dtype).mul(x);
}
