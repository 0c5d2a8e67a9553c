import { leavesOf, merge, type PathPatterns, partition, selectPaths } from '../../tensor/index.js';
import { isBuffer } from '../context.js';

export interface FrozenOptions {
  /** Parameters that stay as they are. Default: none. */
  readonly freeze?: PathPatterns;
  /** Of those, the ones that train nevertheless: `freeze: '*', unfreeze: 'head.*'` trains the head alone. */
  readonly unfreeze?: PathPatterns;
  /** Which variables are buffers, state that no gradient trains. Default: by PyTorch's names. */
  readonly isBuffer?: (path: string) => boolean;
}

/** Variables in three trees, each of the whole structure with holes where a variable is in another. */
export interface Frozen<V> {
  /** What a gradient is taken of and an optimizer keeps state for. */
  readonly params: V;
  /** Parameters that stay as they are. */
  readonly frozen: V;
  /** Running statistics and the like, which layers update themselves. */
  readonly buffers: V;
}

/**
 * Splits a model's variables into parameters that train, parameters that do not, and buffers. Those that do not train get no gradient and
 * no optimizer state, because neither sees them.
 *
 * ```ts
 * const { params, frozen, buffers } = freeze(model.init(key(0)), { freeze: '*', unfreeze: ['classifier.*', '*.bias'] });
 * ```
 *
 * @throws RangeError naming the pattern that matches no parameter; when `unfreeze` stands without `freeze`; when nothing is left to train.
 */
export function freeze<V>(variables: V, options: FrozenOptions = {}): Frozen<V> {
  const { freeze: still, unfreeze, isBuffer: buffer = isBuffer } = options;
  const names = leavesOf(variables)
    .map(({ path }) => path)
    .filter((path) => !buffer(path));
  if (unfreeze !== undefined && still === undefined)
    throw new RangeError("freeze: unfreeze takes back what freeze holds; add freeze: '*' to train nothing else");
  const held = new Set(still === undefined ? [] : selectPaths('freeze', names, still));
  if (unfreeze !== undefined) for (const name of selectPaths('unfreeze', names, unfreeze)) held.delete(name);
  if (held.size === names.length) throw new RangeError('freeze: every parameter is frozen, nothing is left to train');
  const [buffers, parameters] = partition(variables, buffer);
  const [frozen, params] = partition(parameters, (path) => held.has(path));
  return { params, frozen, buffers };
}

/** The inverse of {@link freeze}: all variables in one tree again. */
export function thaw<V>({ params, frozen, buffers }: Frozen<V>): V {
  return merge(merge(params, frozen), buffers);
}
