import { allocate, type DType, holds, isDType, type TypedArray, type TypedArrays } from './dtype.js';
import { checkShape, type Shape, showShape, sizeOf } from './shape.js';

/** Concrete numbers: a typed array in row-major order with its shape and dtype. */
export interface NDArray<D extends DType = DType> {
  readonly data: TypedArrays[D];
  readonly shape: Shape;
  readonly dtype: D;
}

/** The dtype that a typed array holds when nothing else is said. */
type NaturalDType<T extends TypedArray> = T extends Float32Array
  ? 'float32'
  : T extends Float64Array
    ? 'float64'
    : T extends Int32Array
      ? 'int32'
      : T extends BigInt64Array
        ? 'int64'
        : 'uint8';

/** Nested lists of numbers, booleans or bigints. */
export type NestedNumbers = number | bigint | boolean | readonly NestedNumbers[];

type NestedBooleans = boolean | readonly NestedBooleans[];

/** Whether `value` is an {@link NDArray}. */
export function isNDArray(value: unknown): value is NDArray {
  return (
    typeof value === 'object' &&
    value !== null &&
    'data' in value &&
    'shape' in value &&
    'dtype' in value &&
    isDType(value.dtype) &&
    holds(value.dtype, value.data)
  );
}

/**
 * An {@link NDArray} from nested lists (`ndarray([[1, 2], [3, 4]])`) or from a typed array and its shape.
 *
 * A `Float32Array`, `Float64Array`, `Int32Array` or `BigInt64Array` is kept, not copied, when its dtype is the one asked for;
 * a `Uint8Array` counts as `uint8` unless `dtype` says `bool`. Nested numbers default to `float32`, booleans to `bool`.
 *
 * @throws RangeError when the lists are ragged or the shape does not hold the number of elements given.
 */
export function ndarray<D extends DType>(
  values: NestedNumbers | TypedArray,
  options: { readonly dtype: D; readonly shape?: Shape },
): NDArray<D>;
export function ndarray<T extends TypedArray>(
  values: T,
  options?: { readonly shape?: Shape },
): NDArray<NaturalDType<T>>;
export function ndarray(values: NestedBooleans, options?: { readonly shape?: Shape }): NDArray<'bool'>;
export function ndarray(values: NestedNumbers, options?: { readonly shape?: Shape }): NDArray<'float32'>;
export function ndarray<D extends DType>(
  values: NestedNumbers | TypedArray,
  options?: { readonly dtype?: D; readonly shape?: Shape },
): NDArray;
export function ndarray<D extends DType>(
  values: NestedNumbers | TypedArray,
  options: { readonly dtype?: D; readonly shape?: Shape } = {},
): NDArray<D> {
  if (ArrayBuffer.isView(values)) {
    const natural = dtypeOf(values);
    const dtype = options.dtype ?? (natural as D);
    const shape = options.shape ?? [values.length];
    checkShape('ndarray', shape);
    if (sizeOf(shape) !== values.length) {
      throw new RangeError(`ndarray: shape ${showShape(shape)} does not hold ${values.length} elements`);
    }
    return { data: convert(values, dtype), shape: [...shape], dtype };
  }
  const inferred: number[] = [];
  for (let v: NestedNumbers = values; Array.isArray(v); v = v[0] as NestedNumbers) {
    inferred.push(v.length);
    if (v.length === 0) break;
  }
  const flat: (number | bigint | boolean)[] = [];
  collect(values, inferred, 0, flat);
  const shape = options.shape ?? inferred;
  if (sizeOf(shape) !== flat.length) {
    throw new RangeError(`ndarray: shape ${showShape(shape)} does not hold ${flat.length} elements`);
  }
  const dtype = options.dtype ?? ((typeof flat[0] === 'boolean' ? 'bool' : 'float32') as D);
  const data = allocate(dtype, flat.length);
  for (let i = 0; i < flat.length; i++) data[i] = castElement(flat[i], dtype);
  return { data, shape: [...shape], dtype };
}

/** A zero-filled array. */
export function zerosArray<D extends DType = 'float32'>(shape: Shape, dtype: D = 'float32' as D): NDArray<D> {
  checkShape('zerosArray', shape);
  return { data: allocate(dtype, sizeOf(shape)), shape: [...shape], dtype };
}

/** The elements as numbers, flat. */
export function toNumbers(array: NDArray): number[] {
  return Array.from(array.data as ArrayLike<number | bigint>, Number);
}

/** One element as a number: by flat index, 0 unless told. */
export function item(array: NDArray, index = 0): number {
  return Number(array.data[index]);
}

/** The array with its elements converted to `dtype` (the same array when it is that already). */
export function castArray<D extends DType>(array: NDArray, dtype: D): NDArray<D> {
  if (array.dtype === dtype) return array as NDArray<D>;
  return { data: convert(array.data, dtype), shape: array.shape, dtype };
}

function collect(values: NestedNumbers, shape: Shape, depth: number, into: (number | bigint | boolean)[]): void {
  if (!Array.isArray(values)) {
    if (depth !== shape.length) throw new RangeError('ndarray: the nested lists are ragged');
    into.push(values as number | bigint | boolean);
    return;
  }
  if (depth === shape.length || values.length !== shape[depth]) {
    throw new RangeError('ndarray: the nested lists are ragged');
  }
  for (const v of values) collect(v, shape, depth + 1, into);
}

function castElement(value: number | bigint | boolean, dtype: DType): never {
  if (dtype === 'int64') return (typeof value === 'bigint' ? value : BigInt(Math.trunc(Number(value)))) as never;
  if (dtype === 'bool') return (value ? 1 : 0) as never;
  return Number(value) as never;
}

function convert<D extends DType>(data: TypedArray, dtype: D): TypedArrays[D] {
  const natural = dtypeOf(data);
  if (natural === dtype) return data as TypedArrays[D];
  const result = allocate(dtype, data.length);
  for (let i = 0; i < data.length; i++) result[i] = castElement(data[i], dtype);
  return result;
}

function dtypeOf(data: TypedArray): DType {
  for (const dtype of ['float32', 'float64', 'int32', 'int64', 'uint8'] as const) if (holds(dtype, data)) return dtype;
  throw new TypeError(`ndarray: ${Object.prototype.toString.call(data)} is not a supported typed array`);
}
