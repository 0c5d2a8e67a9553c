import { type DType, type NDArray, ndarray } from '../../src/index.js';
import { numbers } from '../support/numbers.js';

/** The length of an axis: a number, that of the batch, or that of two views of the batch one after the other. */
export type Length = number | 'n' | '2n';

/** What is at the edge of what a function is defined for, or hard on its arithmetic. */
export const edges = ['zero', 'equal', 'oneClass', 'wide', 'saturated'] as const;
export type Edge = (typeof edges)[number];

type Values = (shape: readonly number[], stream: number) => number[];

/** An argument of an example: its axes, and what values it takes. */
export interface Given {
  readonly dims: readonly Length[];
  readonly kind: 'float' | 'int32' | 'bool';
  /** Whether the function is differentiated by it. */
  readonly differentiated: boolean;
  readonly values: Values;
  /** Values at the edges; the usual ones at those it has none for. */
  readonly edges: Readonly<Partial<Record<Edge, Values>>>;
}

const sizeOf = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1);
export const filled =
  (value: number): Values =>
  (shape) =>
    new Array<number>(sizeOf(shape)).fill(value);
/** One of two values each, by chance. */
export const either =
  (a: number, b: number): Values =>
  (shape, stream) =>
    numbers(stream + 50, sizeOf(shape)).map((x) => (x < 0 ? a : b));
export const between =
  (low: number, high: number): Values =>
  (shape, stream) =>
    numbers(stream, sizeOf(shape), low, high);
/** The same row of the last axis again and again. */
export const rows =
  (...row: readonly number[]): Values =>
  (shape) =>
    Array.from({ length: sizeOf(shape) }, (_, i) => row[i % row.length]);

type Options = Partial<Pick<Given, 'differentiated' | 'edges'>>;

/** Any numbers: zeros, all equal, up to 1e4 in size. */
export const floats = (dims: readonly Length[], low = -1, high = 1, options: Options = {}): Given => ({
  dims,
  kind: 'float',
  differentiated: true,
  values: between(low, high),
  ...options,
  edges: {
    zero: filled(0),
    equal: filled(1),
    wide: between(-50, 50),
    saturated: either(-1e4, 1e4),
    ...options.edges,
  },
});

/** Numbers above 0: tiny, all equal, up to 1e4. */
export const positives = (dims: readonly Length[], low = 0.5, high = 2, options: Options = {}): Given =>
  floats(dims, low, high, {
    ...options,
    edges: { zero: filled(1e-6), wide: between(0.01, 50), saturated: either(1e-4, 1e4), ...options.edges },
  });

/** Numbers in [0, 1]: all 0, all 1, both. */
export const shares = (dims: readonly Length[], options: Options = {}): Given =>
  floats(dims, 0.1, 0.9, {
    ...options,
    edges: { wide: between(0, 1), saturated: either(0, 1), ...options.edges },
  });

/** 0 or 1 each, as floats that nothing is differentiated by. */
export const binary = (dims: readonly Length[]): Given => ({
  dims,
  kind: 'float',
  differentiated: false,
  values: either(0, 1),
  edges: { zero: filled(0), equal: filled(1), oneClass: filled(1) },
});

/** 1 or -1 each, as floats. */
export const signs = (dims: readonly Length[]): Given => ({
  dims,
  kind: 'float',
  differentiated: false,
  values: either(-1, 1),
  edges: { equal: filled(1), oneClass: filled(-1) },
});

export const bools = (dims: readonly Length[]): Given => ({
  dims,
  kind: 'bool',
  differentiated: false,
  values: either(0, 1),
  edges: { zero: filled(0), equal: filled(1) },
});

/** Integer labels of so many classes: all of them in turn, or one only. */
export const labels = (classes: number, dims: readonly Length[] = ['n']): Given => ({
  dims,
  kind: 'int32',
  differentiated: false,
  values: (shape, stream) => Array.from({ length: sizeOf(shape) }, (_, i) => (i + stream) % classes),
  edges: { oneClass: filled(classes - 1) },
});

