import { eye, isTensor, type Tensor, unflatten } from '../tensor/index.js';
import { alias } from '../tensor/ops/barrier.js';
import { leavesOf, mapTree, zipTrees } from '../tensor/tree.js';
import { aliased, requireScalar, tensorsOf, zeroFilled } from './arguments.js';
import { pullback } from './pullback.js';
import { grad, requireSameSpec } from './reverse.js';
import { vmap } from './vmap.js';

/**
 * The value of `fn` at `x` and its directional derivative J v along `v`, a tree of the structure of `x`.
 *
 * Forward mode by reverse mode twice: the pullback u -> u^T J is linear in u, and its own pullback at v is J v. The first pass's
 * values drop out of the graph when it is compiled, so nothing is computed twice.
 */
export function jvp<P, R>(fn: (x: P) => R, x: P, v: P): [value: R, tangent: R] {
  const [copy, leaves] = aliased('jvp', x);
  const directions = tensorsOf(
    'jvp',
    'v',
    zipTrees('jvp: v', x, v, (a: Tensor, b: Tensor, path) => {
      requireSameSpec('jvp', `v${path && `.${path}`}`, b, a);
      return b;
    }),
  );
  const value = fn(copy);
  const outputs = tensorsOf('jvp', 'result', value);
  // Any cotangent will do: only the dependence on it is used.
  const cotangents = outputs.map((y) => alias(y.zerosLike()));
  const pulled = pullback(outputs, cotangents, leaves);
  const reached = pulled.flatMap((g, i) => (g ? [[g, directions[i]] as const] : []));
  const tangents = pullback(
    reached.map(([g]) => g),
    reached.map(([, d]) => d),
    cotangents,
  );
  return [value, zeroFilled(value, outputs, tangents)];
}

/** The Hessian of a scalar function at `x` times `v`, a tree of the structure of `x`: the gradient of (gradient . v). */
export function hvp<P>(fn: (x: P) => Tensor, x: P, v: P): P {
  const gradient = grad(fn);
  return grad((at: P) => {
    const products: Tensor[] = [];
    zipTrees('hvp: v', gradient(at), v, (g: Tensor, direction: Tensor, path) => {
      requireSameSpec('hvp', `v${path && `.${path}`}`, direction, g);
      products.push(g.mul(direction.stopGradient()).sum());
    });
    return products.reduce((a, b) => a.add(b));
  })(x);
}

/** The tree of one tensor's Jacobian: each leaf of `P` with the shape of the output in front of its own. */
export type Jacobian<P> = P;

/**
 * The Jacobian of `fn`, whose result is one tensor: for each leaf of `x` of shape s, a tensor of the result's shape followed by s.
 * One backward pass, batched over the elements of the result.
 */
export function jacobian<P>(fn: (x: P) => Tensor): (x: P) => Jacobian<P> {
  return (x) => {
    const [copy, leaves] = aliased('jacobian', x);
    const y = fn(copy);
    if (!isTensor(y)) throw new TypeError(`jacobian: the function must return a tensor, not ${typeof y}`);
    const flat = y.reshape([y.size]);
    const row = (cotangent: Tensor) => zeroFilled(x, leaves, pullback([flat], [cotangent], leaves));
    const rows = tensorsOf('jacobian', '', vmap(row)(eye(y.size, y.size, y.dtype)));
    return unflatten(
      x,
      rows.map((stacked, k) => stacked.reshape([...y.shape, ...leaves[k].shape])),
    ) as P;
  };
}

/**
 * The Hessian of a scalar function of a tree: for leaves a and b of `x`, the entry at path a then path b has the shape of a
 * followed by that of b. For a single tensor it is a single tensor.
 */
export function hessian<P>(fn: (x: P) => Tensor): (x: P) => unknown {
  return (x) => {
    const gradient = grad((at: P) => {
      const y = fn(at);
      requireScalar('hessian', y);
      return y;
    });
    const rows = leavesOf(x).map(({ path }) =>
      jacobian((at: P) => leavesOf<Tensor>(gradient(at)).find((leaf) => leaf.path === path)?.value as Tensor)(x),
    );
    let next = 0;
    return mapTree(x, () => rows[next++]);
  };
}
