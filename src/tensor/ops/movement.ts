import {
  broadcastShapes,
  checkShape,
  normalizeAxes,
  normalizeAxis,
  type Shape,
  sameShape,
  showShape,
  sizeOf,
} from '../shape.js';
import { apply, constantOf, type Operator, type Tensor } from '../tensor.js';
import { constant, int64s, integersOf, splatOf } from './constant.js';

const Reshape: Operator<{ allowzero: number }> = {
  type: 'Reshape',
  domain: '',
  infer: ([x, shape]) => ({ shape: integersOf('Reshape', shape), dtype: x.dtype }),
  vjp: ([ct], { inputs: [x] }) => [ct.reshape(x.shape)],
  simplify: ([x, shape]) => {
    const target = integersOf('Reshape', shape);
    if (sameShape(target, x.shape)) return x;
    const { operator, inputs } = x.node;
    if (operator.type === 'Reshape') return inputs[0].reshape(target);
    if (operator.type === 'Expand' && splatOf(x) !== undefined)
      return constant(splatOf(x) as number, x.dtype).broadcastTo(target);
    const value = constantOf(x);
    return value ? constant({ ...value, shape: target }) : undefined;
  },
};

/** The elements of `x` in the same order under another shape; one entry may be -1 and is worked out. */
export function reshape(x: Tensor, shape: Shape): Tensor {
  const target = [...shape];
  const open = target.indexOf(-1);
  if (open >= 0) {
    const rest = sizeOf(target.filter((_, i) => i !== open));
    target[open] = rest === 0 ? 0 : x.size / rest;
  }
  if (sizeOf(target) !== x.size || target.some((n) => !Number.isInteger(n) || n < 0)) {
    throw new RangeError(`reshape: x ${showShape(x.shape)} does not fit the shape ${showShape(shape)}`);
  }
  return apply(Reshape, [x, int64s(target)], { allowzero: x.size === 0 ? 1 : 0 });
}

/** All axes from `start` to `stop` (both included) as one; by default the whole tensor as one axis. */
export function flatten(x: Tensor, start = 0, stop = -1): Tensor {
  if (x.rank === 0) return x.reshape([1]);
  const from = normalizeAxis('flatten', start, x.rank);
  const to = normalizeAxis('flatten', stop, x.rank);
  if (from > to) throw new RangeError(`flatten: start ${start} is after stop ${stop}`);
  return x.reshape([...x.shape.slice(0, from), sizeOf(x.shape.slice(from, to + 1)), ...x.shape.slice(to + 1)]);
}

/** A new axis of length 1 before each of `axes`, counted in the result. */
export function expandDims(x: Tensor, axes: number | readonly number[]): Tensor {
  const list = typeof axes === 'number' ? [axes] : axes;
  const added = new Set(normalizeAxes('expandDims', list, x.rank + list.length));
  let next = 0;
  return x.reshape(Array.from({ length: x.rank + list.length }, (_, i) => (added.has(i) ? 1 : x.shape[next++])));
}

/** Without the axes of length 1 given (all of them by default). */
export function squeeze(x: Tensor, axes?: number | readonly number[]): Tensor {
  const ones = x.shape.flatMap((n, i) => (n === 1 ? [i] : []));
  const gone = new Set(axes === undefined ? ones : normalizeAxes('squeeze', axes, x.rank));
  for (const axis of gone) {
    if (x.shape[axis] !== 1) throw new RangeError(`squeeze: axis ${axis} of x ${showShape(x.shape)} is not 1`);
  }
  return x.reshape(x.shape.filter((_, i) => !gone.has(i)));
}

const Transpose: Operator<{ perm: readonly number[] }> = {
  type: 'Transpose',
  domain: '',
  infer: ([x], { perm }) => ({ shape: perm.map((axis) => x.shape[axis]), dtype: x.dtype }),
  vjp: ([ct], { attributes: { perm } }) => [ct.transpose(inverse(perm))],
  simplify: ([x], { perm }) => {
    if (perm.every((axis, i) => axis === i)) return x;
    const { operator, inputs, attributes } = x.node;
    if (operator.type === 'Transpose') {
      const first = attributes.perm as number[];
      return inputs[0].transpose(perm.map((axis) => first[axis]));
    }
    const shape = perm.map((axis) => x.shape[axis]);
    if (operator.type === 'Expand' && splatOf(x) !== undefined) return inputs[0].broadcastTo(shape);
    // Axes of length 1 may go anywhere without an element moving.
    const long = perm.filter((axis) => x.shape[axis] !== 1);
    return long.every((axis, i) => i === 0 || long[i - 1] < axis) ? x.reshape(shape) : undefined;
  },
};

