import { isFloat } from '../dtype.js';
import { normalizeAxes, normalizeAxis, type Shape, showShape, sizeOf } from '../shape.js';
import { apply, type Inputs, type Operator, type Tensor } from '../tensor.js';
import { constant, int64s, integersOf, requireArithmetic, requireFloat, splatOf } from './constant.js';

/** Axes as one number or several; all of them when left out. */
export type Axes = number | readonly number[];

export interface ReduceOptions {
  /** Keep the reduced axes with length 1. Default false. */
  readonly keepDims?: boolean;
}

/** Reductions keep their axes with length 1 in the graph; dropping them is a reshape of its own. */
type ReduceAttributes = { readonly keepdims: number };

function reducedShape(type: string, [x, axes]: Inputs): number[] {
  const gone = new Set(integersOf(type, axes));
  return x.shape.map((n, i) => (gone.has(i) ? 1 : n));
}

function reduction(
  type: string,
  vjp: (ct: Tensor, x: Tensor, y: Tensor, axes: number[]) => Tensor,
  ofSplat?: (value: number, count: number) => number,
): Operator<ReduceAttributes> {
  return {
    type,
    domain: '',
    infer: (inputs) => {
      requireArithmetic(type, inputs[0], { uint8: type === 'ReduceMax' || type === 'ReduceMin' });
      return { shape: reducedShape(type, inputs), dtype: inputs[0].dtype };
    },
    vjp: ([ct], { inputs: [x, axes], output }) => [
      isFloat(x.dtype) ? vjp(ct, x, output, integersOf(type, axes)) : undefined,
    ],
    simplify: (inputs) => {
      const [x, axes] = inputs;
      const shape = reducedShape(type, inputs);
      const count = integersOf(type, axes).reduce((product, axis) => product * x.shape[axis], 1);
      if (count === 1) return x;
      const value = splatOf(x);
      return value !== undefined && ofSplat && isFloat(x.dtype)
        ? constant(ofSplat(value, count), x.dtype).broadcastTo(shape)
        : undefined;
    },
  };
}

const plainSum = reduction(
  'ReduceSum',
  (ct, x) => ct.broadcastTo(x.shape),
  (value, count) => value * count,
);
const ReduceSum: typeof plainSum = {
  ...plainSum,
  simplify: (inputs, attributes) => {
    const [x, axes] = inputs;
    // The smaller of the two is turned round.
    if (x.node.operator.type === 'Neg') return apply(ReduceSum, [x.node.inputs[0], axes], attributes).neg();
    const scattered = scatteredAlong(x, integersOf('ReduceSum', axes));
    return scattered ? apply(ReduceSum, [scattered, axes], attributes) : plainSum.simplify?.(inputs, attributes);
  },
};

/** What is added up in zeros along one axis, where it is to be summed along that axis. */
function scatteredAlong({ node, shape }: Tensor, axes: readonly number[]): Tensor | undefined {
  const { operator, inputs, attributes } = node;
  const sparse = operator.type === 'ScatterElements' && attributes.reduction === 'add' && splatOf(inputs[0]) === 0;
  if (!sparse || axes.length !== 1 || axes[0] !== attributes.axis) return undefined;
  return inputs[2].shape.every((n, i) => n === shape[i] || i === axes[0]) ? inputs[2] : undefined;
}
const ReduceMean = reduction(
  'ReduceMean',
  (ct, x) => ct.div(x.size / ct.size).broadcastTo(x.shape),
  (value) => value,
);
const ReduceMax = reduction('ReduceMax', shareAmongTies, (value) => value);
const ReduceMin = reduction('ReduceMin', shareAmongTies, (value) => value);
const ReduceProd = reduction('ReduceProd', productCotangent);

/** The cotangent to the elements that attain the extreme, in equal parts where they tie. */
function shareAmongTies(ct: Tensor, x: Tensor, y: Tensor, axes: number[]): Tensor {
  const attained = x.equal(y).cast(x.dtype);
  return attained.mul(ct.div(attained.sum(axes, { keepDims: true })));
}

/** The product of all other elements, formed without division so that zeros are exact: O(n^2) for n elements. */
function productCotangent(ct: Tensor, x: Tensor, _: Tensor, axes: number[]): Tensor {
  const kept = x.shape.map((_, i) => i).filter((i) => !axes.includes(i));
  const order = [...kept, ...axes];
  const lead = kept.map((i) => x.shape[i]);
  const n = sizeOf(axes.map((i) => x.shape[i]));
  const rows = x
    .transpose(order)
    .reshape([...lead, 1, n])
    .broadcastTo([...lead, n, n]);
  const same = constant(Array.from({ length: n }, (_, i) => Array.from({ length: n }, (_, j) => i === j)));
  const others = same
    .where(1, rows)
    .prod(-1)
    .reshape(order.map((i) => x.shape[i]));
  return ct.mul(others.transpose(order.map((_, i) => order.indexOf(i))));
}

