import { isFloat, isInteger } from '../dtype.js';
import { normalizeAxis, type Shape, sameShape, showShape, sizeOf, stridesOf } from '../shape.js';
import { apply, applyAll, type Operator, type Tensor } from '../tensor.js';
import { arange, asTensor, int64s, integersOf, requireArithmetic, type TensorLike, zeros } from './constant.js';

function requireIndices(who: string, indices: Tensor): void {
  if (indices.dtype !== 'int32' && indices.dtype !== 'int64')
    throw new TypeError(`${who}: indices must be int32 or int64, not ${indices.dtype}`);
}

const Gather: Operator<{ axis: number }> = {
  type: 'Gather',
  domain: '',
  infer: ([x, indices], { axis }) => ({
    shape: [...x.shape.slice(0, axis), ...indices.shape, ...x.shape.slice(axis + 1)],
    dtype: x.dtype,
  }),
  vjp: ([ct], { inputs: [x, indices], attributes: { axis } }) => {
    if (!isFloat(x.dtype)) return [undefined, undefined];
    // Rows lie along the leading axis while they are added up.
    const n = indices.rank;
    const rest = x.shape.filter((_, i) => i !== axis);
    const rows = ct
      .transpose([
        ...indices.shape.map((_, i) => axis + i),
        ...ct.shape.map((_, i) => i).filter((i) => i < axis || i >= axis + n),
      ])
      .reshape([indices.size, ...rest]);
    return [segmentSum(rows, indices.flatten(), x.shape[axis]).moveAxis(0, axis), undefined];
  },
};

/** Slices of `x` along `axis` at `indices` of any shape, which take the place of that axis. Negative indices count from the end. */
export function gather(x: Tensor, indices: Tensor, axis = 0): Tensor {
  requireIndices('gather', indices);
  return apply(Gather, [x, indices], { axis: normalizeAxis('gather', axis, x.rank) });
}

const ScatterND: Operator<{ reduction: string }> = {
  type: 'ScatterND',
  domain: '',
  infer: ([x]) => ({ shape: x.shape, dtype: x.dtype }),
  vjp: ([ct], { inputs: [, indices] }) => {
    const taken = gatherND(ct, indices);
    return [scatterND(ct, indices, taken.zerosLike()), undefined, taken];
  },
};

const GatherND: Operator<{ batch_dims: number }> = {
  type: 'GatherND',
  domain: '',
  infer: ([x, indices]) => ({
    shape: [...indices.shape.slice(0, -1), ...x.shape.slice(indices.shape[indices.rank - 1])],
    dtype: x.dtype,
  }),
  vjp: ([ct], { inputs: [x, indices] }) => [
    isFloat(x.dtype) ? scatterND(zeros(x.shape, x.dtype), indices, ct, 'add') : undefined,
  ],
};

/** Elements or slices of `x` at the index tuples along the last axis of `indices`: result[...] = x[indices[...]]. */
export function gatherND(x: Tensor, indices: Tensor): Tensor {
  requireIndices('gatherND', indices);
  if (indices.rank < 1 || indices.shape[indices.rank - 1] > x.rank) {
    throw new RangeError(
      `gatherND: indices ${showShape(indices.shape)} have tuples longer than the rank of x ${showShape(x.shape)}`,
    );
  }
  return apply(GatherND, [x, indices.cast('int64')], { batch_dims: 0 });
}