/** Probabilities over the axis 1: even, and all on one. */
export const distributions = (dims: readonly Length[], options: Options = {}): Given => {
  const along = (weight: (position: number, draw: number) => number): Values => {
    return (shape, stream) => {
      const [classes, inner] = [shape[1], sizeOf(shape.slice(2))];
      const weights = numbers(stream, sizeOf(shape), 0.2, 1).map((draw, i) => weight(Math.floor(i / inner), draw));
      const own = (i: number) => i - (Math.floor(i / inner) % classes) * inner;
      return weights.map((w, i) => {
        const total = Array.from({ length: classes }, (_, c) => weights[own(i) + c * inner]).reduce((a, b) => a + b, 0);
        return w / total;
      });
    };
  };
  const sure = (shape: readonly number[], stream: number) =>
    along((position) => (position % shape[1] === (Math.floor(position / shape[1]) + stream) % shape[1] ? 1 : 0))(
      shape,
      stream,
    );
  return {
    dims,
    kind: 'float',
    differentiated: true,
    values: along((_, draw) => draw),
    ...options,
    edges: { equal: along(() => 1), saturated: sure, oneClass: sure, ...options.edges },
  };
};

/** The logarithms of what another argument is. */
export const logarithms = (given: Given, least = -1e4): Given => {
  const log =
    (values: Values): Values =>
    (shape, stream) =>
      values(shape, stream).map((x) => Math.max(least, Math.log(x)));
  return {
    ...given,
    values: log(given.values),
    edges: Object.fromEntries(Object.entries(given.edges).map(([edge, values]) => [edge, log(values)])),
  };
};

/** Boxes (left, top, right, bottom): empty, equal, far apart, inside out. */
export const boxes = (dims: readonly Length[]): Given => {
  const of =
    (box: (draw: readonly number[]) => readonly number[]): Values =>
    (shape, stream) => {
      const draws = numbers(stream, sizeOf(shape), 0, 1);
      return Array.from({ length: sizeOf(shape) / 4 }, (_, i) => box(draws.slice(4 * i, 4 * i + 4))).flat();
    };
  return {
    dims,
    kind: 'float',
    differentiated: true,
    values: of(([x, y, w, h]) => [2 * x, 2 * y, 2 * x + 2 + w, 2 * y + 2 + h]),
    edges: {
      zero: filled(0),
      equal: rows(0, 0, 2, 2),
      oneClass: rows(2, 2, 0, 0),
      wide: of(([x, y]) => [100 * x, 100 * y, 100 * x + 1, 100 * y + 1]),
      saturated: of(([x]) => (x < 0.5 ? [-1e4, -1e4, 1e4, 1e4] : [1e4, 1e4, 1e4 + 1, 1e4 + 1])),
    },
  };
};

/** The same argument, which nothing is differentiated by. */
export const fixed = (given: Given): Given => ({ ...given, differentiated: false });

export type Float = 'float32' | 'float64';
export type Arrays = Record<string, NDArray>;

export const shapeOf = (dims: readonly Length[], n: number): number[] =>
  dims.map((length) => (length === 'n' ? n : length === '2n' ? 2 * n : length));
export const dtypeOf = (given: Given, float: Float): DType => (given.kind === 'float' ? float : given.kind);

export interface Drawn {
  /** Length of the batch. */
  readonly n: number;
  readonly float: Float;
  readonly stream?: number;
  readonly edge?: Edge;
}

/** Arrays for all arguments. */
export function drawn(given: Readonly<Record<string, Given>>, { n, float, stream = 0, edge }: Drawn): Arrays {
  return Object.fromEntries(
    Object.entries(given).map(([name, argument], i) => {
      const shape = shapeOf(argument.dims, n);
      const values = (edge && argument.edges[edge]) || argument.values;
      return [name, ndarray(values(shape, stream + i), { shape, dtype: dtypeOf(argument, float) })];
    }),
  );
}

/** The rows at these places, of an array that has the batch along its first axis; of any other all of it. */
export function rowsOf(x: NDArray, dims: readonly Length[], places: readonly number[]): NDArray {
  if (dims[0] !== 'n') return x;
  const size = x.data.length / x.shape[0];
  const values = places.flatMap((i) => Array.from(x.data.subarray(i * size, (i + 1) * size) as Float64Array));
  return ndarray(values, { shape: [places.length, ...x.shape.slice(1)], dtype: x.dtype });
}

/** The axes that are the batch's in another order: the place i is what order[i] was. */
export function reordered(x: NDArray, dims: readonly Length[], order: readonly number[]): NDArray {
  const { shape, data } = x;
  const n = order.length;
  const from = (axis: number, at: number) =>
    dims[axis] === 'n' ? order[at] : dims[axis] === '2n' ? order[at % n] + (at < n ? 0 : n) : at;
  const result = data.slice() as Float64Array;
  for (let flat = 0; flat < data.length; flat++) {
    let [rest, source, stride] = [flat, 0, 1];
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      source += from(axis, rest % shape[axis]) * stride;
      rest = Math.floor(rest / shape[axis]);
      stride *= shape[axis];
    }
    result[flat] = data[source] as number;
  }
  return { ...x, data: result } as NDArray;
}