function reduce(
  who: string,
  operator: Operator<ReduceAttributes>,
  x: Tensor,
  axes: Axes | undefined,
  options: ReduceOptions = {},
): Tensor {
  const list = normalizeAxes(who, axes, x.rank);
  const y = list.length === 0 ? x : apply(operator, [x, int64s(list)], { keepdims: 1 });
  return options.keepDims ? y : y.reshape(x.shape.filter((_, i) => !list.includes(i)));
}

/** The sum over `axes` (all by default). */
export const sum = (x: Tensor, axes?: Axes, options?: ReduceOptions): Tensor =>
  reduce('sum', ReduceSum, x, axes, options);
/** The product over `axes`. Its derivative is exact at zeros and costs O(n^2) for n elements reduced. */
export const prod = (x: Tensor, axes?: Axes, options?: ReduceOptions): Tensor =>
  reduce('prod', ReduceProd, x, axes, options);

/** The mean over `axes` (all by default). @throws RangeError when there is nothing to average. */
export function mean(x: Tensor, axes?: Axes, options?: ReduceOptions): Tensor {
  requireFloat('mean', 'x', x);
  requireElements('mean', x, axes);
  return reduce('mean', ReduceMean, x, axes, options);
}

/** The largest element over `axes`; elements that tie share the cotangent. */
export function max(x: Tensor, axes?: Axes, options?: ReduceOptions): Tensor {
  requireElements('max', x, axes);
  return reduce('max', ReduceMax, x, axes, options);
}

/** The smallest element over `axes`; elements that tie share the cotangent. */
export function min(x: Tensor, axes?: Axes, options?: ReduceOptions): Tensor {
  requireElements('min', x, axes);
  return reduce('min', ReduceMin, x, axes, options);
}

function requireElements(who: string, x: Tensor, axes: Axes | undefined): void {
  if (sizeOf(normalizeAxes(who, axes, x.rank).map((i) => x.shape[i])) === 0) {
    throw new RangeError(`${who}: x ${showShape(x.shape)} has no elements to reduce`);
  }
}

/** The variance over `axes`: the mean squared deviation, with n - `correction` in place of n (default 0). */
export function variance(
  x: Tensor,
  axes?: Axes,
  options: ReduceOptions & { readonly correction?: number } = {},
): Tensor {
  const list = normalizeAxes('variance', axes, x.rank);
  const n = sizeOf(list.map((i) => x.shape[i]));
  const { correction = 0 } = options;
  if (n - correction <= 0)
    throw new RangeError(`variance: ${n} elements with correction ${correction} leave nothing to divide by`);
  const squares = x.sub(x.mean(list, { keepDims: true })).square();
  return correction === 0 ? squares.mean(list, options) : squares.sum(list, options).div(n - correction);
}

/** Whether any element over `axes` is true. */
export const any = (x: Tensor, axes?: Axes, options?: ReduceOptions): Tensor =>
  x.cast('int32').max(axes, options).cast('bool');
/** Whether all elements over `axes` are true. */
export const all = (x: Tensor, axes?: Axes, options?: ReduceOptions): Tensor =>
  x.cast('int32').min(axes, options).cast('bool');

/**
 * log(sum(exp(x))) over `axes`, with the largest element taken out first so that nothing overflows. `where` masks elements out
 * (weight zero); a row with none left is -infinity, with a zero gradient.
 */
export function logSumExp(x: Tensor, axes?: Axes, options: ReduceOptions & { readonly where?: Tensor } = {}): Tensor {
  requireFloat('logSumExp', 'x', x);
  const list = normalizeAxes('logSumExp', axes, x.rank);
  const lowest = -Infinity;
  const masked = options.where ? options.where.where(x, lowest) : x;
  const peak = masked.max(list, { keepDims: true }).stopGradient();
  // An infinite peak would make infinity minus infinity.
  const shift = peak.isFinite().where(peak, 0);
  const total = masked.sub(shift).exp().sum(list, { keepDims: true });
  const empty = total.equal(0);
  const result = empty.where(lowest, empty.where(1, total).log().add(shift));
  return options.keepDims ? result : result.reshape(x.shape.filter((_, i) => !list.includes(i)));
}

