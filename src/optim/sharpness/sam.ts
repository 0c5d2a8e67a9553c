import { grad, type ScalarOrWithAux, valueAndGrad } from '../../autodiff/index.js';
import type { Tensor } from '../../tensor/index.js';
import { leavesOf } from '../../tensor/tree.js';
import { type Minimizer, type Objective, scalarOf, withGradients } from '../minimizer.js';
import { type GradientTransformation, map1, map2 } from '../transformation.js';

export interface SamOptions {
  /** Radius rho of the ball in which the loss is to be low everywhere. Default 0.05, or 0.5 when adaptive, the papers'. */
  readonly radius?: number;
  /** The ball's norm, from 1 to Infinity. Default 2, the paper's. */
  readonly p?: number;
  /**
   * Measure the perturbation of each parameter against |w| + 0.01, so that rescaled weights have the same sharpness: ASAM, Kwon et al. 2021 (whose
   * code leaves biases as they are). For p = 2. Default false.
   */
  readonly adaptive?: boolean;
  /** Differentiate the perturbation too, at the cost of a Hessian-vector product. Default false: the paper found it no better (appendix C.4). */
  readonly secondOrder?: boolean;
}

/** Added to |w| in the adaptive variant: ASAM's eta. */
const adaptiveFloor = 0.01;

/**
 * Where in the ball of radius rho the linearised loss is largest: rho sign(g) |g|^(q-1) / (|g|_q^q)^(1/p), 1/p + 1/q = 1, with the norm over all
 * tensors together; rho g / |g|_2 for p = 2, and for p = 1 all of rho along the largest element, shared by those that tie. A gradient of zeros
 * gives zeros. Foret et al. 2021, equation 2.
 *
 * @param gradients a tree; the result has its structure.
 * @param params needed when adaptive: e = rho T^2 g / |T g|_2 with T = |w| + 0.01.
 * @throws RangeError when radius is negative, p less than 1, or adaptive with another p than 2.
 */
export function samPerturbation<P>(gradients: P, options: SamOptions = {}, params?: P): P {
  const { adaptive = false, radius = adaptive ? 0.5 : 0.05, p = 2 } = options;
  if (!(radius >= 0)) throw new RangeError(`sam: radius ${radius} must not be negative`);
  if (!(p >= 1)) throw new RangeError(`sam: p ${p} must be at least 1`);
  if (!adaptive) return steepest(gradients, radius, p);
  if (p !== 2) throw new RangeError(`sam: the adaptive variant has p 2, not ${p}`);
  if (params === undefined) throw new TypeError('sam: the adaptive variant needs the parameters');
  const sizes = map1(params, (w) => w.abs().add(adaptiveFloor));
  const scaled = steepest(
    map2(gradients, sizes, (g, t) => g.mul(t)),
    radius,
    2,
  );
  return map2(scaled, sizes, (e, t) => e.mul(t));
}

function steepest<P>(gradients: P, radius: number, p: number): P {
  if (p === Infinity) return map1(gradients, (g) => g.sign().mul(radius));
  if (p === 2) {
    const scale = inverseRoot(
      sumOver(gradients, (g) => g.square()),
      p,
    ).mul(radius);
    return map1(gradients, (g) => g.mul(scale));
  }
  // As shares of the largest, which cancels: high powers of small gradients are 0 in single precision.
  const largest = leavesOf<Tensor>(gradients)
    .map(({ value }) => value.abs().max())
    .reduce((a, b) => a.maximum(b))
    .stopGradient();
  const shares = map1(gradients, (g) => g.div(largest.equal(0).where(1, largest)));
  const powered = (g: Tensor, exponent: number) => {
    if (exponent === Infinity) return g.abs().equal(1).cast(g.dtype);
    // Below exponent 1 the slope at 0 is infinite; it is taken as 0.
    const none = g.equal(0);
    return none.where(0, none.where(1, g.abs()).pow(exponent));
  };
  const q = p === 1 ? Infinity : p / (p - 1);
  const scale = inverseRoot(
    sumOver(shares, (g) => powered(g, q)),
    p,
  ).mul(radius);
  return map1(shares, (g) =>
    g
      .sign()
      .mul(powered(g, q - 1))
      .mul(scale),
  );
}

function sumOver<P>(tree: P, fn: (leaf: Tensor) => Tensor): Tensor {
  return leavesOf<Tensor>(tree)
    .map(({ value }) => fn(value).sum())
    .reduce((a, b) => a.add(b));
}

