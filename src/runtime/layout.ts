import { holds } from '../tensor/dtype.js';
import type { NDArray, Shape } from '../tensor/index.js';
import { type Argument, numberArgument } from './arrays.js';

/** What stood at a place of the arguments: a leaf, with its number; a list or an object; or nothing. */
type Place =
  | { readonly leaf: Argument; readonly at: number }
  | { readonly keys: readonly string[] | undefined; readonly children: readonly Place[] }
  | undefined;

/**
 * How the arguments of one signature are laid out. Most calls are like the one before; this reads their leaves in a single walk that writes
 * neither paths nor a signature.
 */
export class Layout {
  readonly #root: Place;
  readonly #count: number;

  /** @param leaves the leaves of `args`, in the order in which `read` is to give them. */
  constructor(args: readonly unknown[], leaves: readonly Argument[], nameOf: (position: number) => string) {
    const known = new Map(leaves.map((leaf, at) => [leaf.path, { leaf, at }]));
    const place = (value: unknown, path: string): Place => {
      if (value === undefined) return undefined;
      const leaf = known.get(path);
      if (leaf) return leaf;
      const keys = Object.keys(value as object);
      const children = keys.map((key) =>
        place((value as Record<string, unknown>)[key], path === '' ? key : `${path}.${key}`),
      );
      return { keys: Array.isArray(value) ? undefined : keys, children };
    };
    this.#root = { keys: undefined, children: args.map((arg, i) => place(arg, nameOf(i))) };
    this.#count = leaves.length;
  }

  /** The leaves of arguments that are laid out like this; `undefined` where they are not, or are none. */
  read(args: readonly unknown[]): Argument[] | undefined {
    const leaves = new Array<Argument>(this.#count);
    return read(this.#root, args, leaves) ? leaves : undefined;
  }
}

function read(place: Place, value: unknown, into: Argument[]): boolean {
  if (place === undefined) return value === undefined;
  if ('leaf' in place) {
    const leaf = sameLeaf(place.leaf, value);
    if (leaf) into[place.at] = leaf;
    return leaf !== undefined;
  }
  if (typeof value !== 'object' || value === null) return false;
  const { keys, children } = place;
  if (!keys) {
    if (!Array.isArray(value) || value.length !== children.length) return false;
    for (let i = 0; i < children.length; i++) if (!read(children[i], value[i], into)) return false;
    return true;
  }
  const prototype = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return false;
  if (Object.keys(value).length !== keys.length) return false;
  for (let i = 0; i < keys.length; i++) {
    if (!read(children[i], (value as Record<string, unknown>)[keys[i]], into)) return false;
  }
  return true;
}

/** A value as a leaf, where it is of the dtype and shape of the one that was there. */
function sameLeaf(leaf: Argument, value: unknown): Argument | undefined {
  if ('fixed' in leaf) return leaf.fixed === value ? leaf : undefined;
  const { dtype, shape } = leaf.array;
  if (typeof value === 'number')
    return dtype === 'float32' && shape.length === 0 ? numberArgument(leaf.path, value) : undefined;
  if (typeof value !== 'object' || value === null) return undefined;
  const array = value as NDArray;
  if (array.dtype !== dtype || !holds(dtype, array.data) || !sameShape(array.shape, shape)) return undefined;
  let size = 1;
  for (const length of shape) size *= length;
  return array.data.length === size ? { path: leaf.path, array, given: value } : undefined;
}

function sameShape(a: Shape, b: Shape): boolean {
  if (!Array.isArray(a) || a.length !== b.length) return false;
  for (let i = 0; i < b.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
