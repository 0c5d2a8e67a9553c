import { constant, showShape, sizeOf, type Tensor } from '../../tensor/index.js';
import type { OnnxOperator, OperatorCall } from '../operator.js';
import { bounded } from './limits.js';

/** How one axis is resized: where the elements of the result lie in the source, and how much of its neighbours each takes. */
interface Axis {
  readonly from: number;
  readonly to: number;
  /** Elements of the result for one of the source, before the length was rounded. */
  readonly scale: number;
  /** The part of the axis that is kept, of tf_crop_and_resize. */
  readonly region: readonly [start: number, end: number];
}

interface Sampling {
  readonly mode: string;
  readonly coordinates: string;
  readonly rounding: string;
  readonly cubic: number;
  readonly antialias: boolean;
  readonly excludeOutside: boolean;
}

/** Where element i of the result lies in the source. */
function position(i: number, { from, to, scale, region: [start, end] }: Axis, coordinates: string): number {
  const length = scale * from;
  switch (coordinates) {
    case 'asymmetric':
      return i / scale;
    case 'align_corners':
      return length === 1 ? 0 : (i * (from - 1)) / (length - 1);
    case 'pytorch_half_pixel':
      return length <= 1 ? -0.5 : (i + 0.5) / scale - 0.5;
    case 'half_pixel_symmetric':
      return (from / 2) * (1 - to / length) + (i + 0.5) / scale - 0.5;
    case 'tf_crop_and_resize':
      return length === 1
        ? ((start + end) * (from - 1)) / 2
        : start * (from - 1) + (i * (end - start) * (from - 1)) / (length - 1);
    case 'half_pixel':
      return (i + 0.5) / scale - 0.5;
    default:
      throw new RangeError(`the coordinate transformation '${coordinates}' is not known`);
  }
}

function nearest(at: number, rounding: string): number {
  switch (rounding) {
    case 'round_prefer_floor':
      return Math.ceil(at - 0.5);
    case 'round_prefer_ceil':
      return Math.floor(at + 0.5);
    case 'floor':
      return Math.floor(at);
    case 'ceil':
      return Math.ceil(at);
    default:
      throw new RangeError(`the rounding '${rounding}' is not known`);
  }
}

