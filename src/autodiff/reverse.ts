import { isTensor, type Tensor } from '../tensor/index.js';
import { withPullback } from '../tensor/ops/barrier.js';
import { leavesOf, unflatten, zipTrees } from '../tensor/tree.js';
import { aliased, requireScalar, tensorsOf, zeroFilled } from './arguments.js';
import { pullback } from './pullback.js';

/** What a function under `valueAndGrad` returns: the scalar, or the scalar and anything else, which is passed through. */
export type ScalarOrWithAux = Tensor | readonly [loss: Tensor, ...aux: unknown[]];

/**
 * The gradient of a scalar function with respect to its first argument, a tree of float tensors; further arguments are passed
 * through. Where the function returns `[scalar, ...]`, its first entry is differentiated.
 *
 * `grad(f)` is itself a function of tensors: `grad(grad(f))` and any other nesting works.
 *
 * @throws TypeError when the first argument has a leaf that is not a float tensor, or the result is not one number.
 */
export function grad<P, A extends unknown[]>(
  fn: (params: P, ...rest: A) => ScalarOrWithAux,
): (params: P, ...rest: A) => P {
  const both = valueAndGrad(fn);
  return (params, ...rest) => both(params, ...rest)[1];
}

/**
 * The value of a function and the gradient of its scalar, `[value, gradient]`; the value has whatever shape the function returned:
 * the scalar, or `[scalar, ...aux]`.
 */
export function valueAndGrad<P, A extends unknown[], R extends ScalarOrWithAux>(
  fn: (params: P, ...rest: A) => R,
): (params: P, ...rest: A) => [value: R, gradient: P] {
  return (params, ...rest) => {
    const [copy, leaves] = aliased('grad', params);
    const value = fn(copy, ...rest);
    const scalar = isTensor(value) ? value : (value as readonly unknown[])[0];
    requireScalar('grad', scalar);
    const gradients = pullback([scalar], [scalar.onesLike()], leaves);
    return [value, zeroFilled(params, leaves, gradients)];
  };
}

/**
 * The value of `fn` at `x` and its pullback: the function from a cotangent of the value (a tree of its structure) to the cotangent
 * of `x`, that is, v -> v^T J.
 */
export function vjp<P, R>(fn: (x: P) => R, x: P): [value: R, pullback: (cotangent: R) => P] {
  const [copy, leaves] = aliased('vjp', x);
  const value = fn(copy);
  const outputs = tensorsOf('vjp', 'result', value);
  return [
    value,
    (cotangent) => {
      const matched = zipTrees('vjp: cotangent', value, cotangent, (y: Tensor, ct: Tensor, path) => {
        requireSameSpec('vjp', `cotangent${path && `.${path}`}`, ct, y);
        return ct;
      });
      return zeroFilled(x, leaves, pullback(outputs, tensorsOf('vjp', 'cotangent', matched), leaves));
    },
  ];
}

/** @throws unless `x` has the shape and dtype of `like`. */
export function requireSameSpec(who: string, name: string, x: Tensor, like: Tensor): void {
  if (!isTensor(x) || x.dtype !== like.dtype || x.shape.join() !== like.shape.join()) {
    throw new TypeError(`${who}: ${name} must be ${like.dtype}[${like.shape.join(', ')}], not ${x}`);
  }
}

/**
 * `fn` with a derivative of your own. `backward` receives the cotangents of the results (a tree of their structure), the
 * arguments and the results, and returns the cotangents of the arguments, one an argument, `undefined` for zero. Straight-through
 * estimators and gradient reversal are two lines each:
 *
 * ```ts
 * const roundStraightThrough = customGradient((x: Tensor) => x.round(), (ct) => [ct]);
 * const reverse = customGradient((x: Tensor) => x, (ct) => [ct.neg()]);
 * ```
 *
 * Gradients flow through the arguments alone, not through tensors that `fn` closes over. Higher derivatives differentiate
 * `backward`, in which the derivative of the result is the one given here.
 */
export function customGradient<A extends unknown[], R>(
  fn: (...args: A) => R,
  backward: (cotangent: R, args: A, result: R) => { readonly [K in keyof A]?: A[K] | undefined },
): (...args: A) => R {
  return (...args) => {
    const inputs = leavesOf(args);
    const result = fn(...args);
    const values = tensorsOf('customGradient', 'result', result);
    const tensors = inputs.filter(({ value }) => isTensor(value));
    const wrapped = withPullback(
      values,
      tensors.map(({ value }) => value as Tensor),
      (cts, results) => {
        const parts = backward(
          unflatten(result, cts) as R,
          args,
          unflatten(result, results) as R,
        ) as readonly unknown[];
        const byPath = new Map(leavesOf<Tensor>(parts).map(({ path, value }) => [path, value]));
        return tensors.map(({ path }) => byPath.get(path));
      },
    );
    return unflatten(result, wrapped) as R;
  };
}