/** `x` with `updates` put (`none`; the tuples must differ) or added (`add`) at the index tuples along the last axis of `indices`. */
export function scatterND(x: Tensor, indices: Tensor, updates: Tensor, reduction: 'none' | 'add' = 'none'): Tensor {
  requireIndices('scatterND', indices);
  const expected = [...indices.shape.slice(0, -1), ...x.shape.slice(indices.shape[indices.rank - 1])];
  if (!sameShape(updates.shape, expected)) {
    throw new RangeError(
      `scatterND: updates ${showShape(updates.shape)} for indices ${showShape(indices.shape)} into x ${showShape(x.shape)} must be ${showShape(expected)}`,
    );
  }
  if (reduction === 'none') return apply(ScatterND, [x, indices.cast('int64'), updates], { reduction });
  // ONNX Runtime's ScatterND adds from several threads at once and loses updates: rows are added by position instead.
  const depth = indices.shape[indices.rank - 1];
  const lead = x.shape.slice(0, depth);
  const tuples = indices.cast('int64').reshape([-1, depth]);
  // Negative positions count from the end of their own axis.
  const wrapped = tuples.less(0).where(tuples.add(int64s(lead)), tuples);
  const rows = wrapped.mul(int64s(stridesOf(lead))).sum(1);
  const rest = x.shape.slice(depth);
  return addRows(x.reshape([sizeOf(lead), ...rest]), rows, updates.reshape([rows.size, ...rest])).reshape(x.shape);
}

/**
 * Sums of the rows of `x` [n, ...] that share a segment: result[s] = sum of x[i] over the i with segments[i] = s, for
 * s = 0 .. count - 1. Segments without rows are 0.
 */
export function segmentSum(x: Tensor, segments: Tensor, count: number): Tensor {
  requireIndices('segmentSum', segments);
  if (segments.rank !== 1 || x.rank < 1 || segments.shape[0] !== x.shape[0]) {
    throw new RangeError(
      `segmentSum: segments ${showShape(segments.shape)} must be [${x.shape[0]}], one for each row of x ${showShape(x.shape)}`,
    );
  }
  return addRows(zeros([count, ...x.shape.slice(1)], x.dtype), segments, x);
}

/** Row i of `updates` added to row rows[i] of `x`. */
function addRows(x: Tensor, rows: Tensor, updates: Tensor): Tensor {
  const positions = rows.reshape([-1, ...updates.shape.slice(1).map(() => 1)]).broadcastTo(updates.shape);
  return scatterElements(x, positions, updates, 0, 'add');
}

type AxisAttributes = { readonly axis: number };

const GatherElements: Operator<AxisAttributes> = {
  type: 'GatherElements',
  domain: '',
  infer: ([x, indices]) => ({ shape: indices.shape, dtype: x.dtype }),
  vjp: ([ct], { inputs: [x, indices], attributes: { axis } }) => [
    isFloat(x.dtype) ? scatterElements(zeros(x.shape, x.dtype), indices, ct, axis, 'add') : undefined,
  ],
};

/** Elements along `axis` at `indices`, which has the rank of `x`: result[i][j] = x[indices[i][j]][j] for axis 0. NumPy's take_along_axis. */
export function takeAlongAxis(x: Tensor, indices: Tensor, axis = -1): Tensor {
  requireIndices('takeAlongAxis', indices);
  const along = normalizeAxis('takeAlongAxis', axis, x.rank);
  if (indices.rank !== x.rank || indices.shape.some((n, i) => i !== along && n > x.shape[i])) {
    throw new RangeError(
      `takeAlongAxis: indices ${showShape(indices.shape)} do not fit x ${showShape(x.shape)} along axis ${along}`,
    );
  }
  return apply(GatherElements, [x, indices], { axis: along });
}

const ScatterElements: Operator<{ axis: number; reduction: string }> = {
  type: 'ScatterElements',
  domain: '',
  infer: ([x]) => ({ shape: x.shape, dtype: x.dtype }),
  vjp: ([ct], { inputs: [, indices], attributes: { axis, reduction } }) => {
    const taken = takeAlongAxis(ct, indices, axis);
    if (reduction === 'add') return [ct, undefined, taken];
    return [scatterElements(ct, indices, taken.zerosLike(), axis), undefined, taken];
  },
};

