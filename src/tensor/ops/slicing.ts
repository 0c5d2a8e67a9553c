import { ndarray } from '../array.js';
import { normalizeAxes, normalizeAxis, type Shape, sameShape, showShape } from '../shape.js';
import { apply, type Operator, type Tensor } from '../tensor.js';
import { asTensor, constant, int64s, integersOf, sameDType, splatOf, zeros } from './constant.js';

/** Start, stop and step of a slice along one axis, as in Python; all may be left out. */
export type SliceRange = readonly [start?: number | null, stop?: number | null, step?: number | null] | null;

const Slice: Operator = {
  type: 'Slice',
  domain: '',
  infer: ([x, starts, ends, axes, steps]) => {
    const shape = [...x.shape];
    const [from, to, step] = [starts, ends, steps].map((t) => integersOf('Slice', t));
    integersOf('Slice', axes).forEach((axis, i) => {
      shape[axis] = sliceLength(shape[axis], from[i], to[i], step[i]);
    });
    return { shape, dtype: x.dtype };
  },
  vjp: ([ct], { inputs: [x, starts, , axes, steps] }) => {
    const [from, step] = [starts, steps].map((t) => integersOf('Slice', t));
    const list = integersOf('Slice', axes);
    if (step.some((n) => n < 0)) return [ct.flip(list)];
    let spread = ct;
    const pads = x.shape.map((): [number, number] => [0, 0]);
    list.forEach((axis, i) => {
      spread = interleaveZeros(spread, axis, step[i]);
      pads[axis] = [from[i], x.shape[axis] - from[i] - spread.shape[axis]];
    });
    return [spread.pad(pads)];
  },
  simplify: (inputs) => {
    const [x, , , , steps] = inputs;
    const { shape } = Slice.infer(inputs, {}) as { shape: Shape };
    if (sameShape(shape, x.shape) && integersOf('Slice', steps).every((n) => n > 0)) return x;
    return x.node.operator.type === 'Expand' && splatOf(x) !== undefined
      ? x.node.inputs[0].broadcastTo(shape)
      : undefined;
  },
};

/** `step - 1` zeros between neighbours along `axis`. */
function interleaveZeros(x: Tensor, axis: number, step: number): Tensor {
  const n = x.shape[axis];
  if (step === 1 || n === 0) return x;
  const pads = Array.from({ length: x.rank + 1 }, (_, i): [number, number] => [0, i === axis + 1 ? step - 1 : 0]);
  const spread = x.expandDims(axis + 1).pad(pads);
  const shape = [...x.shape];
  shape[axis] = n * step;
  return spread.reshape(shape).slice(x.shape.map((_, i) => (i === axis ? [0, (n - 1) * step + 1] : null)));
}

function sliceLength(n: number, start: number, stop: number, step: number): number {
  if (step < 0) return n;
  return Math.max(0, Math.ceil((Math.min(stop, n) - start) / step));
}

/**
 * A range of each axis, as Python's `x[a:b:s, ...]`: `null` takes the whole axis, negative positions count from the end, and a
 * negative step walks backwards. Axes beyond the list are whole.
 */
export function slice(x: Tensor, ranges: readonly SliceRange[]): Tensor {
  if (ranges.length > x.rank) throw new RangeError(`slice: ${ranges.length} ranges for x ${showShape(x.shape)}`);
  const starts: number[] = [];
  const ends: number[] = [];
  const axes: number[] = [];
  const steps: number[] = [];
  const flipped: number[] = [];
  ranges.forEach((range, axis) => {
    if (!range) return;
    const n = x.shape[axis];
    const [start, stop, step = 1] = range;
    if (!step || !Number.isInteger(step))
      throw new RangeError(`slice: step ${step} of axis ${axis} must be a non-zero integer`);
    let [from, to] = [position(start, n, step < 0 ? n - 1 : 0, step), position(stop, n, step < 0 ? -1 : n, step)];
    if (step < 0) {
      // The same elements in forward order, then turned round.
      const count = Math.max(0, Math.ceil((from - to) / -step));
      [from, to] = count === 0 ? [0, 0] : [from + (count - 1) * step, from + 1];
      flipped.push(axis);
    }
    axes.push(axis);
    starts.push(from);
    ends.push(Math.max(from, to));
    steps.push(Math.abs(step));
  });
  if (axes.length === 0) return x;
  const taken = apply(Slice, [x, int64s(starts), int64s(ends), int64s(axes), int64s(steps)], {});
  return flipped.length > 0 ? taken.flip(flipped) : taken;
}

