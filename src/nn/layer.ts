import type { Key } from '../runtime/random/index.js';
import type { MapTree, NDArray, Tensor } from '../tensor/index.js';
import type { Context } from './context.js';

/** A tree of arrays by name. Dotted paths to its leaves are the keys of PyTorch's state_dict: `layer1.0.conv1.weight`. */
export type Variables = { readonly [name: string]: NDArray | Variables };

/** A weight and a bias; the bias is absent from the tree where a layer was made without. */
export type Affine = { readonly weight: NDArray; readonly bias: NDArray };

/** The tree of variables inside a compiled function. */
export type Symbolic<V> = MapTree<V, NDArray, Tensor>;

/** A layer: how its variables begin, and what it makes of them and an input. A plain value without state. */
export interface Layer<V extends Variables = Variables> {
  /** Parameters and buffers, concrete. */
  init(key: Key): V;
  apply(variables: Symbolic<V>, x: Tensor, context: Context): Tensor;
}

/** The tree of a layer without variables. */
export type NoVariables = Record<string, never>;

/** A layer without variables. */
export function stateless(fn: (x: Tensor, context: Context) => Tensor): Layer<NoVariables> {
  return { init: () => ({}), apply: (_, x, context) => fn(x, context) };
}
