import { roundStraightThrough, straightThrough } from '../../autodiff/index.js';
import { scan } from '../../numerics/index.js';
import { uniform } from '../../runtime/random/index.js';
import { isFloat, linspace, showShape, type Tensor } from '../../tensor/index.js';

/**
 * Evenly spaced levels scale * (k - zeroPoint), k the integers from `low` to `high`. Scale and zero point are scalars, or of the rank of what is
 * quantised and 1 along all axes but that of the channels. A tree of tensors, or of arrays between programs.
 */
export interface QuantizationGrid<T = Tensor> {
  /** Distance of neighbouring levels (s), above 0. */
  readonly scale: T;
  /** The integer whose level is 0, in the dtype of the scale; 0 for symmetric grids. */
  readonly zeroPoint: T;
  /** Least and largest integer, scalars in the dtype of the scale. */
  readonly low: T;
  readonly high: T;
}

export interface GridOptions {
  /** From 2 to 16. Default 8. */
  readonly bits?: number;
  /**
   * `symmetric`: integers from -2^(bits - 1) to 2^(bits - 1) - 1 around 0, as for weights. `affine`: from 0 to 2^bits - 1 between the least
   * and the largest value, with 0 among the levels, as for activations. Default `symmetric`.
   */
  readonly scheme?: 'symmetric' | 'affine';
  /** The axis whose entries have a scale each. Default: one scale for all. */
  readonly channelAxis?: number;
  /**
   * What the levels span: all values (`minMax`), or the share of that, of 81 from 0.2 to 1, at which rounding to the nearest level has the
   * least squared error (`mse`): the largest values are clipped then. Default `minMax`.
   */
  readonly range?: 'minMax' | 'mse';
}

/**
 * The grid for a tensor: scale max |x| / (2^(bits - 1) - 1) if symmetric, (max(x, 0) - min(x, 0)) / (2^bits - 1) if affine, times the chosen
 * share. Where all values are 0 the scale is 1. Without derivative.
 *
 * @param x float, of any shape.
 */
export function quantizationGrid(x: Tensor, options: GridOptions = {}): QuantizationGrid {
  const { bits = 8, scheme = 'symmetric', channelAxis, range = 'minMax' } = options;
  if (!isFloat(x.dtype)) throw new TypeError(`quantizationGrid: x must be float32 or float64, not ${x.dtype}`);
  if (!Number.isInteger(bits) || bits < 2 || bits > 16)
    throw new RangeError(`quantizationGrid: bits ${bits} must be an integer from 2 to 16`);
  if (channelAxis !== undefined && !(channelAxis >= 0 && channelAxis < x.rank))
    throw new RangeError(`quantizationGrid: channelAxis ${channelAxis} must be an axis of x ${showShape(x.shape)}`);
  const values = x.stopGradient();
  const axes = x.shape.map((_, axis) => axis).filter((axis) => axis !== channelAxis);
  const keepDims = channelAxis !== undefined;
  const over = (t: Tensor, how: 'max' | 'min' | 'sum') => (axes.length === 0 ? t : t[how](axes, { keepDims }));
  const [low, high] = scheme === 'symmetric' ? [-(2 ** (bits - 1)), 2 ** (bits - 1) - 1] : [0, 2 ** bits - 1];
  const reach = {
    low: over(values, 'min').minimum(0),
    high: over(values, 'max').maximum(0),
  };
  const span =
    scheme === 'symmetric' ? reach.high.maximum(reach.low.neg()).div(high) : reach.high.sub(reach.low).div(high);
  const whole = span.equal(0).where(1, span);
  const zero = whole.zerosLike();
  const gridOf = (share?: Tensor): QuantizationGrid => {
    const scale = share ? whole.mul(share) : whole;
    const least = share ? reach.low.mul(share) : reach.low;
    const zeroPoint = scheme === 'symmetric' ? zero : least.neg().div(scale).round();
    return { scale, zeroPoint, low: zero.sum().add(low), high: zero.sum().add(high) };
  };
  if (range === 'minMax') return gridOf();
  if (range !== 'mse') throw new TypeError(`quantizationGrid: range ${range} must be 'minMax' or 'mse'`);
  const tried = linspace(0.2, 1, 81, x.dtype);
  const [[best]] = scan(
    ([chosen, least]: readonly [Tensor, Tensor], share: Tensor) => {
      const error = over(fakeQuantize(values, gridOf(share)).sub(values).square(), 'sum');
      const better = error.less(least);
      return [[better.where(share, chosen), better.where(error, least)] as const, []] as const;
    },
    [zero.add(1), zero.add(Infinity)] as const,
    tried,
    { unroll: false },
  );
  return gridOf(best.stopGradient());
}

export interface FakeQuantizeOptions {
  /**
   * From x / scale to integers; {@link roundToNearest}, or another with the derivative that it is to have: `floorStraightThrough`,
   * {@link roundStochastically}. Default {@link roundToNearest}.
   */
  readonly round?: (x: Tensor) => Tensor;
}

/**
 * A tensor moved to the levels of a grid, still in floats: scale * (clip(round(x / scale) + zeroPoint, low, high) - zeroPoint). The derivative
 * with respect to x is 1 within the range and 0 where x is clipped, with rounding taken for the identity; the scale has one too.
 */
export function fakeQuantize(
  x: Tensor,
  grid: QuantizationGrid,
  { round = roundToNearest }: FakeQuantizeOptions = {},
): Tensor {
  return dequantize(clipped(round(x.div(grid.scale)).add(grid.zeroPoint), grid), grid);
}

/** The integers, in floats, whose levels are nearest to a tensor. */
export function quantize(x: Tensor, grid: QuantizationGrid): Tensor {
  return clipped(roundToNearest(x.div(grid.scale)).add(grid.zeroPoint), grid);
}

/** The levels of integers: (integers - zeroPoint) scale. The inverse of {@link quantize} on levels. */
export function dequantize(integers: Tensor, { scale, zeroPoint }: QuantizationGrid): Tensor {
  return integers.sub(zeroPoint).mul(scale);
}

/** Integers, or what is on the way to them, between the least and the largest; these two have the derivative of what lies between. */
export function clipped(integers: Tensor, { low, high }: QuantizationGrid): Tensor {
  return integers.less(low).where(low, integers.greater(high).where(high, integers));
}

/** The nearest integer, halves to even; its derivative is taken to be 1. */
export const roundToNearest = roundStraightThrough;

/** Up with the probability of the fraction, else down, each element on its own; its derivative is taken to be 1. @param key of the draws. */
export const roundStochastically = (key: Tensor): ((x: Tensor) => Tensor) =>
  straightThrough((x) => x.add(uniform(key, x.shape, { dtype: x.dtype as 'float32' | 'float64' })).floor());
