import { isFloat, isTensor, leavesOf, mapTree, showShape, type Tensor, unflatten } from '../tensor/index.js';
import { alias } from '../tensor/ops/barrier.js';

/** The tensors of a tree in order. @throws TypeError naming the path of a leaf that is not a tensor. */
export function tensorsOf(who: string, what: string, tree: unknown): Tensor[] {
  return leavesOf(tree).map(({ path, value }) => {
    if (!isTensor(value)) throw new TypeError(`${who}: ${what}${path && `.${path}`} is ${typeof value}, not a tensor`);
    return value;
  });
}

/** A copy of an argument tree under new names, so that a derivative with respect to it counts no other use of the same tensors. */
export function aliased<P>(who: string, tree: P): [copy: P, leaves: Tensor[]] {
  for (const { path, value } of leavesOf(tree)) {
    if (!isTensor(value)) throw new TypeError(`${who}: argument ${path} is ${typeof value}, not a tensor`);
    if (!isFloat(value.dtype))
      throw new TypeError(`${who}: argument ${path} is ${value.dtype}; only floats have derivatives`);
  }
  const copy = mapTree(tree, (x: Tensor) => alias(x)) as P;
  return [copy, tensorsOf(who, '', copy)];
}

/** The tree of `like`'s structure with `leaves`, missing ones as zeros. */
export function zeroFilled<P>(like: P, inputs: readonly Tensor[], leaves: readonly (Tensor | undefined)[]): P {
  return unflatten(
    like,
    inputs.map((x, i) => leaves[i] ?? x.zerosLike()),
  ) as P;
}

/** @throws unless `y` is one floating-point number. */
export function requireScalar(who: string, y: unknown): asserts y is Tensor {
  if (!isTensor(y)) throw new TypeError(`${who}: the function must return a scalar tensor, not ${typeof y}`);
  if (y.size !== 1 || !isFloat(y.dtype)) {
    throw new TypeError(
      `${who}: the function must return one floating-point number, not ${y.dtype}${showShape(y.shape)}`,
    );
  }
}
