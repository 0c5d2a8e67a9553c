import { allocate, broadcastShapes, castArray, type DType, isFloat, type NDArray, sizeOf } from '../tensor/index.js';
import { stridesOf } from '../tensor/shape.js';
import type { Attributes } from '../tensor/tensor.js';

/**
 * Operators on concrete arrays, for the parts of a model that compute shapes, positions and masks: what must be known when the graph is
 * made. By operator type; those that are not here are not computed in advance.
 */
export type HostKernel = (inputs: readonly NDArray[], attributes: Attributes, shape: readonly number[]) => NDArray;

type Element = number | bigint;

function made(dtype: DType, shape: readonly number[], element: (i: number) => Element): NDArray {
  const data = allocate(dtype, sizeOf(shape));
  for (let i = 0; i < data.length; i++) data[i] = element(i) as never;
  return { data, shape, dtype } as NDArray;
}

/** Where element i of `shape` stands in an array that broadcasts to it. */
function broadcastIndex(from: readonly number[], shape: readonly number[]): (i: number) => number {
  if (sizeOf(from) === sizeOf(shape)) return (i) => i;
  const lead = shape.length - from.length;
  const own = stridesOf(from);
  const steps = stridesOf(shape);
  return (i) => {
    let at = 0;
    for (let k = 0; k < from.length; k++)
      if (from[k] !== 1) at += (Math.floor(i / steps[lead + k]) % shape[lead + k]) * own[k];
    return at;
  };
}

function elementwise(fn: (...x: never[]) => Element, dtype?: DType): HostKernel {
  return (inputs) => {
    const shape = broadcastShapes('fold', ...inputs.map((x) => x.shape));
    const at = inputs.map((x) => broadcastIndex(x.shape, shape));
    return made(dtype ?? inputs[inputs.length - 1].dtype, shape, (i) =>
      fn(...(inputs.map((x, k) => x.data[at[k](i)]) as never[])),
    );
  };
}

/** Arithmetic in numbers, and in 64-bit integers where those differ. */
function arithmetic(
  float: (a: number, b: number) => number,
  integer: (a: bigint, b: bigint) => bigint,
  whole?: (a: number, b: number) => number,
): HostKernel {
  const kernels = {
    float: elementwise(float),
    int64: elementwise((a: bigint, b: bigint) => BigInt.asIntN(64, integer(a, b))),
    whole: elementwise(whole ?? float),
  };
  return (inputs, attributes, shape) => {
    const { dtype } = inputs[0];
    return kernels[isFloat(dtype) ? 'float' : dtype === 'int64' ? 'int64' : 'whole'](inputs, attributes, shape);
  };
}

function divisor<T extends Element>(value: T): T {
  if (!value) throw new RangeError('division by zero');
  return value;
}

const unary = (float: (x: number) => number): HostKernel => elementwise(float);
const comparison = (holds: (a: Element, b: Element) => boolean): HostKernel =>
  elementwise((a: Element, b: Element) => (holds(a, b) ? 1 : 0), 'bool');
const logical = (fn: (a: number, b: number) => number): HostKernel => elementwise(fn, 'bool');

/** An array whose element i is element `from(i)` of another. */
function moved({ data, dtype }: NDArray, shape: readonly number[], from: (i: number) => number): NDArray {
  return made(dtype, shape, (i) => data[from(i)]);
}

const numbers = (x: NDArray): number[] => Array.from(x.data as ArrayLike<Element>, Number);

function transpose([x]: readonly NDArray[], { perm }: Attributes, shape: readonly number[]): NDArray {
  const own = stridesOf(x.shape);
  const steps = stridesOf(shape);
  const axes = perm as readonly number[];
  return moved(x, shape, (i) =>
    axes.reduce((at, axis, k) => at + (Math.floor(i / steps[k]) % shape[k]) * own[axis], 0),
  );
}

function slice([x, starts, , axes, steps]: readonly NDArray[], _: Attributes, shape: readonly number[]): NDArray {
  const own = stridesOf(x.shape);
  const [from, along, by] = [starts, axes, steps].map(numbers);
  const first = shape.map((_, k) => {
    const at = along.indexOf(k);
    if (at < 0) return [0, 1];
    return [from[at] < 0 ? from[at] + x.shape[k] : from[at], by[at]];
  });
  const strides = stridesOf(shape);
  return moved(x, shape, (i) =>
    first.reduce((at, [start, step], k) => at + (start + (Math.floor(i / strides[k]) % shape[k]) * step) * own[k], 0),
  );
}

function concat(inputs: readonly NDArray[], { axis }: Attributes, shape: readonly number[]): NDArray {
  const along = axis as number;
  const result = allocate(inputs[0].dtype, sizeOf(shape));
  const blocks = sizeOf(shape.slice(0, along));
  let offset = 0;
  for (const x of inputs) {
    const length = sizeOf(x.shape.slice(along));
    for (let b = 0; b < blocks; b++)
      (result as Float64Array).set(
        x.data.subarray(b * length, (b + 1) * length) as Float64Array,
        b * sizeOf(shape.slice(along)) + offset,
      );
    offset += length;
  }
  return { data: result, shape, dtype: inputs[0].dtype } as NDArray;
}

