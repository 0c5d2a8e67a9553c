import {
  type DType,
  isDType,
  isNDArray,
  type MapTree,
  type NDArray,
  showShape,
  sizeOf,
  type Tensor,
} from '../tensor/index.js';
import { leavesOf } from '../tensor/tree.js';

/** An ONNX Runtime tensor, as far as it is looked at here. */
export interface OrtLike {
  readonly data: unknown;
  readonly dims: readonly number[];
  readonly type: string;
}

/** What may stand for a tensor in the arguments of a compiled function. Numbers are float32 scalars. */
export type ArrayLike = NDArray | OrtLike | number;

/** A tree of tensors as the tree of arrays that goes in. */
export type ArraysIn<T> = MapTree<T, Tensor, ArrayLike>;
/** A tree of tensors as the tree of arrays that comes out. */
export type ArraysOut<T> = MapTree<T, Tensor, NDArray>;

/** A leaf of an argument that is an array, with what the caller gave for it. */
export interface ArrayArgument {
  readonly path: string;
  readonly array: NDArray;
  readonly given: unknown;
}

/** A leaf of an argument: numbers for the program, or a static value that is part of its signature. */
export type Argument = ArrayArgument | { readonly path: string; readonly fixed: string | boolean | bigint | null };

/** The name under which an argument's leaves stand: the one given, or its position. */
export function nameOfArgument(names: readonly string[], i: number): string {
  return names[i] ?? `${i}`;
}

/** The leaves of an argument list, numbers wrapped as scalars. @throws TypeError naming the path of what is neither. */
export function argumentsOf(who: string, args: readonly unknown[], names: readonly string[]): Argument[] {
  return args.flatMap((arg, i) =>
    leavesOf(arg, nameOfArgument(names, i)).map(({ path, value }) => argument(who, path, value)),
  );
}

/** A number as a leaf: a float32 scalar. */
export function numberArgument(path: string, value: number): ArrayArgument {
  return { path, array: { data: Float32Array.of(value), shape: [], dtype: 'float32' }, given: value };
}

function argument(who: string, path: string, value: unknown): Argument {
  if (typeof value === 'number') return numberArgument(path, value);
  if (typeof value === 'string' || typeof value === 'boolean' || typeof value === 'bigint' || value === null)
    return { path, fixed: value };
  const array = isNDArray(value) ? value : fromOrt(value);
  if (!array)
    throw new TypeError(`${who}: ${path} is ${describe(value)}, not an array { data, shape, dtype } or a number`);
  if (sizeOf(array.shape) !== array.data.length) {
    const why = array.data.length === 0 ? '; was it recycled?' : '';
    throw new RangeError(`${who}: ${path} has shape ${showShape(array.shape)} but ${array.data.length} elements${why}`);
  }
  return { path, array, given: value };
}

function fromOrt(value: unknown): NDArray | undefined {
  if (typeof value !== 'object' || value === null || !('dims' in value) || !('type' in value) || !('data' in value))
    return undefined;
  const { data, dims, type } = value as OrtLike;
  const array = { data, shape: dims, dtype: type as DType };
  return isDType(type) && isNDArray(array) ? array : undefined;
}

function describe(value: unknown): string {
  if (typeof value === 'function') return 'a function';
  if (typeof value !== 'object' || value === null) return `${value}`;
  const name = Object.getPrototypeOf(value)?.constructor?.name ?? 'object';
  return name === 'Tensor' ? 'a symbolic tensor' : `a ${name}`;
}
