import { isTensor, type MapTree, mapTree, type NDArray, type Tensor, zerosArray, zipTrees } from '../tensor/index.js';

/** A tree of arrays, or, inside a compiled function, of tensors. */
export type Tree<L> = L | readonly Tree<L>[] | { readonly [name: string]: Tree<L> | undefined };
export type Arrays = Tree<NDArray>;
export type Tensors = Tree<Tensor>;

export interface Update<P, S> {
  /** What is to be added to the parameters. */
  readonly updates: P;
  readonly state: S;
}

/**
 * One step of the way from gradients to updates: momentum, a scale, a limit. Transformations chain; the last one usually multiplies by
 * minus the learning rate. State is a plain tree.
 */
export interface GradientTransformation {
  /** The state before the first step, of arrays for arrays and of tensors for tensors. */
  init(params: unknown): unknown;
  /** @param params the current parameters, for transformations that look at them (weight decay). */
  update<P>(gradients: P, state: unknown, params: P): Update<P, unknown>;
}

/** Zeros of the shape and dtype of each leaf, of the leaf's own kind. */
export function zerosTree<T>(tree: T): T {
  return mapTree(tree, (leaf: Tensor | NDArray) =>
    isTensor(leaf) ? leaf.zerosLike() : zerosArray(leaf.shape, leaf.dtype),
  ) as T;
}

/** A count of steps, 0 at first, of the kind of the leaves of `params`. */
export function zeroCount(params: unknown): Tensor | NDArray<'int32'> {
  let symbolic: Tensor | undefined;
  mapTree(params, (leaf: unknown) => {
    if (isTensor(leaf)) symbolic = leaf;
  });
  return symbolic ? symbolic.zerosLike().sum().cast('int32') : zerosArray([], 'int32');
}

/** `fn` over the leaves of two trees of one structure. */
export function map2<P>(a: P, b: unknown, fn: (a: Tensor, b: Tensor, path: string) => Tensor): P {
  return zipTrees('optimizer', a, b, fn as (a: never, b: never, path: string) => Tensor) as P;
}

/** `fn` over the leaves of a tree. */
export function map1<P>(a: P, fn: (a: Tensor, path: string) => Tensor): P {
  return mapTree(a, fn) as MapTree<P, Tensor, Tensor> as P;
}

/** A transformation without state. */
export function statelessTransformation(update: <P>(gradients: P, params: P) => P): GradientTransformation {
  return { init: () => ({}), update: (gradients, state, params) => ({ updates: update(gradients, params), state }) };
}

/** Transformations one after the other; the state is the list of theirs. */
export function chain(...transformations: readonly GradientTransformation[]): GradientTransformation {
  return {
    init: (params) => transformations.map((t) => t.init(params)),
    update: (gradients, state, params) => {
      let updates = gradients;
      const states = transformations.map((t, i) => {
        const step = t.update(updates, (state as readonly unknown[])[i], params);
        updates = step.updates;
        return step.state;
      });
      return { updates, state: states };
    },
  };
}

/** The parameters after a step: each plus its update. */
export function applyUpdates<P>(params: P, updates: P): P {
  return map2(params, updates, (p, u) => p.add(u));
}