/** Keys's cubic convolution kernel. */
function cubicKernel(distance: number, a: number): number {
  const x = Math.abs(distance);
  if (x <= 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  return x < 2 ? ((a * x - 5 * a) * x + 8 * a) * x - 4 * a : 0;
}

const linearKernel = (distance: number) => Math.max(0, 1 - Math.abs(distance));

/** Source elements of one element of the result, with their weights, which add up to 1. */
function weightsAt(at: number, { from, scale }: Axis, sampling: Sampling): [position: number, weight: number][] {
  const { mode, cubic, antialias, excludeOutside } = sampling;
  // Antialiased, the kernel is as wide as an element of the result.
  const stretch = antialias ? Math.min(scale, 1) : 1;
  const reach = (mode === 'cubic' ? 2 : 1) / stretch;
  const taps: [number, number][] = [];
  for (let k = Math.ceil(at - reach); k <= at + reach; k++) {
    const distance = (k - at) * stretch;
    const weight = mode === 'cubic' ? cubicKernel(distance, cubic) : linearKernel(distance);
    if (weight !== 0 && !(excludeOutside && (k < 0 || k >= from)))
      taps.push([Math.min(Math.max(k, 0), from - 1), weight]);
  }
  const total = taps.reduce((sum, [, weight]) => sum + weight, 0);
  return antialias || excludeOutside ? taps.map(([k, weight]) => [k, weight / total]) : taps;
}

/** The largest matrix of weights that an axis may need. */
const mostWeights = 2 ** 26;

function alongAxis(x: Tensor, axis: number, along: Axis, sampling: Sampling): Tensor {
  const { from, to } = along;
  bounded('length', to);
  const places = Array.from({ length: to }, (_, i) => position(i, along, sampling.coordinates));
  if (sampling.mode === 'nearest') {
    const rounded = places.map((at) => Math.min(Math.max(nearest(at, sampling.rounding), 0), from - 1));
    return x.gather(constant(rounded, 'int64'), axis);
  }
  // Antialiased, an element is made of as many as the scale puts into it.
  const reach = sampling.antialias ? Math.max(from, 4 / along.scale) : from;
  if (!(reach * to <= mostWeights)) throw new RangeError(`from ${from} to ${to} elements is too far in one step`);
  const matrix = new Float64Array(to * from);
  places.forEach((at, i) => {
    for (const [k, weight] of weightsAt(at, along, sampling)) matrix[i * from + k] += weight;
  });
  const weights = constant({ data: matrix, shape: [to, from], dtype: 'float64' }).cast(x.dtype);
  return x.moveAxis(axis, -1).matmul(weights.transpose()).moveAxis(-1, axis);
}

/** Puts a value where an element of the result lies outside of the source on some axis. */
function extrapolated(y: Tensor, axes: ReadonlyMap<number, Axis>, coordinates: string, value: number): Tensor {
  let result = y;
  for (const [axis, along] of axes) {
    const outside = Array.from({ length: along.to }, (_, i) => {
      const at = position(i, along, coordinates);
      return at < 0 || at > along.from - 1;
    });
    if (!outside.includes(true)) continue;
    const mask = constant(outside, 'bool').reshape(y.shape.map((_, i) => (i === axis ? along.to : 1)));
    result = mask.where(value, result);
  }
  return result;
}

function resized(x: Tensor, axes: ReadonlyMap<number, Axis>, sampling: Sampling): Tensor {
  const shape = x.shape.map((n, i) => axes.get(i)?.to ?? n);
  if (shape.some((n) => !(n >= 0)) || !(sizeOf(shape) <= 2 ** 31))
    throw new RangeError(`x ${showShape(x.shape)} does not go to ${showShape(shape)}`);
  if (sizeOf(x.shape) === 0) throw new RangeError(`x ${showShape(x.shape)} has no elements`);
  let y = x;
  for (const [axis, along] of axes)
    if (along.from !== along.to || along.scale !== 1 || sampling.coordinates === 'tf_crop_and_resize')
      y = alongAxis(y, axis, along, sampling);
  return y;
}

/** Lengths in proportion: as large as the sizes asked for allow, or large enough to cover them. */
function proportionate(lengths: readonly number[], sizes: readonly number[], policy: string) {
  const scales = sizes.map((n, i) => n / lengths[i]);
  if (policy === 'stretch') return { scales, sizes };
  const scale = policy === 'not_larger' ? Math.min(...scales) : Math.max(...scales);
  return { scales: sizes.map(() => scale), sizes: lengths.map((n) => Math.floor(scale * n + 0.5)) };
}

function resize(call: OperatorCall): Tensor {
  const x = call.tensor(0);
  const old = call.version < 11;
  const axes = (call.integers('axes') ?? x.shape.map((_, i) => i)).map((axis) => (axis < 0 ? axis + x.rank : axis));
  const lengths = axes.map((axis) => x.shape[axis]);
  const given = { scales: call.numbers(old ? 1 : 2), sizes: old ? undefined : call.numbers(3) };
  const told = given.sizes?.length ? given.sizes : given.scales;
  if (told?.length !== axes.length)
    throw new RangeError(
      `${told?.length ?? 0} sizes or scales do not fit the axes ${showShape(axes)} of x ${showShape(x.shape)}`,
    );
  const { scales, sizes } = given.sizes?.length
    ? proportionate(lengths, given.sizes, call.string('keep_aspect_ratio_policy', 'stretch'))
    : { scales: told, sizes: lengths.map((n, i) => Math.floor(n * told[i])) };
  const region = old ? undefined : call.numbers(1);
  const n = axes.length;
  const along = new Map(
    axes.map((axis, i): [number, Axis] => [
      axis,
      { from: lengths[i], to: sizes[i], scale: scales[i], region: [region?.[i] ?? 0, region?.[i + n] ?? 1] },
    ]),
  );
  const coordinates = call.string('coordinate_transformation_mode', old ? 'asymmetric' : 'half_pixel');
  const y = resized(x, along, {
    mode: call.string('mode', 'nearest'),
    coordinates,
    rounding: call.string('nearest_mode', old ? 'floor' : 'round_prefer_floor'),
    cubic: call.float('cubic_coeff_a', -0.75),
    antialias: call.integer('antialias', 0) === 1,
    excludeOutside: call.integer('exclude_outside', 0) === 1,
  });
  if (coordinates !== 'tf_crop_and_resize') return y;
  return extrapolated(y, along, coordinates, call.float('extrapolation_value', 0));
}

/** Upsample, which Resize replaced: whole or broken factors, from the corner. */
function upsample(call: OperatorCall): Tensor {
  const x = call.tensor(0);
  const scales =
    call.version >= 9
      ? call.numbers(1)
      : (call.floats('scales') ?? [1, 1, call.float('height_scale', 1), call.float('width_scale', 1)]);
  if (scales?.length !== x.rank) throw new RangeError(`${scales?.length} scales do not fit x ${showShape(x.shape)}`);
  const along = new Map(
    x.shape.map((n, i): [number, Axis] => [
      i,
      { from: n, to: Math.floor(n * scales[i]), scale: scales[i], region: [0, 1] },
    ]),
  );
  const mode = call.string('mode', 'nearest');
  return resized(x, along, {
    mode: mode === 'bilinear' ? 'linear' : mode,
    coordinates: 'asymmetric',
    rounding: 'floor',
    cubic: -0.75,
    antialias: false,
    excludeOutside: false,
  });
}

/** Images and volumes at other sizes: each axis is a product with the matrix of its weights, or a choice of elements. */
export const resizing: readonly OnnxOperator[] = [
  { type: 'Resize', gradient: 'yes', since: 10, controls: [1, 2, 3], build: resize },
  { type: 'Upsample', gradient: 'yes', controls: [1], build: upsample },
];