function position(at: number | null | undefined, n: number, missing: number, step: number): number {
  if (at === undefined || at === null) return missing;
  if (!Number.isInteger(at)) throw new RangeError(`slice: position ${at} must be an integer`);
  const absolute = at < 0 ? at + n : at;
  return step < 0 ? Math.min(Math.max(absolute, -1), n - 1) : Math.min(Math.max(absolute, 0), n);
}

/** The elements in reverse order along `axes` (all by default). */
export function flip(x: Tensor, axes?: number | readonly number[]): Tensor {
  const list = normalizeAxes('flip', axes, x.rank).filter((axis) => x.shape[axis] > 1);
  if (list.length === 0) return x;
  const bounds = [list.map(() => -1), list.map(() => -(2 ** 31)), list, list.map(() => -1)];
  return apply(Slice, [x, ...bounds.map(int64s)], {});
}

/** The elements moved on by `shift` along `axis`, those pushed over the end coming back at the beginning, as NumPy's roll. */
export function roll(x: Tensor, shift: number, axis: number): Tensor {
  const along = normalizeAxis('roll', axis, x.rank);
  const n = x.shape[along];
  if (!Number.isInteger(shift)) throw new RangeError(`roll: shift ${shift} must be an integer`);
  const by = n > 0 ? ((shift % n) + n) % n : 0;
  if (by === 0) return x;
  const part = (from: number, to: number) => x.slice(x.shape.map((_, i) => (i === along ? [from, to] : null)));
  return concat([part(n - by, n), part(0, n - by)], along);
}

/** Element `i` along `axis`, without that axis. */
export function at(x: Tensor, i: number, axis = 0): Tensor {
  const along = normalizeAxis('at', axis, x.rank);
  const n = x.shape[along];
  if (!Number.isInteger(i) || i < -n || i >= n)
    throw new RangeError(`at: index ${i} is out of range for axis ${along} of x ${showShape(x.shape)}`);
  const start = i < 0 ? i + n : i;
  return x.slice(x.shape.map((_, k) => (k === along ? [start, start + 1] : null))).squeeze(along);
}

const Concat: Operator<{ axis: number }> = {
  type: 'Concat',
  domain: '',
  infer: (inputs, { axis }) => {
    const dtype = sameDType('Concat', inputs);
    const shape = [...inputs[0].shape];
    shape[axis] = 0;
    for (const x of inputs) {
      if (x.rank !== shape.length || x.shape.some((n, i) => i !== axis && n !== shape[i])) {
        throw new RangeError(
          `concat: shapes ${inputs.map((t) => showShape(t.shape)).join(', ')} differ beside axis ${axis}`,
        );
      }
      shape[axis] += x.shape[axis];
    }
    return { shape, dtype };
  },
  vjp: ([ct], { inputs, attributes: { axis } }) => {
    let start = 0;
    return inputs.map((x) => {
      const part = ct.slice(x.shape.map((n, i) => (i === axis ? [start, start + n] : null)));
      start += x.shape[axis];
      return part;
    });
  },
  simplify: (inputs) => (inputs.length === 1 ? inputs[0] : undefined),
};

/** The tensors one after the other along `axis`. */
export function concat(tensors: readonly Tensor[], axis = 0): Tensor {
  if (tensors.length === 0) throw new RangeError('concat: no tensors');
  return apply(Concat, tensors, { axis: normalizeAxis('concat', axis, tensors[0].rank) });
}

/** Tensors of one shape along a new axis. */
export function stack(tensors: readonly Tensor[], axis = 0): Tensor {
  if (tensors.length === 0) throw new RangeError('stack: no tensors');
  const at = normalizeAxis('stack', axis, tensors[0].rank + 1);
  return concat(
    tensors.map((t) => t.expandDims(at)),
    at,
  );
}

