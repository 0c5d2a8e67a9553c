import { constant, linspace, requireFloat, sameDType } from '../ops/constant.js';
import { stack } from '../ops/slicing.js';
import { type Shape, showShape, sizeOf, stridesOf } from '../shape.js';
import type { Tensor } from '../tensor.js';

export interface GridSampleOptions {
  /** Default `linear`: bilinear over two axes, trilinear over three. `cubic` (bicubic, a = -0.75) is over two. */
  readonly mode?: 'linear' | 'nearest' | 'cubic';
  /** What lies outside: zeros, the border's elements, or the image reflected at its border. Default `zeros`. */
  readonly padding?: 'zeros' | 'border' | 'reflection';
  /** Whether -1 and 1 are the centres of the corner elements (true) or their outer edges (false, the default). */
  readonly alignCorners?: boolean;
}

/**
 * Samples x [n, channels, ...lengths] at positions grid [n, ...outputs, d] for d = 2 or 3 spatial axes: [n, channels, ...outputs]. Positions
 * are in [-1, 1], the last spatial axis first (x, y or x, y, z), as PyTorch's grid_sample. Jaderberg et al. 2015.
 *
 * Derivative: exact with respect to x; with respect to the grid exact between elements and one-sided at them, 0 for `nearest`.
 */
export function gridSample(x: Tensor, grid: Tensor, options: GridSampleOptions = {}): Tensor {
  const { mode = 'linear', padding = 'zeros', alignCorners = false } = options;
  requireFloat('gridSample', 'x', x);
  sameDType('gridSample', [x, grid]);
  const [n, channels, ...lengths] = x.shape;
  const d = lengths.length;
  if (x.rank < 4) throw new RangeError(`gridSample: x ${showShape(x.shape)} must be [n, channels, ...lengths]`);
  if ((d !== 2 && d !== 3) || grid.rank !== x.rank || grid.shape[0] !== n || grid.shape[d + 1] !== d) {
    throw new RangeError(
      `gridSample: grid ${showShape(grid.shape)} must be [${n}, ...outputs, ${d}] for x ${showShape(x.shape)}`,
    );
  }
  const outputs = grid.shape.slice(1, -1);
  const points = sizeOf(outputs);
  if (mode === 'cubic' && d !== 2) throw new RangeError(`gridSample: cubic sampling needs two axes, not ${d}`);
  // Axis by axis, in the order of x.
  const at = lengths.map((length, i) => {
    const position = scaled(grid.at(d - 1 - i, -1).reshape([n, points]), length, alignCorners);
    return mode === 'cubic' ? position : inside(position, length, padding, alignCorners);
  });
  const flat = x.reshape([n, channels, sizeOf(lengths)]);
  const steps = stridesOf(lengths);
  const take = (positions: readonly Tensor[]): Tensor => {
    const index = positions
      .map((p, i) =>
        p
          .clip(0, lengths[i] - 1)
          .cast('int32')
          .mul(steps[i]),
      )
      .reduce((a, b) => a.add(b));
    const taken = flat.takeAlongAxis(index.expandDims(1).broadcastTo([n, channels, points]), 2);
    if (padding !== 'zeros') return taken;
    const within = positions
      .map((p, i) => p.greaterEqual(0).and(p.lessEqual(lengths[i] - 1)))
      .reduce((a, b) => a.and(b));
    return within.expandDims(1).where(taken, 0);
  };
  const shape = [n, channels, ...outputs];
  if (mode === 'nearest') return take(at.map((p) => p.round())).reshape(shape);
  const low = at.map((p) => p.floor());
  const share = at.map((p, i) => p.sub(low[i]));
  // Neighbours of each position, axis by axis, with their weights.
  const neighbours = low.map((p, i): (readonly [position: Tensor, weight: Tensor])[] => {
    const s = share[i];
    if (mode === 'linear')
      return [
        [p, s.neg().add(1)],
        [p.add(1), s],
      ];
    return [-1, 0, 1, 2].map((offset) => [
      inside(p.add(offset), lengths[i], padding, alignCorners),
      cubicWeight(offset, s),
    ]);
  });
  const combinations = neighbours.reduce<(readonly (readonly [Tensor, Tensor])[])[]>(
    (all, own) => own.flatMap((one) => all.map((others) => [...others, one])),
    [[]],
  );
  return combinations
    .map((chosen) => {
      const weight = chosen.map(([, w]) => w).reduce((a, b) => a.mul(b));
      return take(chosen.map(([p]) => p)).mul(weight.expandDims(1));
    })
    .reduce((a, b) => a.add(b))
    .reshape(shape);
}

/** Keys's cubic convolution kernel with a = -0.75, for the neighbour at `offset` of a position that lies `share` behind its floor. */
function cubicWeight(offset: number, share: Tensor): Tensor {
  const a = -0.75;
  const x = offset > 0 ? share.neg().add(offset) : share.add(-offset);
  if (offset === 0 || offset === 1)
    return x
      .mul(a + 2)
      .sub(a + 3)
      .mul(x)
      .mul(x)
      .add(1);
  return x
    .mul(a)
    .sub(5 * a)
    .mul(x)
    .add(8 * a)
    .mul(x)
    .sub(4 * a);
}

/** Positions in [-1, 1] as positions of elements. */
function scaled(position: Tensor, length: number, alignCorners: boolean): Tensor {
  const half = alignCorners ? (length - 1) / 2 : length / 2;
  return position
    .add(1)
    .mul(half)
    .sub(alignCorners ? 0 : 0.5);
}

/** Positions of elements, brought inside as asked. */
function inside(at: Tensor, length: number, padding: 'zeros' | 'border' | 'reflection', alignCorners: boolean): Tensor {
  if (padding === 'zeros') return at;
  if (padding === 'border') return at.clip(0, length - 1);
  const low = alignCorners ? 0 : -0.5;
  const span = alignCorners ? length - 1 : length;
  if (span === 0) return at.mul(0);
  const from = at.sub(low).abs();
  const turns = from.div(span).floor();
  const rest = from.sub(turns.mul(span));
  const odd = turns.sub(turns.div(2).floor().mul(2)).greater(0.5);
  return odd
    .where(rest.neg().add(span), rest)
    .add(low)
    .clip(0, length - 1);
}

/**
 * The grid of an affine map for {@link gridSample}: theta [n, d, d + 1] applied to the positions of images [n, channels, ...lengths], giving
 * [n, ...lengths, d].
 *
 * @param size [n, channels, ...lengths] with two or three lengths.
 */
export function affineGrid(theta: Tensor, size: Shape, options: Pick<GridSampleOptions, 'alignCorners'> = {}): Tensor {
  const [n, , ...lengths] = size;
  const d = lengths.length;
  if ((d !== 2 && d !== 3) || theta.shape.join() !== `${n},${d},${d + 1}`) {
    throw new RangeError(
      `affineGrid: theta ${showShape(theta.shape)} must be [${n}, ${d}, ${d + 1}] for images ${showShape(size)}`,
    );
  }
  const axes = lengths.map((length, i) => {
    const edge = options.alignCorners ? 1 : 1 - 1 / length;
    const along = length === 1 ? constant([0], theta.dtype) : linspace(-edge, edge, length, theta.dtype as 'float32');
    return along.reshape(lengths.map((_, k) => (k === i ? length : 1))).broadcastTo(lengths);
  });
  const base = stack([...axes.reverse(), axes[0].onesLike()], -1).reshape([-1, d + 1]);
  return base.matmul(theta.swapAxes(1, 2)).reshape([n, ...lengths, d]);
}
