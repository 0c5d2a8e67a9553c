import { concat, padCircular, padReflect, padReplicate, showShape, sizeOf, type Tensor } from '../../tensor/index.js';
import { broadcastShapes } from '../../tensor/shape.js';
import { type OnnxOperator, type OperatorCall, results } from '../operator.js';
import { bounded } from './limits.js';

function reshape(call: OperatorCall): Tensor {
  const x = call.tensor(0);
  const target = call.integersAt(1, 'shape') ?? [];
  const keepZeros = call.integer('allowzero', 0) === 1;
  return x.reshape(
    target.map((n, i) => {
      if (n !== 0 || keepZeros) return n;
      if (i >= x.rank) throw new RangeError(`shape [${target.join(', ')}] keeps axis ${i} of ${x}`);
      return x.shape[i];
    }),
  );
}

function flatten(call: OperatorCall): Tensor {
  const x = call.tensor(0);
  const axis = call.integer('axis', 1);
  const at = axis < 0 ? axis + x.rank : axis;
  return x.reshape([sizeOf(x.shape.slice(0, at)), sizeOf(x.shape.slice(at))]);
}

function slice(call: OperatorCall): Tensor {
  const x = call.tensor(0);
  const starts = call.integersAt(1, 'starts') ?? [];
  const ends = call.integersAt(2, 'ends') ?? [];
  const axes = call.integersAt(3, 'axes') ?? starts.map((_, i) => i);
  const steps = call.numbers(4) ?? starts.map(() => 1);
  const ranges = x.shape.map((): [number, number | null, number] | null => null);
  axes.forEach((axis, i) => {
    const at = axis < 0 ? axis + x.rank : axis;
    if (at < 0 || at >= x.rank) throw new RangeError(`axis ${axis} is out of range for ${x}`);
    const n = x.shape[at];
    // Walking back past the beginning is "no end"; before that negative positions count from the end.
    const end = steps[i] < 0 && ends[i] < -n ? null : ends[i];
    ranges[at] = [starts[i] < -n ? (steps[i] < 0 ? -n - 1 : 0) : starts[i], end, steps[i]];
  });
  return x.slice(ranges);
}

/** Lengths of the pieces of a split: as told, or in equal parts of which the last may be shorter. */
export function pieces(n: number, count: number): number[] {
  const each = Math.ceil(n / bounded('number of pieces', count));
  return Array.from({ length: count }, (_, i) => Math.max(0, Math.min(each, n - i * each)));
}

function split(call: OperatorCall): Tensor[] {
  const x = call.tensor(0);
  const axis = call.integer('axis', 0);
  const n = x.shape[axis < 0 ? axis + x.rank : axis];
  const lengths = call.integersAt(1, 'split') ?? pieces(n, call.integer('num_outputs', call.node.outputs.length));
  return x.split(lengths, axis);
}

type Pair = [number, number];

function pad(call: OperatorCall): Tensor {
  const x = call.tensor(0);
  const mode = call.string('mode', 'constant');
  const pads = call.numbers(1) ?? call.integers('pads') ?? call.integers('paddings') ?? [];
  const axes = (call.numbers(3) ?? x.shape.map((_, i) => i)).map((axis) => (axis < 0 ? axis + x.rank : axis));
  if (pads.length !== 2 * axes.length) throw new RangeError(`${pads.length} pads for ${axes.length} axes of ${x}`);
  const widths = x.shape.map((): Pair => [0, 0]);
  axes.forEach((axis, i) => {
    widths[axis] = [pads[i], pads[axes.length + i]];
  });
  if (mode === 'constant') {
    const value = call.optional(2)?.reshape([]);
    return x.pad(widths, value ?? call.float('value', 0));
  }
  const cut = x.pad(widths.map((pair) => pair.map((w) => Math.min(w, 0)) as Pair));
  const added = widths.map((pair) => pair.map((w) => Math.max(w, 0)) as Pair);
  const ways: Readonly<Record<string, typeof padReflect>> = {
    reflect: padReflect,
    edge: padReplicate,
    wrap: padCircular,
  };
  const way = ways[mode];
  if (!way) throw new RangeError(`the mode '${mode}' is not supported`);
  return way(cut, added);
}