function inverse(perm: readonly number[]): number[] {
  const result = new Array<number>(perm.length);
  perm.forEach((axis, i) => {
    result[axis] = i;
  });
  return result;
}

/** Axis i of the result is axis `perm[i]` of `x`; by default all axes in reverse. */
export function transpose(x: Tensor, perm?: readonly number[]): Tensor {
  const order = perm?.map((axis) => normalizeAxis('transpose', axis, x.rank)) ?? x.shape.map((_, i) => x.rank - 1 - i);
  if (order.length !== x.rank || new Set(order).size !== x.rank) {
    throw new RangeError(
      `transpose: ${showShape(perm ?? [])} is not a permutation of the ${x.rank} axes of x ${showShape(x.shape)}`,
    );
  }
  return apply(Transpose, [x], { perm: order });
}

/** `x` with two axes exchanged. */
export function swapAxes(x: Tensor, a: number, b: number): Tensor {
  const perm = x.shape.map((_, i) => i);
  const [i, j] = [normalizeAxis('swapAxes', a, x.rank), normalizeAxis('swapAxes', b, x.rank)];
  [perm[i], perm[j]] = [j, i];
  return x.transpose(perm);
}

/** `x` with the axis `from` moved to stand at `to`. */
export function moveAxis(x: Tensor, from: number, to: number): Tensor {
  const [i, j] = [normalizeAxis('moveAxis', from, x.rank), normalizeAxis('moveAxis', to, x.rank)];
  const perm = x.shape.map((_, axis) => axis).filter((axis) => axis !== i);
  perm.splice(j, 0, i);
  return x.transpose(perm);
}

const Expand: Operator = {
  type: 'Expand',
  domain: '',
  infer: ([x, shape]) => ({ shape: integersOf('Expand', shape), dtype: x.dtype }),
  vjp: ([ct], { inputs: [x] }) => [ct.sumTo(x.shape)],
  simplify: ([x, shape]) => {
    const target = integersOf('Expand', shape);
    if (sameShape(target, x.shape)) return x;
    return x.node.operator.type === 'Expand' && splatOf(x) !== undefined
      ? x.node.inputs[0].broadcastTo(target)
      : undefined;
  },
};

/** `x` repeated along new leading axes and axes of length 1 until it has `shape`. */
export function broadcastTo(x: Tensor, shape: Shape): Tensor {
  checkShape('broadcastTo', shape);
  const fits = x.rank <= shape.length && sameShape(broadcastShapes('broadcastTo', x.shape, shape), shape);
  if (!fits) throw new RangeError(`broadcastTo: x ${showShape(x.shape)} does not broadcast to ${showShape(shape)}`);
  return apply(Expand, [x, int64s(shape)], {});
}

/** The sum of `x` over the axes along which `shape` would broadcast to it: the transpose of {@link broadcastTo}. */
export function sumTo(x: Tensor, shape: Shape): Tensor {
  if (sameShape(x.shape, shape)) return x;
  const lead = x.rank - shape.length;
  const axes = x.shape.flatMap((n, i) => (i < lead || (shape[i - lead] === 1 && n !== 1) ? [i] : []));
  return axes.length === 0 ? x.reshape(shape) : x.sum(axes).reshape(shape);
}

/** `x` repeated `counts[i]` times along axis i. */
export function tile(x: Tensor, counts: readonly number[]): Tensor {
  if (counts.length !== x.rank) throw new RangeError(`tile: ${counts.length} counts for x ${showShape(x.shape)}`);
  checkShape('tile', counts);
  const spread = x.reshape(x.shape.flatMap((n) => [1, n]));
  return spread.broadcastTo(x.shape.flatMap((n, i) => [counts[i], n])).reshape(x.shape.map((n, i) => n * counts[i]));
}

/** Each element along `axis` repeated `count` times in place. */
export function repeat(x: Tensor, count: number, axis = 0): Tensor {
  const along = normalizeAxis('repeat', axis, x.rank);
  const [before, n, after] = [x.shape.slice(0, along), x.shape[along], x.shape.slice(along + 1)];
  return x
    .expandDims(along + 1)
    .broadcastTo([...before, n, count, ...after])
    .reshape([...before, n * count, ...after]);
}