/** x^(-1/p), and 1 for 0. */
function inverseRoot(x: Tensor, p: number): Tensor {
  return x
    .equal(0)
    .where(1, x)
    .pow(-1 / p);
}

/**
 * The value of an objective and its gradient where the objective is largest nearby, g(w + e(w)). What else the objective returns, such as
 * the new running statistics of batch norm, is that of the first of the two evaluations.
 */
export function samGradient<P, R extends ScalarOrWithAux>(
  objective: Objective<P, R>,
  params: P,
  options: SamOptions = {},
): readonly [value: R, gradients: P] {
  const [value, gradients] = valueAndGrad(objective)(params);
  if (options.radius === 0) return [value, gradients];
  const moved = (from: P, by: P) => map2(from, by, (w, e) => w.add(e));
  if (options.secondOrder) {
    const worst = (at: P) => scalarOf(objective(moved(at, samPerturbation(grad(objective)(at), options, at))));
    return [value, grad(worst)(params)];
  }
  const perturbation = map1(samPerturbation(gradients, options, params), (e) => e.stopGradient());
  return [value, grad(objective)(moved(params, perturbation))];
}

/**
 * Sharpness-aware minimisation: the base optimizer, given the gradient at the worst point nearby instead of the one at the parameters. Two
 * forward and backward passes a step. Weight decay belongs to the base optimizer, and so to the descent alone; put it into the objective to
 * have it in the ascent too, as the official code does. Foret, Kleiner, Mobahi and Neyshabur 2021, algorithm 1.
 *
 * With radius 0 it is the base optimizer.
 */
export function sam(base: GradientTransformation, options: SamOptions = {}): Minimizer {
  return withGradients(base, (objective, params) => samGradient(objective, params, options));
}

/**
 * SAM with a perturbation of its own for each part of the batch (m-sharpness, section 4.1 of the paper): the gradients of the parts are averaged.
 *
 * @param parts the objective of each part, of equal sizes. What else they return is the first's.
 * @throws RangeError where arguments or options do not fit.
 */
export function samGradientOfParts<P, R extends ScalarOrWithAux>(
  parts: readonly Objective<P, R>[],
  params: P,
  options: SamOptions = {},
): readonly [value: R, gradients: P] {
  if (parts.length === 0) throw new RangeError('sam: no parts');
  const results = parts.map((objective) => samGradient(objective, params, options));
  const sum = results.map(([, gradients]) => gradients).reduce((a, b) => map2(a, b, (x, y) => x.add(y)));
  return [results[0][0], map1(sum, (g) => g.div(parts.length))];
}

/**
 * How much the loss rises within the ball: L(w + e) - L(w) at the perturbation of one ascent step, or of `steps` smaller ones, each followed by
 * a return to the ball. For one step and a convex loss never negative.
 * @throws RangeError where arguments or options do not fit.
 */
export function sharpness<P>(
  objective: (params: P) => Tensor,
  params: P,
  { steps = 1, ...options }: Pick<SamOptions, 'radius' | 'p' | 'adaptive'> & { readonly steps?: number } = {},
): Tensor {
  if (!Number.isInteger(steps) || steps < 1)
    throw new RangeError(`sharpness: steps ${steps} must be a positive integer`);
  const radius = options.radius ?? (options.adaptive ? 0.5 : 0.05);
  let at = params;
  for (let i = 1; i <= steps; i++) {
    // The steps' lengths add up to the radius, so that the last is still inside.
    const e = samPerturbation(grad(objective)(at), { ...options, radius: radius / steps }, at);
    at = map2(at, e, (w, d) => w.add(d));
  }
  return objective(at).sub(objective(params));
}

/**
 * The mean of {@link sharpness} over parts of a data set, each with the perturbation that is worst for it: m-sharpness for parts of m
 * examples.
 *
 * @throws RangeError where arguments or options do not fit.
 */
export function mSharpness<P>(
  parts: readonly ((params: P) => Tensor)[],
  params: P,
  options: Pick<SamOptions, 'radius' | 'p' | 'adaptive'> = {},
): Tensor {
  if (parts.length === 0) throw new RangeError('mSharpness: no parts');
  return parts
    .map((objective) => sharpness(objective, params, options))
    .reduce((a, b) => a.add(b))
    .div(parts.length);
}
