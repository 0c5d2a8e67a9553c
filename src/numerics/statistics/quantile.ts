import { showShape, type Tensor } from '../../tensor/index.js';

/**
 * The quantile of x along an axis (default the last), q in [0, 1]: between the two nearest of the sorted elements by linear interpolation, as
 * NumPy's default. The derivative goes to those two.
 */
export function quantile(x: Tensor, q: number, axis = -1): Tensor {
  if (!(q >= 0 && q <= 1)) throw new RangeError(`quantile: q ${q} must lie in [0, 1]`);
  const last = x.moveAxis(axis, -1);
  const n = last.shape[last.rank - 1];
  if (n === 0) throw new RangeError(`quantile: x ${showShape(x.shape)} has no elements along axis ${axis}`);
  const position = q * (n - 1);
  const low = Math.floor(position);
  const sorted = last.sort(-1);
  const below = sorted.at(low, -1);
  const share = position - low;
  return share === 0
    ? below
    : below.add(
        sorted
          .at(low + 1, -1)
          .sub(below)
          .mul(share),
      );
}

/** The middle of x along an axis: the mean of the two middle elements where their number is even. */
export const median = (x: Tensor, axis = -1): Tensor => quantile(x, 0.5, axis);
