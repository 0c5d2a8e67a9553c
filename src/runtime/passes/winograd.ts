import { constant, type Tensor } from '../../tensor/index.js';
import {
  Conv,
  type ConvAttributes,
  ConvInputGradient,
  type ConvInputGradientAttributes,
  ConvWeightGradient,
} from '../../tensor/ops/convolution-operators.js';
import { constantOf, type Operator } from '../../tensor/tensor.js';
import type { Pass } from './rewrite.js';

/**
 * Convolutions with 3 x 3 kernels as products of transformed tiles, F(2 x 2, 3 x 3) of Lavin and Gray 2015: for each tile of 2 x 2 results
 *
 *     y = A^T [(G w G^T) * (B^T x B)] A
 *
 * where * multiplies element by element, and so, summed over channels, is 16 matrix products of 4 / 9 of the multiplications that the
 * convolution itself has. Both gradients are the same three transforms and products, transposed; they share what the convolution transformed.
 *
 * Every transform is two plain matrix products, one an axis, with A, B or G laid out for all tiles of the axis. Each takes the last axis of
 * its argument and puts its result first (or, transposed, the other way round), so nothing is ever rearranged. That costs as much an element
 * as an axis is long: it pays for images of up to some 16 x 16 with many channels. Weights that are constants are left alone, as ONNX
 * Runtime lays those out for kernels of its own.
 */
export const winograd: Pass = () => {
  const transforms = new Transforms();
  return ({ operator, attributes }, inputs) => {
    const tiling = tilingOf(operator, attributes as ConvAttributes, inputs);
    if (!tiling || !pays(tiling)) return undefined;
    return [transforms.lower(operator, inputs, tiling)];
  };
};

/** The sizes of a convolution: y [samples, outputs, ...lengths of y] of x [samples, inputs, ...lengths of x]. */
interface Tiling {
  readonly samples: number;
  readonly inputs: number;
  readonly outputs: number;
  readonly axes: readonly Axis[];
}

/** One spatial axis: its length in x and y, and the zeros before x. */
interface Axis {
  readonly from: number;
  readonly to: number;
  readonly before: number;
}

function tilingOf(operator: Operator, attributes: ConvAttributes, [a, b]: readonly Tensor[]): Tiling | undefined {
  if (!isConvolution(operator) || a.dtype !== 'float32') return undefined;
  const { kernel_shape: kernel, strides, dilations, group, pads } = attributes;
  if (kernel.join() !== '3,3' || group !== 1 || [...strides, ...dilations].some((n) => n !== 1)) return undefined;
  if (operator !== (ConvWeightGradient as unknown) && constantOf(b)) return undefined;
  const [x, y] = (
    {
      Conv: [a.shape.slice(2), undefined],
      ConvInputGradient: [(attributes as ConvInputGradientAttributes).lengths, a.shape.slice(2)],
      ConvWeightGradient: [a.shape.slice(2), b.shape.slice(2)],
    } as Record<string, readonly [readonly number[], readonly number[] | undefined]>
  )[operator.type];
  const axes = x.map((from, i) => ({ from, to: y?.[i] ?? from + pads[i] + pads[i + 2] - 2, before: pads[i] }));
  const [outputs, inputs] = operator === (ConvWeightGradient as unknown) ? [b.shape[1], a.shape[1]] : b.shape;
  return { samples: a.shape[0], inputs, outputs, axes };
}

function isConvolution(operator: Operator): boolean {
  return ([Conv, ConvInputGradient, ConvWeightGradient] as unknown[]).includes(operator);
}

/** Whether the multiplications saved are worth the transforms, by measurements at 4 x 4 to 32 x 32 (docs/performance.md). */
function pays({ samples, inputs, outputs, axes }: Tiling): boolean {
  const channels = (inputs * outputs) / (inputs + outputs);
  const longest = Math.max(...axes.map(({ from }) => from));
  return channels >= 3 * longest && samples * tiles(axes[0]) * tiles(axes[1]) >= 64;
}

const tiles = ({ to }: Axis): number => Math.ceil(to / 2);