function normalized(type: string, vjp: (ct: Tensor, y: Tensor, axis: number) => Tensor): Operator<{ axis: number }> {
  return {
    type,
    domain: '',
    infer: ([x]) => {
      requireFloat(type, 'x', x);
      return { shape: x.shape, dtype: x.dtype };
    },
    vjp: ([ct], { output, attributes }) => [vjp(ct, output, attributes.axis)],
  };
}

const Softmax = normalized('Softmax', (ct, y, axis) => {
  const weighted = ct.mul(y);
  return weighted.sub(y.mul(weighted.sum(axis, { keepDims: true })));
});
const LogSoftmax = normalized('LogSoftmax', (ct, y, axis) =>
  ct.add(y.exp().mul(ct.sum(axis, { keepDims: true }).neg())),
);

/** exp(x) / sum(exp(x)) along `axis` (default the last). */
export function softmax(x: Tensor, axis = -1): Tensor {
  return apply(Softmax, [x], { axis: normalizeAxis('softmax', axis, x.rank) });
}

/** x - log(sum(exp(x))) along `axis` (default the last). */
export function logSoftmax(x: Tensor, axis = -1): Tensor {
  return apply(LogSoftmax, [x], { axis: normalizeAxis('logSoftmax', axis, x.rank) });
}

const CumSum: Operator<{ exclusive: number; reverse: number }> = {
  type: 'CumSum',
  domain: '',
  infer: ([x]) => {
    requireArithmetic('CumSum', x);
    return { shape: x.shape, dtype: x.dtype };
  },
  vjp: ([ct], { inputs: [, axis], attributes }) => [
    apply(CumSum, [ct, axis], { ...attributes, reverse: 1 - attributes.reverse }),
  ],
};

/** The running sum along `axis`; `exclusive` leaves the element itself out, `reverse` runs from the end. */
export function cumsum(
  x: Tensor,
  axis = -1,
  options: { readonly exclusive?: boolean; readonly reverse?: boolean } = {},
): Tensor {
  const along = normalizeAxis('cumsum', axis, x.rank);
  return apply(CumSum, [x, int64s([along]).reshape([])], {
    exclusive: options.exclusive ? 1 : 0,
    reverse: options.reverse ? 1 : 0,
  });
}

/**
 * The p-norm over `axes`: (sum |x|^p)^(1/p), default p = 2; p = 1 and Infinity are exact forms. For p = 2 the gradient at the
 * zero vector, where the norm has none, is 0.
 */
export function norm(x: Tensor, axes?: Axes, options: ReduceOptions & { readonly p?: number } = {}): Tensor {
  const { p = 2 } = options;
  if (!(p > 0)) throw new RangeError(`norm: p ${p} must be positive`);
  if (p === 1) return x.abs().sum(axes, options);
  if (p === Infinity) return x.abs().max(axes, options);
  const powers = (p === 2 ? x.square() : x.abs().pow(p)).sum(axes, options);
  const zero = powers.equal(0);
  // The inner `where` keeps the root's infinite slope at 0 out of the gradient.
  return zero.where(0, zero.where(1, powers).pow(1 / p));
}

/** `x` divided by its p-norm along `axis` (default 2-norm, last axis), the norm taken as at least `epsilon` (default 1e-12). */
export function normalize(
  x: Tensor,
  axis = -1,
  options: { readonly p?: number; readonly epsilon?: number } = {},
): Tensor {
  return x.div(x.norm(axis, { p: options.p, keepDims: true }).maximum(options.epsilon ?? 1e-12));
}

const ArgMax: Operator<{ axis: number; keepdims: number; select_last_index: number }> = {
  type: 'ArgMax',
  domain: '',
  infer: ([x], { axis }) => ({ shape: x.shape.map((n, i) => (i === axis ? 1 : n)) as Shape, dtype: 'int64' }),
};
const ArgMin: typeof ArgMax = { ...ArgMax, type: 'ArgMin' };

function argExtreme(who: string, operator: typeof ArgMax, x: Tensor, axis: number, options: ReduceOptions): Tensor {
  const along = normalizeAxis(who, axis, x.rank);
  requireArithmetic(who, x, { uint8: true });
  requireElements(who, x, along);
  const y = apply(operator, [x], { axis: along, keepdims: 1, select_last_index: 0 }).cast('int32');
  return options.keepDims ? y : y.squeeze(along);
}

/** The position of the largest element along `axis` (the first where several tie), as int32. */
export const argmax = (x: Tensor, axis = -1, options: ReduceOptions = {}): Tensor =>
  argExtreme('argmax', ArgMax, x, axis, options);
/** The position of the smallest element along `axis` (the first where several tie), as int32. */
export const argmin = (x: Tensor, axis = -1, options: ReduceOptions = {}): Tensor =>
  argExtreme('argmin', ArgMin, x, axis, options);
