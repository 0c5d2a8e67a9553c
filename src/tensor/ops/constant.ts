import { type NDArray, type NestedNumbers, ndarray } from '../array.js';
import { type DType, isFloat } from '../dtype.js';
import { checkShape, type Shape, sizeOf } from '../shape.js';
import { apply, constantOf, isTensor, type Operator, type Spec, type Tensor } from '../tensor.js';

/** Anything an elementwise operator takes beside a tensor: numbers become constants of the tensor's dtype. */
export type TensorLike = Tensor | number | boolean;

export const Constant: Operator<{ value: NDArray }> = {
  type: 'Constant',
  domain: '',
  infer: (_, { value }): Spec => ({ shape: value.shape, dtype: value.dtype }),
};

/** An input of the program; made by the tracer, never by users. */
export const Input: Operator<{ name: string; shape: readonly number[]; dtype: string }> = {
  type: 'Input',
  domain: 'cotangent',
  distinct: true,
  infer: (_, { shape, dtype }): Spec => ({ shape, dtype: dtype as DType }),
};

/** A fresh program input of the given shape and dtype. */
export function input(name: string, shape: Shape, dtype: DType): Tensor {
  checkShape('input', shape);
  return apply(Input, [], { name, shape: [...shape], dtype });
}

/**
 * A constant tensor: from a number, nested lists, or concrete numbers.
 *
 * @param dtype of nested lists and numbers; default `float32` (`bool` for booleans).
 */
export function constant(value: NDArray | NestedNumbers, dtype?: DType): Tensor {
  const isArray = typeof value === 'object' && 'data' in value;
  return apply(Constant, [], { value: isArray ? value : ndarray(value, { dtype }) });
}

/** `value` itself when it is a tensor, else a scalar constant of `dtype`. */
export function asTensor(value: TensorLike, dtype: DType): Tensor {
  return isTensor(value) ? value : constant(value, dtype);
}

/** A one-dimensional int64 constant: how ONNX takes shapes, axes and bounds. */
export function int64s(values: readonly number[]): Tensor {
  return constant({ data: BigInt64Array.from(values, BigInt), shape: [values.length], dtype: 'int64' });
}

/** The integers of a constant input, such as a shape or axes. */
export function integersOf(who: string, tensor: Tensor): number[] {
  const value = constantOf(tensor);
  if (!value) throw new TypeError(`${who}: its ${tensor.dtype} input must be a constant`);
  return Array.from(value.data as ArrayLike<number | bigint>, Number);
}

/** The one value of a tensor whose elements are known to be all equal: a constant of one element, or an expanded one. */
export function splatOf(tensor: Tensor): number | undefined {
  const value = constantOf(tensor);
  if (value) return value.data.length === 1 && value.dtype !== 'int64' ? Number(value.data[0]) : undefined;
  return tensor.node.operator.type === 'Expand' ? splatOf(tensor.node.inputs[0]) : undefined;
}

/** A tensor whose elements are all `value`. */
export function full(shape: Shape, value: number | boolean, dtype?: DType): Tensor {
  checkShape('full', shape);
  return constant(value, dtype).broadcastTo(shape);
}

/** Zeros; default float32. */
export function zeros(shape: Shape, dtype: DType = 'float32'): Tensor {
  return full(shape, 0, dtype);
}

/** Ones; default float32. */
export function ones(shape: Shape, dtype: DType = 'float32'): Tensor {
  return full(shape, 1, dtype);
}

/** Zeros of the shape and dtype of `x`. */
export function zerosLike(x: Tensor): Tensor {
  return zeros(x.shape, x.dtype);
}

/** Ones of the shape and dtype of `x`. */
export function onesLike(x: Tensor): Tensor {
  return ones(x.shape, x.dtype);
}

/** `start, start + step, ...` below `stop`, one-dimensional; `arange(n)` counts from 0. Default int32. */
export function arange(start: number, stop?: number, step = 1, dtype: DType = 'int32'): Tensor {
  const [from, to] = stop === undefined ? [0, start] : [start, stop];
  if (step === 0) throw new RangeError('arange: step must not be 0');
  const size = Math.max(0, Math.ceil((to - from) / step));
  return constant(Array.from({ length: size }, (_, i) => from + i * step) as NestedNumbers, dtype);
}

/** `count` evenly spaced numbers from `start` to `stop`, both included. Default float32. */
export function linspace(start: number, stop: number, count: number, dtype: DType = 'float32'): Tensor {
  if (!Number.isInteger(count) || count < 1)
    throw new RangeError(`linspace: count ${count} must be a positive integer`);
  const step = count === 1 ? 0 : (stop - start) / (count - 1);
  return constant(Array.from({ length: count }, (_, i) => start + i * step) as NestedNumbers, dtype);
}

/** The n x m matrix (m defaults to n) with ones on its main diagonal. */
export function eye(n: number, m = n, dtype: DType = 'float32'): Tensor {
  const data = Array.from({ length: n }, (_, i) => Array.from({ length: m }, (_, j) => (i === j ? 1 : 0)));
  return sizeOf([n, m]) === 0 ? zeros([n, m], dtype) : constant(data, dtype);
}

/** Throws naming `who` unless all tensors have one dtype. */
export function sameDType(who: string, tensors: readonly Tensor[]): DType {
  const [first, ...rest] = tensors;
  for (const other of rest) {
    if (other.dtype !== first.dtype) {
      throw new TypeError(`${who}: dtypes ${tensors.map((t) => t.dtype).join(' and ')} differ; cast one of them`);
    }
  }
  return first.dtype;
}

/** Throws naming `who` and the argument unless the tensor is floating point. */
export function requireFloat(who: string, name: string, x: Tensor): void {
  if (!isFloat(x.dtype)) throw new TypeError(`${who}: ${name} must be float32 or float64, not ${x.dtype}`);
}

/** Throws naming `who` where the dtype is not one that arithmetic is done in: bool never is, uint8 where ONNX leaves it out. */
export function requireArithmetic(who: string, x: Tensor, { uint8 = false } = {}): void {
  if (x.dtype === 'bool' || (x.dtype === 'uint8' && !uint8))
    throw new TypeError(`${who}: ${x.dtype} is not supported; cast it first`);
}
