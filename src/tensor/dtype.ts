/** Element types. `bool` holds 0 or 1 in a `Uint8Array`; `int64` is a `BigInt64Array`. */
export type DType = 'float32' | 'float64' | 'int32' | 'int64' | 'bool' | 'uint8';

/** The typed array that holds elements of each dtype. */
export interface TypedArrays {
  float32: Float32Array;
  float64: Float64Array;
  int32: Int32Array;
  int64: BigInt64Array;
  bool: Uint8Array;
  uint8: Uint8Array;
}

export type TypedArray = TypedArrays[DType];

const constructors = {
  float32: Float32Array,
  float64: Float64Array,
  int32: Int32Array,
  int64: BigInt64Array,
  bool: Uint8Array,
  uint8: Uint8Array,
} as const;

export const dtypes = Object.keys(constructors) as readonly DType[];

/** A zero-filled typed array for `size` elements of `dtype`. */
export function allocate<D extends DType>(dtype: D, size: number): TypedArrays[D] {
  return new constructors[dtype](size) as TypedArrays[D];
}

/** A typed array for `size` elements of `dtype` over memory that `room` gives, so many bytes. */
export function viewOf<D extends DType>(dtype: D, size: number, room: (bytes: number) => ArrayBuffer): TypedArrays[D] {
  const kind = constructors[dtype];
  return new kind(room(size * kind.BYTES_PER_ELEMENT), 0, size) as TypedArrays[D];
}

export function isFloat(dtype: DType): boolean {
  return dtype === 'float32' || dtype === 'float64';
}

export function isInteger(dtype: DType): boolean {
  return dtype === 'int32' || dtype === 'int64' || dtype === 'uint8';
}

export function isDType(name: unknown): name is DType {
  return typeof name === 'string' && Object.hasOwn(constructors, name);
}

/** Whether `data` is the kind of typed array that holds `dtype`. */
export function holds(dtype: DType, data: unknown): boolean {
  return data instanceof constructors[dtype];
}
