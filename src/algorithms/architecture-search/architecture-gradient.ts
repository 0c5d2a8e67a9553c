import { grad, valueAndGrad } from '../../autodiff/index.js';
import { requireNumber } from '../../losses/checks.js';
import { globalNorm } from '../../optim/index.js';
import { type Tensor, zipTrees } from '../../tensor/index.js';

/** The two losses of a search: that which trains the weights, and that by which architectures are judged, on other data. */
export interface SearchObjectives<W, A> {
  readonly training: (weights: W, architecture: A) => Tensor;
  readonly validation: (weights: W, architecture: A) => Tensor;
}

/**
 * The step of the weights that an architecture's gradient looks ahead, w' = w - rate (momentum velocity + grad L_train(w) + weightDecay w):
 * one of stochastic gradient descent as it goes on.
 */
export interface Lookahead<W> {
  /** xi of the paper; its code takes the learning rate of the weights. */
  readonly rate: number | Tensor;
  /** Default 0. */
  readonly momentum?: number;
  /** What momentum has gathered, a tree as the weights. Default: zeros. */
  readonly velocity?: W;
  /** Default 0. */
  readonly weightDecay?: number;
}

/** The validation loss of an architecture and its gradient with respect to the architecture. */
export type ArchitectureGradient = <W, A>(
  objectives: SearchObjectives<W, A>,
  weights: W,
  architecture: A,
  lookahead: Lookahead<W>,
) => readonly [value: Tensor, gradient: A];

/** How the weights are taken to be after one step, given the gradient of the training loss. */
function ahead<W>(weights: W, gradient: W, { rate, momentum = 0, velocity, weightDecay = 0 }: Lookahead<W>): W {
  const plain = zipTrees('lookahead', weights, gradient, (w: Tensor, g: Tensor) => g.add(w.mul(weightDecay))) as W;
  const whole = velocity
    ? (zipTrees('lookahead', plain, velocity, (d: Tensor, v: Tensor) => d.add(v.mul(momentum))) as W)
    : plain;
  return zipTrees('lookahead', weights, whole, (w: Tensor, d: Tensor) => w.sub(d.mul(rate))) as W;
}

/**
 * First order: the weights are taken as they are, whatever the architecture (xi = 0): grad_alpha L_val(w, alpha). Two passes a step of the
 * search, but its optimum need not be the bilevel one. Liu et al. 2019 (arXiv 1806.09055).
 */
export const firstOrderGradient: ArchitectureGradient = (objectives, weights, architecture) =>
  valueAndGrad((a: typeof architecture) => objectives.validation(weights, a))(architecture);

/**
 * Second order, exactly: the gradient of L_val(w'(alpha), alpha) through the step that the weights would take, w' as in {@link Lookahead}:
 * grad_alpha L_val(w', alpha) - xi grad^2_(alpha, w) L_train(w, alpha) grad_w' L_val(w', alpha). The mixed product is a product of the
 * Hessian with a vector, by automatic differentiation. Liu et al. 2019 (arXiv 1806.09055), who approximate it.
 */
export const unrolledGradient: ArchitectureGradient = (objectives, weights, architecture, lookahead) =>
  valueAndGrad((a: typeof architecture) => {
    const gradient = grad((w: typeof weights) => objectives.training(w, a))(weights);
    return objectives.validation(ahead(weights, gradient, lookahead), a);
  })(architecture);

/**
 * Second order as the paper computes it, the mixed product by central differences along v = grad_w' L_val(w', alpha): (grad_alpha L_train(w +
 * epsilon v, alpha) - grad_alpha L_train(w - epsilon v, alpha)) / (2 epsilon), epsilon = radius / |v|. Liu et al. 2019 (arXiv 1806.09055).
 *
 * @param options radius default 0.01, the paper's.
 */
export function approximateUnrolledGradient({
  radius = 0.01,
}: {
  readonly radius?: number;
} = {}): ArchitectureGradient {
  requireNumber('approximateUnrolledGradient', 'radius', radius, { low: 0, open: true });
  return (objectives, weights, architecture, lookahead) => {
    type Weights = typeof weights;
    type Architecture = typeof architecture;
    const forWeights = grad((w: Weights) => objectives.training(w, architecture))(weights);
    const [value, [direction, direct]] = valueAndGrad(([w, a]: readonly [Weights, Architecture]) =>
      objectives.validation(w, a),
    )([ahead(weights, forWeights, lookahead), architecture]);
    const length = globalNorm(direction);
    // Where nothing can be gained by other weights the product is 0 whatever the distance.
    const epsilon = length.equal(0).where(1, length).reciprocal().mul(radius);
    const along = (side: number) => {
      const moved = zipTrees('lookahead', weights, direction, (w: Tensor, v: Tensor) =>
        w.add(v.mul(epsilon.mul(side))),
      );
      return grad((a: Architecture) => objectives.training(moved as Weights, a))(architecture);
    };
    const mixed = zipTrees('lookahead', along(1), along(-1), (up: Tensor, down: Tensor) =>
      up.sub(down).div(epsilon.mul(2)).mul(lookahead.rate),
    );
    const gradient = zipTrees('lookahead', direct, mixed, (g: Tensor, m: Tensor) => g.sub(m));
    return [value, gradient as Architecture];
  };
}