function position(index: number, n: number): number {
  const at = index < 0 ? index + n : index;
  if (!(at >= 0 && at < n)) throw new RangeError(`index ${index} is out of range for an axis of length ${n}`);
  return at;
}

function gather([x, indices]: readonly NDArray[], { axis }: Attributes, shape: readonly number[]): NDArray {
  const along = axis as number;
  const inner = sizeOf(x.shape.slice(along + 1));
  const at = numbers(indices).map((i) => position(i, x.shape[along]));
  return moved(x, shape, (i) => {
    const block = Math.floor(i / inner / at.length);
    return (block * x.shape[along] + at[Math.floor(i / inner) % at.length]) * inner + (i % inner);
  });
}

function gatherND([x, indices]: readonly NDArray[], _: Attributes, shape: readonly number[]): NDArray {
  const depth = indices.shape[indices.shape.length - 1];
  const own = stridesOf(x.shape);
  const inner = sizeOf(x.shape.slice(depth));
  const at = numbers(indices);
  return moved(x, shape, (i) => {
    const tuple = Math.floor(i / inner) * depth;
    let from = i % inner;
    for (let k = 0; k < depth; k++) from += position(at[tuple + k], x.shape[k]) * own[k];
    return from;
  });
}

function gatherElements([x, indices]: readonly NDArray[], { axis }: Attributes, shape: readonly number[]): NDArray {
  const along = axis as number;
  const own = stridesOf(x.shape);
  const steps = stridesOf(shape);
  const at = numbers(indices);
  return moved(x, shape, (i) =>
    shape.reduce(
      (from, n, k) => from + (k === along ? position(at[i], x.shape[k]) : Math.floor(i / steps[k]) % n) * own[k],
      0,
    ),
  );
}

function scatterND([x, indices, updates]: readonly NDArray[]): NDArray {
  const depth = indices.shape[indices.shape.length - 1];
  const own = stridesOf(x.shape);
  const inner = sizeOf(x.shape.slice(depth));
  const at = numbers(indices);
  const data = x.data.slice();
  for (let i = 0; i < updates.data.length; i++) {
    const tuple = Math.floor(i / inner) * depth;
    let to = i % inner;
    for (let k = 0; k < depth; k++) to += position(at[tuple + k], x.shape[k]) * own[k];
    data[to] = updates.data[i] as never;
  }
  return { ...x, data } as NDArray;
}

function reduction(
  step: (total: Element, x: Element) => Element,
  finish?: (total: number, n: number) => number,
): HostKernel {
  return ([x, axes], _, shape) => {
    const gone = new Set(numbers(axes));
    const kept = x.shape.map((n, k) => (gone.has(k) ? 1 : n));
    const to = broadcastIndex(kept, x.shape);
    const totals: (Element | undefined)[] = new Array(sizeOf(kept)).fill(undefined);
    for (let i = 0; i < x.data.length; i++) {
      const known = totals[to(i)];
      totals[to(i)] = known === undefined ? x.data[i] : step(known, x.data[i]);
    }
    const n = x.data.length / Math.max(1, totals.length);
    return made(x.dtype, shape, (i) => {
      const total = totals[i] ?? (x.dtype === 'int64' ? 0n : 0);
      return finish ? finish(Number(total), n) : total;
    });
  };
}

const plus = (a: Element, b: Element): Element => ((a as number) + (b as number)) as Element;
const times = (a: Element, b: Element): Element => ((a as number) * (b as number)) as Element;

function cumsum([x, axis]: readonly NDArray[], { exclusive, reverse }: Attributes): NDArray {
  const along = Number(axis.data[0]);
  const n = x.shape[along];
  const inner = sizeOf(x.shape.slice(along + 1));
  const result = allocate(x.dtype, x.data.length);
  const zero = x.dtype === 'int64' ? 0n : 0;
  for (let block = 0; block < x.data.length / Math.max(1, n); block++) {
    const start = Math.floor(block / inner) * n * inner + (block % inner);
    let total: Element = zero;
    for (let k = 0; k < n; k++) {
      const at = start + (reverse ? n - 1 - k : k) * inner;
      const next = plus(total, x.data[at]);
      result[at] = (exclusive ? total : next) as never;
      total = next;
    }
  }
  return { ...x, data: result } as NDArray;
}

function pad([x, pads, value]: readonly NDArray[], _: Attributes, shape: readonly number[]): NDArray {
  const before = numbers(pads);
  const own = stridesOf(x.shape);
  const steps = stridesOf(shape);
  return made(x.dtype, shape, (i) => {
    let at = 0;
    for (let k = 0; k < shape.length; k++) {
      const p = (Math.floor(i / steps[k]) % shape[k]) - before[k];
      if (p < 0 || p >= x.shape[k]) return value.data[0];
      at += p * own[k];
    }
    return x.data[at];
  });
}

