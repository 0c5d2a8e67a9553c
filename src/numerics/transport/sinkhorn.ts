import { showShape, type Tensor } from '../../tensor/index.js';

export interface SinkhornOptions {
  /** Weight of the entropy, in the units of the cost. Default 0.05. */
  readonly epsilon?: number;
  /** Default 100. */
  readonly iterations?: number;
  /** Mass of each row, [..., n], summing to 1. Default: even. */
  readonly source?: Tensor;
  /** Mass of each column, [..., m], summing to 1. Default: even. */
  readonly target?: Tensor;
}

export interface Transport {
  /** Mass moved from each row to each column, [..., n, m]. */
  readonly plan: Tensor;
  /** The sum of plan times cost, [...]. */
  readonly cost: Tensor;
  /** The value of the dual problem, [...]: cost with the entropy's share; smooth in the cost. */
  readonly dual: Tensor;
}

/**
 * Entropic optimal transport by Sinkhorn's iterations in the log domain (Cuturi 2013; Peyre and Cuturi 2019, section 4.4):
 * min over plans P of <P, C> - epsilon H(P) with the given marginals. Columns are matched exactly, rows up to convergence.
 *
 * The derivative goes through the iterations.
 *
 * @param cost [..., n, m].
 */
export function sinkhorn(cost: Tensor, options: SinkhornOptions = {}): Transport {
  const { epsilon = 0.05, iterations = 100, source, target } = options;
  if (cost.rank < 2) throw new RangeError(`sinkhorn: cost ${showShape(cost.shape)} must be [..., n, m]`);
  if (!(epsilon > 0)) throw new RangeError(`sinkhorn: epsilon ${epsilon} must be positive`);
  if (!Number.isInteger(iterations) || iterations < 1)
    throw new RangeError(`sinkhorn: iterations ${iterations} must be a positive integer`);
  const [n, m] = cost.shape.slice(-2);
  const stack = cost.shape.slice(0, -2);
  const mass = (given: Tensor | undefined, count: number, who: string) => {
    if (given && given.shape[given.rank - 1] !== count)
      throw new RangeError(
        `sinkhorn: ${who} ${showShape(given.shape)} must have ${count} masses for cost ${showShape(cost.shape)}`,
      );
    return given
      ? given.broadcastTo([...stack, count])
      : cost
          .onesLike()
          .sum()
          .mul(0)
          .add(1 / count)
          .broadcastTo([...stack, count]);
  };
  const [a, b] = [mass(source, n, 'source'), mass(target, m, 'target')];
  const kernel = cost.neg().div(epsilon);
  let f = a.zerosLike();
  let g = b.zerosLike();
  for (let i = 0; i < iterations; i++) {
    f = a.log().sub(kernel.add(g.expandDims(-2)).logSumExp(-1));
    g = b.log().sub(kernel.add(f.expandDims(-1)).logSumExp(-2));
  }
  const plan = kernel.add(f.expandDims(-1)).add(g.expandDims(-2)).exp();
  const dual = f.mul(a).sum(-1).add(g.mul(b).sum(-1)).mul(epsilon);
  return { plan, cost: plan.mul(cost).sum([-1, -2]), dual };
}

/** Squared Euclidean distances between rows x [..., n, d] and y [..., m, d]: [..., n, m], never negative. */
export function squaredDistances(x: Tensor, y: Tensor): Tensor {
  if (x.shape[x.rank - 1] !== y.shape[y.rank - 1]) {
    throw new RangeError(
      `squaredDistances: x ${showShape(x.shape)} and y ${showShape(y.shape)} must have the same features`,
    );
  }
  const [xx, yy] = [x, y].map((t) => t.square().sum(-1));
  return xx
    .expandDims(-1)
    .add(yy.expandDims(-2))
    .sub(x.matmul(y.swapAxes(-1, -2)).mul(2))
    .relu();
}

/**
 * Sinkhorn's divergence of two clouds of points, x [n, d] and y [m, d], with squared distances: OT(x, y) - (OT(x, x) + OT(y, y)) / 2 of the
 * dual values: 0 for equal clouds, positive otherwise. Feydy et al. 2019.
 */
export function sinkhornDivergence(
  x: Tensor,
  y: Tensor,
  options: Pick<SinkhornOptions, 'epsilon' | 'iterations'> = {},
): Tensor {
  const between = (p: Tensor, q: Tensor) => sinkhorn(squaredDistances(p, q), options).dual;
  return between(x, y).sub(between(x, x).add(between(y, y)).mul(0.5));
}