/** `x` with `updates` put (`none`; positions must differ) or added (`add`) along `axis` at `indices`, both of one shape. */
export function scatterElements(
  x: Tensor,
  indices: Tensor,
  updates: Tensor,
  axis = -1,
  reduction: 'none' | 'add' = 'none',
): Tensor {
  requireIndices('scatterElements', indices);
  if (!sameShape(indices.shape, updates.shape) || indices.rank !== x.rank) {
    throw new RangeError(
      `scatterElements: indices ${showShape(indices.shape)} and updates ${showShape(updates.shape)} must have one shape, of the rank of x ${showShape(x.shape)}`,
    );
  }
  return apply(ScatterElements, [x, indices, updates], {
    axis: normalizeAxis('scatterElements', axis, x.rank),
    reduction,
  });
}

/** One-hot vectors of length `depth` along a new last axis: `on` (1) at the index, 0 elsewhere; all 0 for an index out of range. */
export function oneHot(
  indices: Tensor,
  depth: number,
  dtype: 'float32' | 'float64' | 'int32' | 'bool' = 'float32',
): Tensor {
  if (!isInteger(indices.dtype)) throw new TypeError(`oneHot: indices must be integers, not ${indices.dtype}`);
  return indices.expandDims(-1).equal(arange(depth).cast(indices.dtype)).cast(dtype);
}

const TopK: Operator<{ axis: number; largest: number; sorted: number }> = {
  type: 'TopK',
  domain: '',
  infer: ([x, k], { axis }) => {
    requireArithmetic('topK', x, { uint8: true });
    const shape: Shape = x.shape.map((n, i) => (i === axis ? integersOf('TopK', k)[0] : n));
    return [
      { shape, dtype: x.dtype },
      { shape, dtype: 'int64' },
    ];
  },
  vjp: ([ct], { inputs: [x], outputs: [, indices], attributes: { axis } }) => [
    ct && isFloat(x.dtype) ? scatterElements(zeros(x.shape, x.dtype), indices, ct, axis, 'add') : undefined,
  ],
};

/** The `k` largest elements along `axis` in descending order (smallest, ascending, with `largest: false`), and where they stood (int64). */
export function topK(
  x: Tensor,
  k: number,
  axis = -1,
  options: { readonly largest?: boolean } = {},
): [values: Tensor, indices: Tensor] {
  const along = normalizeAxis('topK', axis, x.rank);
  if (!Number.isInteger(k) || k < 0 || k > x.shape[along])
    throw new RangeError(
      `topK: k ${k} must be an integer from 0 to ${x.shape[along]}, the length of axis ${along} of x ${showShape(x.shape)}`,
    );
  // ONNX Runtime's process ends with a division by zero where there are no rows.
  if (x.size === 0) {
    const shape = x.shape.map((n, i) => (i === along ? k : n));
    return [zeros(shape, x.dtype), zeros(shape, 'int64')];
  }
  const [values, indices] = applyAll(TopK, [x, int64s([k])], {
    axis: along,
    largest: options.largest === false ? 0 : 1,
    sorted: 1,
  });
  return [values, indices];
}

/** `x` sorted along `axis`, ascending unless `descending`. The cotangent goes back to where each element stood. */
export function sort(x: Tensor, axis = -1, options: { readonly descending?: boolean } = {}): Tensor {
  return topK(x, x.shape[normalizeAxis('sort', axis, x.rank)], axis, { largest: options.descending ?? false })[0];
}

/** The positions that would sort `x` along `axis` (int64); equal elements keep their order. */
export function argsort(x: Tensor, axis = -1, options: { readonly descending?: boolean } = {}): Tensor {
  return topK(x, x.shape[normalizeAxis('argsort', axis, x.rank)], axis, { largest: options.descending ?? false })[1];
}

/** Rows of `table` [n, d] at `indices` of any shape: [..., d]. */
export function embedding(table: Tensor, indices: Tensor): Tensor {
  if (table.rank !== 2) throw new RangeError(`embedding: table ${showShape(table.shape)} must be [entries, features]`);
  return table.gather(indices, 0);
}

/** `x` where `mask` is false, `value` where it is true, broadcast. */
export function maskedFill(x: Tensor, mask: Tensor, value: TensorLike): Tensor {
  return mask.where(asTensor(value, x.dtype), x);
}
