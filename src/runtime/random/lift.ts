import {
  allocate,
  type DType,
  hostOp,
  isTensor,
  type NDArray,
  type Shape,
  sizeOf,
  type Tensor,
} from '../../tensor/index.js';
import { checkShape } from '../../tensor/shape.js';
import type { Attributes } from '../../tensor/tensor.js';
import type { Draw } from './draw.js';
import { type Key, requireKey, wordsOf } from './key.js';

export type FloatDType = 'float32' | 'float64';

/** Concrete numbers for a concrete key, a tensor for a symbolic one. */
export type Drawn<K, D extends DType> = K extends Tensor ? Tensor : NDArray<D>;

type Drawable = Float32Array | Float64Array | Int32Array | Uint8Array;

/** A draw as a function of both kinds of keys: on concrete ones it runs at once, on symbolic ones as a host operator. */
export function lift<P extends Attributes>(name: string, draw: Draw<P>) {
  const fill = (key: NDArray, shape: Shape, dtype: DType, params: P): NDArray => {
    const [k0, k1] = wordsOf(name, key);
    const data = allocate(dtype, sizeOf(shape));
    draw(k0, k1, data as Drawable, params);
    return { data, shape, dtype };
  };
  const symbolic = hostOp<P & { shape: readonly number[]; dtype: string }>({
    name: `random.${name}`,
    infer: (_, { shape, dtype }) => ({ shape, dtype: dtype as DType }),
    run: ([key], { shape, dtype, ...params }) => [fill(key, shape, dtype as DType, params as unknown as P)],
  });
  return <K extends Key | Tensor, D extends DType>(key: K, shape: Shape, dtype: D, params: P): Drawn<K, D> => {
    checkShape(name, shape);
    if (!isTensor(key)) return fill(key, [...shape], dtype, params) as Drawn<K, D>;
    requireKey(name, key);
    return symbolic([key], { ...params, shape: [...shape], dtype })[0] as Drawn<K, D>;
  };
}

/** @throws RangeError with the message unless the condition holds. */
export function check(condition: boolean, message: () => string): void {
  if (!condition) throw new RangeError(message());
}