function trilu([x, k]: readonly NDArray[], { upper }: Attributes): NDArray {
  const [rows, columns] = x.shape.slice(-2);
  const diagonal = Number(k.data[0]);
  const zero = x.dtype === 'int64' ? 0n : 0;
  return made(x.dtype, x.shape, (i) => {
    const offset = (i % columns) - (Math.floor(i / columns) % rows);
    return (upper ? offset >= diagonal : offset <= diagonal) ? x.data[i] : zero;
  });
}

/** The nearest integer, halves to even. */
export function roundHalfEven(x: number): number {
  const r = Math.round(x);
  return Math.abs(x % 1) === 0.5 && r % 2 !== 0 ? r - 1 : r;
}

const floorMod = (a: number, b: number) => a - Math.floor(a / divisor(b)) * b;
const smaller = (a: Element, b: Element): Element => (b < a ? b : a);
const larger = (a: Element, b: Element): Element => (b > a ? b : a);

export const hostKernels: Readonly<Record<string, HostKernel>> = {
  Add: arithmetic(
    (a, b) => a + b,
    (a, b) => a + b,
  ),
  Sub: arithmetic(
    (a, b) => a - b,
    (a, b) => a - b,
  ),
  Mul: arithmetic(
    (a, b) => a * b,
    (a, b) => a * b,
    Math.imul,
  ),
  Div: arithmetic(
    (a, b) => a / b,
    (a, b) => a / divisor(b),
    (a, b) => Math.trunc(a / divisor(b)),
  ),
  Mod: arithmetic(floorMod, (a, b) => ((a % divisor(b)) + b) % b),
  Pow: arithmetic(
    (a, b) => a ** b,
    (a, b) => a ** b,
  ),
  Max: elementwise(larger as never),
  Min: elementwise(smaller as never),
  Neg: elementwise(((x: number) => -x) as never),
  Abs: elementwise(((x: Element) => (x < 0 ? -x : x)) as never),
  Sign: elementwise(((x: Element) =>
    typeof x === 'bigint' ? BigInt(Number(x > 0n) - Number(x < 0n)) : Math.sign(x)) as never),
  Floor: unary(Math.floor),
  Ceil: unary(Math.ceil),
  Round: unary(roundHalfEven),
  Sqrt: unary(Math.sqrt),
  Exp: unary(Math.exp),
  Log: unary(Math.log),
  Sin: unary(Math.sin),
  Cos: unary(Math.cos),
  Reciprocal: unary((x) => 1 / x),
  Relu: unary((x) => Math.max(x, 0)),
  Equal: comparison((a, b) => a === b),
  Greater: comparison((a, b) => a > b),
  GreaterOrEqual: comparison((a, b) => a >= b),
  Less: comparison((a, b) => a < b),
  LessOrEqual: comparison((a, b) => a <= b),
  And: logical((a, b) => a & b),
  Or: logical((a, b) => a | b),
  Xor: logical((a, b) => a ^ b),
  Not: elementwise((a: number) => 1 - a, 'bool'),
  Where: elementwise(((condition: number, a: Element, b: Element) => (condition ? a : b)) as never),
  Cast: ([x], { to }) => {
    const dtype = to as DType;
    if (!isFloat(x.dtype) || isFloat(dtype) || dtype === 'bool') return castArray(x, dtype);
    // What no integer holds becomes the smallest one, as processors have it.
    const least = dtype === 'int64' ? -(2 ** 63) : dtype === 'int32' ? -(2 ** 31) : 0;
    const most = dtype === 'int64' ? 2 ** 63 : dtype === 'int32' ? 2 ** 31 : 256;
    const whole = made('float64', x.shape, (i) => {
      const value = Math.trunc(Number(x.data[i]));
      return value >= least && value < most ? value || 0 : least;
    });
    return castArray(whole, dtype);
  },
  Reshape: ([x], _, shape) => ({ ...x, shape }),
  Expand: ([x], _, shape) => moved(x, shape, broadcastIndex(x.shape, shape)),
  Transpose: transpose,
  Slice: slice,
  Concat: concat,
  Gather: gather,
  GatherND: gatherND,
  GatherElements: gatherElements,
  ScatterND: scatterND,
  ReduceSum: reduction(plus),
  ReduceProd: reduction(times),
  ReduceMax: reduction(larger),
  ReduceMin: reduction(smaller),
  ReduceMean: reduction(plus, (total, n) => total / n),
  CumSum: cumsum,
  Pad: pad,
  Trilu: trilu,
  Clip: ([x, low, high]) =>
    made(x.dtype, x.shape, (i) => {
      let value: Element = x.data[i];
      if (low) value = larger(value, low.data[0]);
      return high ? smaller(value, high.data[0]) : value;
    }),
};