/** `x` cut along `axis` into pieces of the given lengths, or into that many equal ones. */
export function split(x: Tensor, sections: number | readonly number[], axis = 0): Tensor[] {
  const along = normalizeAxis('split', axis, x.rank);
  const n = x.shape[along];
  const lengths = typeof sections === 'number' ? new Array<number>(sections).fill(n / sections) : sections;
  if (lengths.some((m) => !Number.isInteger(m) || m < 0) || lengths.reduce((a, b) => a + b, 0) !== n) {
    throw new RangeError(`split: axis ${along} of x ${showShape(x.shape)} does not divide into ${showShape(lengths)}`);
  }
  let start = 0;
  return lengths.map((m) => {
    const piece = x.slice(x.shape.map((_, i) => (i === along ? [start, start + m] : null)));
    start += m;
    return piece;
  });
}

export const Pad: Operator<{ mode: string }> = {
  type: 'Pad',
  domain: '',
  infer: ([x, pads]) => {
    const widths = integersOf('Pad', pads);
    return { shape: x.shape.map((n, i) => n + widths[i] + widths[x.rank + i]), dtype: x.dtype };
  },
  vjp: ([ct], { inputs: [x, pads, value] }) => {
    const before = integersOf('Pad', pads);
    const inner = ct.slice(x.shape.map((n, i) => [before[i], before[i] + n]));
    return [inner, undefined, value && ct.sum().sub(inner.sum())];
  },
};

/**
 * `x` with `pads[i] = [before, after]` elements added along axis i, all equal to `value` (default 0). Negative widths cut.
 * Reflected and repeated borders are `padReflect` and `padReplicate`.
 */
export function pad(x: Tensor, pads: readonly (readonly [number, number])[], value: Tensor | number = 0): Tensor {
  if (pads.length !== x.rank) throw new RangeError(`pad: ${pads.length} pairs for x ${showShape(x.shape)}`);
  const cut = x.slice(
    pads.map(([before, after], i) =>
      before < 0 || after < 0 ? [Math.max(0, -before), x.shape[i] - Math.max(0, -after)] : null,
    ),
  );
  const added = pads.map((p) => p.map((n) => Math.max(0, n)));
  if (added.every(([before, after]) => before === 0 && after === 0)) return cut;
  const widths = [...added.map(([before]) => before), ...added.map(([, after]) => after)];
  return apply(Pad, [cut, int64s(widths), asTensor(value, x.dtype)], { mode: 'constant' });
}

const Trilu: Operator<{ upper: number }> = {
  type: 'Trilu',
  domain: '',
  infer: ([x]) => {
    if (x.rank < 2) throw new RangeError(`Trilu: x ${showShape(x.shape)} needs two axes`);
    if (x.dtype === 'uint8') throw new TypeError('Trilu: uint8 is not supported; cast it first');
    return { shape: x.shape, dtype: x.dtype };
  },
  vjp: ([ct], { inputs: [, k], attributes }) => [apply(Trilu, [ct, k], attributes)],
};

const scalarInt64 = (value: number) => constant(ndarray(BigInt64Array.of(BigInt(value)), { shape: [] }));

/** The lower triangle of the last two axes, zeros above diagonal `k`. */
export const tril = (x: Tensor, k = 0): Tensor => apply(Trilu, [x, scalarInt64(k)], { upper: 0 });
/** The upper triangle of the last two axes, zeros below diagonal `k`. */
export const triu = (x: Tensor, k = 0): Tensor => apply(Trilu, [x, scalarInt64(k)], { upper: 1 });

/** The main diagonal of the last two axes. */
export function diagonal(x: Tensor): Tensor {
  if (x.rank < 2) throw new RangeError(`diagonal: x ${showShape(x.shape)} needs two axes`);
  const [n, m] = x.shape.slice(-2);
  const k = Math.min(n, m);
  const lead = x.shape.slice(0, -2);
  if (k === 0) return zeros([...lead, 0], x.dtype);
  const square = x.slice([...lead.map(() => null), [0, k], [0, k]]);
  // Every (k + 1)-th element of the flat matrix.
  return square.reshape([...lead, k * k]).slice([...lead.map(() => null), [0, k * k, k + 1]]);
}
