import { isBuffer } from '../../nn/index.js';
import { concat, isFloat, type Tensor } from '../../tensor/index.js';
import { leavesOf } from '../../tensor/tree.js';

/** Whether a leaf of a tree of variables is a parameter: a float that is no buffer. */
export function isParameter(path: string, leaf: { readonly dtype: Tensor['dtype'] }): boolean {
  return isFloat(leaf.dtype) && !isBuffer(path);
}

/** Whether it is one of those with filters: a parameter of two axes or more. Biases, and scales and shifts of normalisation, are not. */
export function hasFilters(
  path: string,
  leaf: { readonly dtype: Tensor['dtype']; readonly shape: readonly number[] },
): boolean {
  return isParameter(path, leaf) && leaf.shape.length >= 2;
}

/** The leaves of a tree of tensors as one vector. */
export function flattened(who: string, tree: unknown): Tensor {
  const leaves = leavesOf<Tensor>(tree).map(({ value }) => value.reshape([value.size]));
  if (leaves.length === 0) throw new RangeError(`${who}: there are no parameters to move`);
  return concat(leaves);
}
