import type { Key } from '../runtime/random/index.js';
import type { MapTree, NDArray, Tensor } from '../tensor/index.js';
import type { Context } from './context.js';

/** A tree of arrays by name. Dotted paths to its leaves are the keys of PyTorch's state_dict: `layer1.0.conv1.weight`. */
export type Variables = { readonly [name: string]: NDArray | Variables };

/** The tree of variables inside a compiled function. */
export type Symbolic<V> = MapTree<V, NDArray, Tensor>;

/** A layer: how its variables begin, and what it makes of them and an input. A plain value without state. */
export interface Layer<V extends Variables = Variables> {
  /** Parameters and buffers, concrete. */
  init(key: Key): V;
  apply(variables: Symbolic<V>, x: Tensor, context: Context): Tensor;
}

/** A layer without variables. */
export function stateless(fn: (x: Tensor, context: Context) => Tensor): Layer<Record<string, never>> {
  return { init: () => ({}), apply: (_, x, context) => fn(x, context) };
}
