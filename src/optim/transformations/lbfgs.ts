import { concat, isTensor, type NDArray, sizeOf, type Tensor, zerosArray } from '../../tensor/index.js';
import { leavesOf, unflatten } from '../../tensor/tree.js';
import { type GradientTransformation, zeroCount } from '../transformation.js';

export interface ScaleByLbfgsOptions {
  /** Pairs of steps and gradient changes that are kept, m. Default 10, as in optax. */
  readonly history?: number;
  /** A pair whose cosine s.y / (|s| |y|) is not above this says too little of the curvature and is left out. In [0, 1). Default 1e-4. */
  readonly curvature?: number;
}

/** All leaves of a tree in one row. */
export const rowOf = (tree: unknown): Tensor => {
  const [first, ...others] = leavesOf<Tensor>(tree).map(({ value }) => value.flatten());
  return others.length === 0 ? first : concat([first, ...others.map((leaf) => leaf.cast(first.dtype))]);
};

/** A row as the leaves of a tree. */
export function treeOf<P>(like: P, row: Tensor): P {
  let at = 0;
  const leaves = leavesOf<Tensor>(like).map(({ value: { shape, size, dtype } }) => {
    const part = row.slice([[at, at + size]]);
    at += size;
    return part.reshape([...shape]).cast(dtype);
  });
  return unflatten(like, leaves) as P;
}

/** Zeros of a shape, of the kind and dtype of the leaves of a tree. */
function zerosBeside(tree: unknown, shape: readonly number[]): Tensor | NDArray {
  const [{ value }] = leavesOf<Tensor | NDArray>(tree);
  return isTensor(value)
    ? value
        .zerosLike()
        .flatten()
        .slice([[0, 1]])
        .sum()
        .broadcastTo(shape)
    : zerosArray(shape, value.dtype);
}

export interface LbfgsState {
  readonly count: Tensor;
  /** Parameters and gradient of the step before, [n]. */
  readonly params: Tensor;
  readonly gradient: Tensor;
  /** Steps s and changes of the gradient y, the newest last, [m, n]; rows of zeros where there are none yet. */
  readonly steps: Tensor;
  readonly changes: Tensor;
}

/**
 * Gradients times the inverse Hessian that the last m steps describe, H g, by the two-loop recursion of limited-memory BFGS: s_k = w_k - w_(k-1),
 * y_k = g_k - g_(k-1), rho_k = 1 / s_k.y_k; from the newest pair to the oldest q <- q - rho s.q y; then q <- q s.y / y.y of the newest; from the
 * oldest to the newest q <- q + s (rho s.q - rho y.q). Nocedal and Wright 2006, algorithm 7.4 with equation 7.20. Before the first pair the
 * gradient is no longer than 1.
 *
 * Pairs of too little curvature are left out, so that H stays positive definite and its product a direction of ascent of the batch's loss. A
 * learning rate follows in place of a search along the line: 1 is Newton's step. Gradients of changing batches differ by their noise too, which
 * pairs take for curvature: large batches suit it, or `onlineLbfgs`. For whole functions there is `lbfgs`, with its search.
 *
 * The state is explicit: 2 (m + 1) numbers for each parameter.
 *
 * @throws RangeError where options do not fit.
 */
export function scaleByLbfgs({ history = 10, curvature = 1e-4 }: ScaleByLbfgsOptions = {}): GradientTransformation {
  if (!Number.isInteger(history) || history < 1)
    throw new RangeError(`scaleByLbfgs: history ${history} must be a positive integer`);
  if (!(curvature >= 0 && curvature < 1))
    throw new RangeError(`scaleByLbfgs: curvature ${curvature} must lie in [0, 1)`);
  return {
    init: (params) => {
      const n = leavesOf<Tensor | NDArray>(params).reduce((sum, { value }) => sum + sizeOf(value.shape), 0);
      const [row, rows] = [[n], [history, n]].map((shape) => () => zerosBeside(params, shape));
      return { count: zeroCount(params), params: row(), gradient: row(), steps: rows(), changes: rows() };
    },
    update: (gradients, state, params) => {
      const before = state as LbfgsState;
      const [gradient, at] = [rowOf(gradients), rowOf(params)];
      const [step, change] = [at.sub(before.params), gradient.sub(before.gradient)];
      const bound = step.square().sum().mul(change.square().sum()).sqrt().mul(curvature);
      const counts = before.count.greater(0).and(step.mul(change).sum().greater(bound));
      const kept = (rows: Tensor, newest: Tensor) =>
        counts.where(concat([rows.slice([[1, history]]), newest.expandDims(0)]), rows);
      const [steps, changes] = [kept(before.steps, step), kept(before.changes, change)];
      return {
        updates: treeOf(gradients, inverseHessianTimes(steps, changes, gradient)),
        state: { count: before.count.add(1), params: at, gradient, steps, changes },
      };
    },
  };
}

/** The two loops over pairs [m, n], the newest last; rows of zeros stand for none. */
function inverseHessianTimes(steps: Tensor, changes: Tensor, gradient: Tensor): Tensor {
  const pairs = Array.from({ length: steps.shape[0] }, (_, i) => {
    const [s, y] = [steps.at(i), changes.at(i)];
    const product = s.mul(y).sum();
    const none = product.equal(0);
    return { s, y, product, none, rho: none.where(0, none.where(1, product).reciprocal()) };
  });
  let q = gradient;
  const shares = [...pairs].reverse().map(({ s, y, rho }) => {
    const share = rho.mul(s.mul(q).sum());
    q = q.sub(y.mul(share));
    return share;
  });
  const { y, product, none } = pairs[pairs.length - 1];
  const length = gradient.square().sum().sqrt();
  q = q.mul(none.where(length.maximum(1).reciprocal(), product.div(none.where(1, y.square().sum()))));
  shares.reverse();
  pairs.forEach(({ s, y, rho }, i) => {
    q = q.add(s.mul(shares[i].sub(rho.mul(y.mul(q).sum()))));
  });
  return q;
}
