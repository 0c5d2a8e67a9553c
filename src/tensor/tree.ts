import { isNDArray } from './array.js';

/**
 * Trees: plain objects and arrays, nested, whose leaves are anything else (a `Tensor`, an `NDArray`, a number).
 * `undefined` is an empty subtree: it has no leaves, so trees with holes go through every function here.
 */

/** The tree `T` with every leaf of type `From` replaced by `To`. */
export type MapTree<T, From, To> = T extends From
  ? To
  : T extends readonly unknown[]
    ? { [K in keyof T]: MapTree<T[K], From, To> }
    : T extends object
      ? { [K in keyof T]: MapTree<T[K], From, To> }
      : T;

/** A leaf with where it stands: `layers.0.weight`. */
export interface Leaf<L = unknown> {
  readonly path: string;
  readonly value: L;
}

function isBranch(value: unknown): value is object {
  if (typeof value !== 'object' || value === null || isNDArray(value)) return false;
  if (Array.isArray(value)) return true;
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function join(path: string, key: string | number): string {
  return path === '' ? `${key}` : `${path}.${key}`;
}

/** The leaves in order (object keys in insertion order), with their paths. */
export function leavesOf<L = unknown>(tree: unknown, path = ''): Leaf<L>[] {
  const result: Leaf<L>[] = [];
  visit(tree, path, (leaf) => result.push(leaf as Leaf<L>));
  return result;
}

function visit(tree: unknown, path: string, each: (leaf: Leaf) => void): void {
  if (tree === undefined) return;
  if (!isBranch(tree)) each({ path, value: tree });
  else if (Array.isArray(tree)) for (let i = 0; i < tree.length; i++) visit(tree[i], join(path, i), each);
  else for (const [key, value] of Object.entries(tree)) visit(value, join(path, key), each);
}

/** The tree with every leaf replaced by `fn(leaf, path)`. */
export function mapTree<T, L, R>(tree: T, fn: (leaf: L, path: string) => R, path = ''): MapTree<T, L, R> {
  return rebuild(tree, path, (leaf) => fn(leaf.value as L, leaf.path)) as MapTree<T, L, R>;
}

function rebuild(tree: unknown, path: string, leaf: (leaf: Leaf) => unknown): unknown {
  if (tree === undefined) return undefined;
  if (!isBranch(tree)) return leaf({ path, value: tree });
  if (Array.isArray(tree)) return tree.map((value, i) => rebuild(value, join(path, i), leaf));
  const result: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(tree)) result[key] = rebuild(value, join(path, key), leaf);
  return result;
}

/** The tree with every leaf replaced, for where paths are of no use: writing them takes most of {@link mapTree}'s time. */
export function mapLeaves(tree: unknown, fn: (leaf: unknown) => unknown): unknown {
  if (tree === undefined) return undefined;
  if (!isBranch(tree)) return fn(tree);
  if (Array.isArray(tree)) return tree.map((value) => mapLeaves(value, fn));
  const result: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(tree)) result[key] = mapLeaves(value, fn);
  return result;
}

/** The tree of `tree`'s structure whose leaves are `leaves`, in order. */
export function unflatten<T>(tree: T, leaves: readonly unknown[]): unknown {
  let next = 0;
  const result = mapLeaves(tree, () => leaves[next++]);
  if (next !== leaves.length)
    throw new RangeError(`unflatten: the tree has ${next} leaves, ${leaves.length} were given`);
  return result;
}

/**
 * `fn(a, b, path)` leaf by leaf over two trees of one structure; the result has the structure of `a`.
 *
 * @throws TypeError naming the first path at which the structures differ.
 */
export function zipTrees<A, R>(who: string, a: A, b: unknown, fn: (a: never, b: never, path: string) => R): unknown {
  const left = leavesOf(a);
  const right = new Map(leavesOf(b).map((leaf) => [leaf.path, leaf.value]));
  for (const leaf of left)
    if (!right.has(leaf.path)) throw new TypeError(`${who}: ${leaf.path || 'the tree'} is missing`);
  if (right.size !== left.length) {
    const known = new Set(left.map((leaf) => leaf.path));
    const extra = [...right.keys()].find((path) => !known.has(path));
    throw new TypeError(`${who}: ${extra || 'a leaf'} is not expected`);
  }
  return mapTree(a, (leaf: never, path) => fn(leaf, right.get(path) as never, path));
}

/** Two trees of one structure: the leaves for which `test` holds, and the others; the holes are `undefined`. */
export function partition<T>(tree: T, test: (path: string, leaf: unknown) => boolean): [T, T] {
  return [
    mapTree(tree, (leaf, path) => (test(path, leaf) ? leaf : undefined)) as T,
    mapTree(tree, (leaf, path) => (test(path, leaf) ? undefined : leaf)) as T,
  ];
}

/** The inverse of {@link partition}: where `a` has a hole, the leaf of `b`. */
export function merge<T>(a: T, b: T): T {
  if (a === undefined) return b;
  if (b === undefined || !isBranch(a)) return a;
  if (Array.isArray(a)) return a.map((value, i) => merge(value, (b as unknown[])[i])) as T;
  const result: Record<string, unknown> = {};
  const other = b as Record<string, unknown>;
  for (const [key, value] of Object.entries(a)) result[key] = merge(value, other[key]);
  for (const key of Object.keys(other)) if (!(key in result)) result[key] = other[key];
  return result as T;
}
