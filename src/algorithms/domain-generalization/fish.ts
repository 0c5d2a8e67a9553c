import { grad } from '../../autodiff/index.js';
import { requireNumber } from '../../losses/checks.js';
import { applyUpdates, type GradientTransformation, type Minimizer, type Objective } from '../../optim/index.js';
import { isFloat, type Tensor } from '../../tensor/index.js';
import { leavesOf, zipTrees } from '../../tensor/tree.js';

export interface FishOptions {
  /**
   * How far the parameters follow the clone (epsilon), in [0, 1]. Default 0.5, DomainBed's, which searches 0.05, 0.1 and 0.5; the authors take
   * 0.01 to 0.15 divided by the number of domains. The step that results is about rate times the inner learning rate times the sum of the
   * gradients: compare with other optimizers at an equal one.
   */
  readonly rate?: number;
}

/**
 * One step of Fish: a clone of the parameters takes one step of the inner optimizer on each domain in turn, then the parameters move the share
 * `rate` of the way to the clone. To first order in the inner learning rate a this follows the sum of the domains' gradients less
 * (a / 2) times the gradient of their inner products, so that steps for one domain help the others. Shi et al. 2022, algorithm 1.
 *
 * @param objectives the loss of a batch of each domain, in an order that the caller draws anew for every step (the theorem needs that).
 * @param state of the inner optimizer, carried from domain to domain and from step to step.
 * @throws RangeError where there is no domain or the rate is outside [0, 1].
 */
export function fishStep<P>(
  objectives: readonly Objective<P>[],
  params: P,
  inner: GradientTransformation,
  state: unknown,
  { rate = 0.5 }: FishOptions = {},
): { readonly params: P; readonly state: unknown } {
  if (objectives.length === 0) throw new RangeError('fishStep: no domains');
  requireNumber('fishStep', 'rate', rate, { low: 0, high: 1 });
  let clone = params;
  let moments = state;
  for (const objective of objectives) {
    const step = inner.update(grad(objective)(clone), moments, clone);
    clone = applyUpdates(clone, step.updates);
    moments = step.state;
  }
  return { params: interpolate(params, clone, rate), state: moments };
}

/**
 * {@link fishStep} as a minimizer, to be handed the losses of the domains of each batch. What the loss of the whole batch returns is its value at
 * the parameters before the step.
 *
 * @throws TypeError for a step without domains.
 */
export function fish(inner: GradientTransformation, options: FishOptions = {}): Minimizer {
  return {
    init: inner.init,
    step: (objective, params, state, { domains } = {}) => {
      if (!domains) throw new TypeError('fish: a step needs the losses of its domains');
      return { ...fishStep(domains(), params, inner, state, options), value: objective(params) };
    },
  };
}

/** a + rate (b - a), leaf by leaf; leaves that are no floats, such as counts, are those of b. @throws TypeError where the trees differ. */
export function interpolate<P>(a: P, b: P, rate: number): P {
  return zipTrees('interpolate', a, b, (x: Tensor, y: Tensor) =>
    isFloat(x.dtype) ? x.add(y.sub(x).mul(rate)) : y,
  ) as P;
}

/**
 * The mean inner product of the gradients of two different domains; with `normalize` the mean of their cosines, a zero gradient's being 0.
 *
 * @param gradients one tree a domain, at least two.
 * @returns a scalar.
 * @throws RangeError for fewer than two.
 */
export function gradientInnerProduct<P>(
  gradients: readonly P[],
  { normalize = false }: { readonly normalize?: boolean } = {},
): Tensor {
  const n = gradients.length;
  if (n < 2) throw new RangeError(`gradientInnerProduct: ${n} gradients; there must be two or more`);
  const flat = gradients.map((tree) => {
    const leaves = leavesOf<Tensor>(tree).map(({ value }) => value);
    return normalize ? unit(leaves) : leaves;
  });
  const products = flat.flatMap((a, i) => flat.slice(0, i).map((b) => dot(a, b)));
  return products.reduce((x, y) => x.add(y)).div(products.length);
}

const dot = (a: readonly Tensor[], b: readonly Tensor[]): Tensor =>
  a.map((x, i) => x.mul(b[i]).sum()).reduce((x, y) => x.add(y));

function unit(leaves: readonly Tensor[]): Tensor[] {
  const square = dot(leaves, leaves);
  const length = square.equal(0).where(1, square).sqrt();
  return leaves.map((x) => x.div(length));
}

/**
 * Inter-domain gradient matching, which Fish approximates: the mean of the domains' losses less gamma times the mean over pairs of domains of
 * the inner product of their gradients. Its own gradient takes Hessian-vector products. Shi et al. 2022 (arXiv 2104.09937).
 *
 * @param objectives the loss of a batch of each domain, at least two.
 * @param options `gamma`, how much gradients that agree are worth; not negative.
 * @returns a scalar.
 * @throws RangeError for fewer than two domains and for a gamma that is negative.
 */
export function idgmLoss<P>(
  objectives: readonly ((params: P) => Tensor)[],
  params: P,
  { gamma }: { readonly gamma: number },
): Tensor {
  requireNumber('idgmLoss', 'gamma', gamma, { low: 0 });
  if (objectives.length < 2) throw new RangeError(`idgmLoss: ${objectives.length} domains; there must be two or more`);
  const mean = objectives
    .map((objective) => objective(params))
    .reduce((a, b) => a.add(b))
    .div(objectives.length);
  const gradients = objectives.map((objective) => grad(objective)(params));
  return mean.sub(gradientInnerProduct(gradients).mul(gamma));
}