const B = [
  [1, 0, -1, 0],
  [0, 1, 1, 0],
  [0, -1, 1, 0],
  [0, 1, 0, -1],
];
const G = [
  [1, 0, 0],
  [0.5, 0.5, 0.5],
  [0.5, -0.5, 0.5],
  [0, 0, 1],
];
const A = [
  [1, 0],
  [1, 1],
  [1, -1],
  [0, -1],
];

/** The transforms of a graph; their matrices are made once. */
class Transforms {
  readonly #matrices = new Map<string, Tensor>();

  lower({ type }: Operator, [a, b, bias]: readonly Tensor[], tiling: Tiling): Tensor {
    const { samples, inputs, outputs, axes } = tiling;
    const [fromA, fromB] = [this.#ofResults(axes), this.#ofData(axes)];
    if (type === 'ConvWeightGradient') {
      // One product a row of tiles, then their sum.
      const product = spread(b, fromA).swapAxes(-1, -2).matmul(spread(a, fromB)).sum(1);
      return this.#kernels()
        .transpose()
        .matmul(product.reshape([16, outputs * inputs]))
        .transpose()
        .reshape([outputs, inputs, 3, 3]);
    }
    const weight = this.#kernels()
      .matmul(b.reshape([outputs * inputs, 9]).transpose())
      .reshape([4, 1, 4, outputs, inputs]);
    if (type === 'ConvInputGradient') return collect(spread(a, fromA).matmul(weight), fromB, samples);
    const y = collect(spread(a, fromB).matmul(weight.swapAxes(-1, -2)), fromA, samples);
    return bias ? y.add(bias.reshape([1, outputs, 1, 1])) : y;
  }

  /** B^T for all tiles of each axis, [4 tiles, length of x]: tile i sees the elements from 2 i - before on. */
  #ofData(axes: readonly Axis[]): Tensor[] {
    return axes.map(({ from, to, before }) => this.#matrix(`B ${from} ${to} ${before}`, B, from, to, before));
  }

  /** A for all tiles of each axis, [4 tiles, length of y]. */
  #ofResults(axes: readonly Axis[]): Tensor[] {
    return axes.map(({ to }) => this.#matrix(`A ${to}`, A, to, to, 0));
  }

  #matrix(name: string, rows: readonly (readonly number[])[], length: number, to: number, before: number): Tensor {
    return this.#once(name, () => {
      const count = Math.ceil(to / 2);
      return rows.flatMap((row) =>
        Array.from({ length: count }, (_, tile) =>
          Array.from({ length }, (__, position) => row[position - 2 * tile + before] ?? 0),
        ),
      );
    });
  }

  /** G for both axes, [16, 9]. */
  #kernels(): Tensor {
    return this.#once('G', () => G.flatMap((g) => G.map((h) => g.flatMap((p) => h.map((q) => p * q)))));
  }

  #once(name: string, rows: () => number[][]): Tensor {
    const known = this.#matrices.get(name) ?? constant(rows());
    this.#matrices.set(name, known);
    return known;
  }
}

/** x [n, channels, height, width] transformed by a matrix an axis: [4, rows of tiles, 4, tiles of a row * n, channels]. */
function spread(x: Tensor, [rows, columns]: readonly Tensor[]): Tensor {
  const [n, channels, height, width] = x.shape;
  const alongWidth = columns.matmul(x.reshape([n * channels * height, width]).transpose());
  const both = rows.matmul(alongWidth.reshape([columns.shape[0] * n * channels, height]).transpose());
  return both.reshape([4, rows.shape[0] / 4, 4, (columns.shape[0] / 4) * n, channels]);
}

/** The transpose of {@link spread}. */
function collect(products: Tensor, [rows, columns]: readonly Tensor[], n: number): Tensor {
  const channels = products.shape[4];
  const alongHeight = products
    .reshape([rows.shape[0], columns.shape[0] * n * channels])
    .transpose()
    .matmul(rows);
  return alongHeight
    .reshape([columns.shape[0], n * channels * rows.shape[1]])
    .transpose()
    .matmul(columns)
    .reshape([n, channels, rows.shape[1], columns.shape[1]]);
}
