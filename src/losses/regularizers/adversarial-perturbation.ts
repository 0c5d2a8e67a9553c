import { grad } from '../../autodiff/index.js';
import { showShape, type Tensor } from '../../tensor/index.js';
import { requireFloats } from '../checks.js';

/** Directions [n, ...] as unit vectors, one a sample, over all axes but the first; zero stays zero. Lengths are short of 1 by up to 5e-7. */
export function unitPerSample(directions: Tensor): Tensor {
  const axes = directions.shape.slice(1).map((_, axis) => axis + 1);
  // First by the largest element, so that squares of small gradients do not vanish in float32; constants as in the authors' code.
  const scaled = directions.div(directions.abs().max(axes, { keepDims: true }).add(1e-12));
  return scaled.div(scaled.square().sum(axes, { keepDims: true }).add(1e-6).sqrt());
}

export interface AdversarialOptions {
  /** Length of the perturbation of each sample, in units of the input, not negative; epsilon. */
  readonly radius: number;
  /** The norm whose ball it stays in: 2, or Infinity, where every element moves by the radius. Default 2. */
  readonly norm?: 2 | typeof Infinity;
}

/**
 * The perturbation that raises a loss most to first order: r = radius * g / ||g||_2 of each sample with g the gradient of the loss by x, or
 * radius * sign(g) for the infinity norm (the fast gradient sign method). No derivative flows through it. Where the gradient is 0 so is r.
 *
 * Adversarial training adds the loss at x + r. Goodfellow et al. 2015, section 4; Miyato et al. 2018, equation 3.
 *
 * @param loss of the inputs, one number, in which samples do not mix: the sum or mean of losses of single samples.
 * @param x [n, ...].
 * @returns r, of the shape of x.
 * @throws RangeError for a radius or norm that is none and for x without axes beyond the first.
 */
export function adversarialPerturbation(
  loss: (x: Tensor) => Tensor,
  x: Tensor,
  { radius, norm = 2 }: AdversarialOptions,
): Tensor {
  requireRadius('adversarialPerturbation', radius, x);
  if (norm !== 2 && norm !== Infinity)
    throw new RangeError(`adversarialPerturbation: norm ${norm} must be 2 or Infinity`);
  const gradient = grad(loss)(x).stopGradient();
  return (norm === 2 ? unitPerSample(gradient) : gradient.sign()).mul(radius);
}

/**
 * Perturbations of equal length in the directions given, r = radius * d / ||d||_2 of each sample: with normal d those of random perturbation
 * training, the baseline of virtual adversarial training. Miyato et al. 2018, section 4.1.
 *
 * @param directions d, [n, ...].
 * @throws RangeError for a radius that is none and for directions without axes beyond the first.
 */
export function perturbationAlong(directions: Tensor, { radius }: { readonly radius: number }): Tensor {
  requireRadius('perturbationAlong', radius, directions);
  return unitPerSample(directions).mul(radius);
}

/** @throws RangeError unless the radius is a length and `x` a batch. */
export function requireRadius(who: string, radius: number, x: Tensor): void {
  if (!(radius >= 0 && radius < Infinity))
    throw new RangeError(`${who}: radius ${radius} must not be negative, and finite`);
  requireFloats(who, { x });
  if (x.rank < 2 || x.size === 0) throw new RangeError(`${who}: x ${showShape(x.shape)} must be [n, ...], not empty`);
}