function squeeze(call: OperatorCall): Tensor {
  return call.tensor(0).squeeze(call.integersAt(1, 'axes'));
}

function unsqueeze(call: OperatorCall): Tensor {
  return call.tensor(0).expandDims(call.integersAt(1, 'axes') ?? []);
}

function expand(call: OperatorCall): Tensor {
  const x = call.tensor(0);
  return x.broadcastTo(broadcastShapes('Expand', x.shape, call.numbers(1) ?? []));
}

function tile(call: OperatorCall): Tensor {
  const x = call.tensor(0);
  if (call.version >= 6) return x.tile(call.numbers(1) ?? []);
  const axis = call.number(2) ?? 0;
  return x.tile(x.shape.map((_, i) => (i === axis ? (call.number(1) ?? 1) : 1)));
}

function blocks(call: OperatorCall): [n: number, c: number, h: number, w: number, size: number] {
  const { shape } = call.tensor(0);
  if (shape.length !== 4) throw new RangeError(`x ${showShape(shape)} must be [n, channels, height, width]`);
  const [n, c, h, w] = shape;
  return [n, c, h, w, call.integer('blocksize', 1)];
}

function depthToSpace(call: OperatorCall): Tensor {
  const [n, c, h, w, size] = blocks(call);
  const depth = c / (size * size);
  const columnsFirst = call.string('mode', 'DCR') === 'CRD';
  return call
    .tensor(0)
    .reshape(columnsFirst ? [n, depth, size, size, h, w] : [n, size, size, depth, h, w])
    .transpose(columnsFirst ? [0, 1, 4, 2, 5, 3] : [0, 3, 4, 1, 5, 2])
    .reshape([n, depth, h * size, w * size]);
}

function spaceToDepth(call: OperatorCall): Tensor {
  const [n, c, h, w, size] = blocks(call);
  const columnsFirst = call.string('mode', 'DCR') === 'CRD';
  return call
    .tensor(0)
    .reshape([n, c, h / size, size, w / size, size])
    .transpose(columnsFirst ? [0, 1, 3, 5, 2, 4] : [0, 3, 5, 1, 2, 4])
    .reshape([n, c * size * size, h / size, w / size]);
}

function trilu(call: OperatorCall): Tensor {
  const x = call.tensor(0);
  const k = call.number(1) ?? 0;
  return call.integer('upper', 1) ? x.triu(k) : x.tril(k);
}

/** The same elements in other places. */
export const movement: readonly OnnxOperator[] = [
  { type: 'Identity', gradient: 'yes', build: (call) => call.inputs[0] },
  { type: 'Reshape', gradient: 'yes', controls: [1], build: reshape },
  { type: 'Flatten', gradient: 'yes', build: flatten },
  { type: 'Squeeze', gradient: 'yes', controls: [1], build: squeeze },
  { type: 'Unsqueeze', gradient: 'yes', controls: [1], build: unsqueeze },
  { type: 'Transpose', gradient: 'yes', build: (call) => call.tensor(0).transpose(call.integers('perm')) },
  { type: 'Expand', gradient: 'yes', since: 8, controls: [1], build: expand },
  { type: 'Tile', gradient: 'yes', controls: [1, 2], build: tile },
  {
    type: 'Concat',
    gradient: 'yes',
    build: (call) => concat(call.tensors(), call.integer('axis', 1)),
  },
  { type: 'Split', gradient: 'yes', controls: [1], build: (call) => results(...split(call)) },
  { type: 'Slice', gradient: 'yes', controls: [1, 2, 3, 4], build: slice },
  { type: 'Pad', gradient: 'yes', controls: [1, 2, 3], build: pad },
  { type: 'DepthToSpace', gradient: 'yes', build: depthToSpace },
  { type: 'SpaceToDepth', gradient: 'yes', build: spaceToDepth },
  { type: 'Trilu', gradient: 'yes', since: 14, controls: [1], build: trilu },
];
